#!/bin/sh
# Measures scoring beside DuckDB in one run, and BG/NBD beside lifetimes. Prints what docs/benchmarks/scoring.md records.
#   docs/benchmarks/scoring.sh [CUSTOMERS] [ROUNDS]
# Needs python3 with venv and access to PyPI; everything is written under /tmp/marque-scoring. Set CARGO_TARGET_DIR to reuse a build.
set -eu
customers=${1:-10000000}
rounds=${2:-3}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=/tmp/marque-scoring
target=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$work"

if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet duckdb lifetimes==0.11.3 "pandas<2.3" "setuptools<80"
fi
(cd "$root" && cargo build --quiet --release -p marque-insight --examples)

echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1); load $(cut -d' ' -f1-3 /proc/loadavg); $(date -u +%F)"
"$work/venv/bin/python" "$here/scoring.py" file "$work" "$customers" "$rounds" "$target/release/examples/score"
echo "--- live ranks and what-if"
"$target/release/examples/ranks" "$customers"
echo "--- due dates"
"$target/release/examples/due_dates"
echo "--- churn on CDNOW"
"$work/venv/bin/python" "$here/scoring.py" cdnow "$work" "$target/release/examples/cdnow"
echo "--- in the service: following an import of customers, and one event to the exact rank"
(cd "$root" && MARQUE_COST_RECORDS=${MARQUE_COST_RECORDS:-200000} MARQUE_COST_POPULATION=${MARQUE_COST_POPULATION:-$customers} \
    cargo test --quiet --release -p marque-scoring --test it cost:: -- --ignored --nocapture --test-threads=1)
echo "--- from a REST write over the bus to the score that shows it"
(cd "$root" && cargo run --quiet --release -p marque-system-tests --example score_latency)
