#!/usr/bin/env bash
# Changes the code that decides on access, personal data and what happens once, one place at a time, and runs the tests of its crate:
# what no test notices is printed as MISSED. Which files and what is left out stands in .cargo/mutants.toml.
#
#   tests/mutants.sh                                  all of it: hours
#   tests/mutants.sh --list                           what would be changed
#   tests/mutants.sh --file crates/auth/src/scope.rs  one file; --shard 1/8, --in-diff FILE and the rest are cargo-mutants' own
#
# cargo-mutants is built into target/tools, once. It works on a copy of the tree. PostgreSQL is started, since some changes show only
# there, unless MARQUE_TEST_POSTGRES is set. What it found, with the tests' output, stands in target/tools/mutants.out/.
set -euo pipefail
cd "$(dirname "$0")/.."

version=27.1.0
tools=${CARGO_TARGET_DIR:-$PWD/target}/tools
program=$tools/cargo-mutants/bin/cargo-mutants
postgres=""

# Also on a failure nothing of it goes on running.
stop() {
    [[ -n $postgres ]] || return 0
    tests/postgres.sh stop "$postgres"
    rm -rf "$postgres"
}
trap stop EXIT
trap 'exit 130' INT TERM

install_mutants() {
    [[ $("$program" mutants --version 2>/dev/null) == *" $version" ]] ||
        cargo install --quiet --locked --force --root "$tools/cargo-mutants" --version "$version" cargo-mutants
}

start_postgres() {
    export MARQUE_REQUIRE_POSTGRES=1
    [[ -z ${MARQUE_TEST_POSTGRES:-} ]] || return 0
    postgres=/tmp/marque-mutants.$$
    # Through a file: the server would keep the pipe of a substitution open.
    tests/postgres.sh start "$postgres" >"$tools/postgres.url"
    MARQUE_TEST_POSTGRES=$(tail -1 "$tools/postgres.url")
    export MARQUE_TEST_POSTGRES
}

mkdir -p "$tools"
install_mutants
start_postgres
verdict=0
# The copy is built in a folder of its own.
env -u CARGO_TARGET_DIR "$program" mutants --output "$tools" --package marque-auth --package marque-vault --package marque-ledger "$@" ||
    verdict=$?
# 3: nothing was missed, and some change made a test endless, which is noticed too.
[[ $verdict -ne 3 ]] || verdict=0
exit "$verdict"
