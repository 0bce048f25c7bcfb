#!/usr/bin/env bash
# Runs the fuzz targets one after the other: fuzz/run.sh [SECONDS [TARGET…]], 300 seconds each if nothing is said.
#
# Needs a C++ compiler. With a nightly compiler the address sanitizer watches too; the targets have no unsafe code of ours. Corpora grow in fuzz/corpus (not kept in git); what breaks a target is written to
# fuzz/artifacts, and `fuzz/run.sh repeat TARGET FILE` runs it again. The flags are those of cargo-fuzz, which works here too.
set -euo pipefail
cd "$(dirname "$0")"

host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
if rustc +nightly -V >/dev/null 2>&1; then
    toolchain=(+nightly) sanitizer="-Zsanitizer=address -Cforce-frame-pointers"
else
    toolchain=() sanitizer=
fi
export RUSTFLAGS="$coverage $sanitizer"

cargo "${toolchain[@]}" build --quiet --release --target "$host" --bins
binary() { echo "${CARGO_TARGET_DIR:-target}/$host/release/$1"; }

if [[ ${1:-} == repeat ]]; then
    exec "$(binary "$2")" "$3"
fi

seconds=${1:-300}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(basename -s .rs -a targets/*.rs)
failed=0
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target" "artifacts/$target"
    seeds=()
    [[ -d seeds/$target ]] && seeds=("seeds/$target")
    log=$(mktemp)
    "$(binary "$target")" "corpus/$target" "${seeds[@]}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="artifacts/$target/" >"$log" 2>&1 && verdict=ok || { verdict=BROKEN; failed=1; }
    runs=$(grep -Eo '^Done [0-9]+ runs|^#[0-9]+' "$log" | tail -1 | grep -Eo '[0-9]+' || true)
    printf '%-16s %12s executions in %s s: %s\n' "$target" "${runs:-0}" "$seconds" "$verdict"
    [[ $verdict == ok ]] || tail -30 "$log"
    rm -f "$log"
done
exit $failed
