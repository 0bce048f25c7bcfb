# Short names for what one types every day. `./test` is the source: a recipe adds nothing to it.

# What there is.
default:
    @just --list

# Everything that must pass: what CI runs.
ci:
    ./test

# Formatting, layers, documents, protos, lints: minutes, no database.
check:
    ./test format layers docs proto lint

# Tests on SQLite and PostgreSQL.
test:
    ./test test

# Tests of one crate, on SQLite, and on PostgreSQL if MARQUE_TEST_POSTGRES is set: `just one linkage`.
one crate *args:
    cargo test -p marque-{{crate}} {{args}}

# Examples in the documentation.
doctest:
    ./test doctest

# The documentation itself.
rustdoc:
    ./test rustdoc

# Licences, banned crates, sources.
licences:
    ./test licences

# Formats what you wrote.
fmt:
    cargo fmt --all

# A private PostgreSQL for `just one`: `export MARQUE_TEST_POSTGRES=$(just postgres)`.
postgres:
    @tests/postgres.sh start /tmp/marque-pg

# The whole system on sample data.
demo:
    cargo run --release -- demo
