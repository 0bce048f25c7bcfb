#!/bin/sh
# Reruns the figures of linkage.md: Marque without configuration beside Splink 5 with the peer's configurations.
#
#   docs/benchmarks/linkage.sh [FILE.csv CONFIG]...     further labelled files (truth in column `cluster`), Splink's CONFIG or -
#
# Needs ../shared (data and the peer's script). Splink is installed from PyPI into a scratch environment; with
# SKIP_SPLINK=1 only Marque runs. Output: one line of JSON a run.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
shared="$root/../shared"
scratch="${TMPDIR:-/tmp}/marque-linkage-bench"
mkdir -p "$scratch"

cd "$root"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$scratch/target}"
cargo build --quiet --release -p marque-linkage --example link
link="$CARGO_TARGET_DIR/release/examples/link"

if [ -z "${SKIP_SPLINK:-}" ] && [ ! -x "$scratch/venv/bin/python" ]; then
  python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/pip" install --quiet splink==5.0.0 pandas pyarrow
fi

compare() {
  file=$1 config=$2
  echo "== $(basename "$file")"
  printf 'marque '
  "$link" "$file" --out "$scratch/out.csv" --truth cluster --report "$scratch/report.json"
  if [ -z "${SKIP_SPLINK:-}" ] && [ "$config" != - ]; then
    printf 'splink '
    "$scratch/venv/bin/python" "$shared/bench/splink/splink_run.py" "$file" --config "$config" --sweep
  fi
}

data="$shared/data"
compare "$data/linkage/febrl1.csv" febrl3
compare "$data/linkage/febrl3.csv" febrl3
compare "$data/linkage/fake_1000.csv" fake
compare "$data/linkage/restaurants.csv" -
compare "$data/linkage/early_childhood.csv" -
compare "$data/dealers/customers_20k.csv" cn
while [ $# -ge 2 ]; do
  compare "$1" "$2"
  shift 2
done
