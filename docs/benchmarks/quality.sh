#!/bin/sh
# Speed of the rules, falsified records found, and pandera beside it on the same file. From the workspace root:
#   docs/benchmarks/quality.sh [FILE.csv]     (FILE.flags.csv and FILE.dealers.csv beside it hold the truth)
set -eu
file=${1:-../shared/data/dealers/customers_20k.csv}
[ -f "$file" ] || { echo "no file $file: give a customers CSV" >&2; exit 1; }
target=${CARGO_TARGET_DIR:-target}/release/examples
cargo build --quiet --release -p marque-quality --examples
echo "rules alone, one core:"
"$target/bench"
"$target/bench" "$file"
venv=${VENV:-/tmp/venv-pandera}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet pandera pandas
fi
"$venv/bin/python" docs/benchmarks/quality_pandera.py "$file"
out=$(mktemp)
echo "marque quality, reading, rules, falsification and JSON:"
time -p "$target/quality" "$file" --json "$out" >/dev/null
truth=${file%.csv}
if [ -f "$truth.flags.csv" ]; then
    python3 docs/benchmarks/quality_truth.py "$out" "$truth.flags.csv" "$truth.dealers.csv"
fi
rm -f "$out"

# Robustness: other dealers falsify, drawn by seeds; other sizes, other headers, columns that are not there.
python3 docs/benchmarks/quality_families.py "$file" "$target/quality"
