#!/usr/bin/env bash
# Figures of the foundation: imports, start, memory, requests; PostGraphile beside them in the same run.
# Usage: docs/benchmarks/foundation.sh [WORK_FOLDER]   (about 20 minutes on 2 idle cores; prints one line a figure)
# MARQUE_BENCH_POSTGRES=postgres://user@host/marque_{role} adds the import into PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${1:-$(mktemp -d /tmp/marque-bench.XXXXXX)}
profile=${PROFILE:-release}
cargo build --profile "$profile" --workspace --bin marque --example requests --example hop
marque=$PWD/target/$profile/marque
requests=$PWD/target/$profile/examples/requests
port=${PORT:-18090}
export MARQUE__LIMITS__REQUESTS_PER_SECOND=1000000 MARQUE__LIMITS__BURST=1000000 MARQUE__TELEMETRY__LOG=warn

serve() { # DIR: starts a server and waits until it is ready
    "$marque" serve --data "$1" --listen 127.0.0.1:$port --admin-listen 127.0.0.1:$((port + 1)) >"$1.log" 2>&1 &
    pid=$!
    local began=$(date +%s%N)
    until curl -fs "http://127.0.0.1:$port/readyz" >/dev/null; do sleep 0.02; done
    ready_ms=$((($(date +%s%N) - began) / 1000000))
}
stop() { kill "$pid" && wait "$pid" || true; }
trap 'kill $pid 2>/dev/null || true' EXIT
rest() { # waits until the followers have worked off what was written: less than a twentieth of a core in five seconds
    local ticks=1000 before
    while [ "$ticks" -gt 25 ]; do
        before=$(awk '{print $14 + $15}' "/proc/$pid/stat")
        sleep 5
        ticks=$(($(awk '{print $14 + $15}' "/proc/$pid/stat") - before))
    done
}
rss_mb() { awk '/VmRSS/ {print int($2/1024)}' "/proc/$pid/status"; }
peak_mb() { awk '/VmHWM/ {print int($2/1024)}' "/proc/$pid/status"; }
token() { "$marque" token --data "$1" --role "$2" ${3:+--dealer "$3"}; }
network() { # DIR CODE…
    local dir=$1; shift
    for code in "$@"; do
        curl -fs -X PUT -H "Authorization: Bearer $(token "$dir" hq_admin)" -H 'Content-Type: application/json' \
            -d "{\"name\":\"$code\",\"region\":\"east\",\"group\":\"\"}" "http://127.0.0.1:$port/v1/dealers/$code" >/dev/null
    done
}
import() { # DIR KIND DEALER FILE: prints the summary; sets seconds
    local began=$(date +%s%N)
    "$marque" import "$4" --kind "$2" --dealer "$3" --source dms --server "http://127.0.0.1:$port" --data "$1" 2>/dev/null
    seconds=$(awk "BEGIN {print ($(date +%s%N) - $began) / 1e9}")
}

echo "== one million customer rows, SQLite"
"$marque" sample --customers 1000000 --dealers 1 --vehicles-per-customer 0 --visits-per-vehicle 0 \
    --complaints-per-customer 0 --out "$work/million" >/dev/null
serve "$work/m"
echo "idle memory: $(rss_mb) MB"
network "$work/m" D001
import "$work/m" customers D001 "$work/million/D001/customers.csv"
echo "import: $(awk "BEGIN {print int(1000000 / $seconds)}") rows/s, peak memory $(peak_mb) MB"
import "$work/m" customers D001 "$work/million/D001/customers.csv"
echo "same file again: $(awk "BEGIN {print int(1000000 / $seconds)}") rows/s"
stop
serve "$work/m"
echo "start to ready with a million rows: $ready_ms ms"
stop

echo "== the shape of ../shared/bench/peers: 100 k customers, 120 k vehicles, 624 k visits"
"$marque" sample --customers 100000 --dealers 20 --duplicates 0 --falsify 0 --out "$work/shape" >/dev/null
serve "$work/s"
dealers=$(cd "$work/shape" && ls -d D*)
# shellcheck disable=SC2086
network "$work/s" $dealers
began=$(date +%s)
for dealer in $dealers; do
    for kind in customers vehicles visits complaints; do import "$work/s" $kind "$dealer" "$work/shape/$dealer/$kind.csv" >/dev/null; done
done
echo "the rows of four kinds in $(($(date +%s) - began)) s, peak memory $(peak_mb) MB"
rest
import_id=$(curl -fs -H "Authorization: Bearer $(token "$work/s" hq_admin)" "http://127.0.0.1:$port/v1/imports?page_size=1000" |
    python3 -c 'import json,sys; print(next(i["id"] for i in json.load(sys.stdin)["imports"] if i["kind"]=="customers"))')
"$requests" --server "http://127.0.0.1:$port" --pid "$pid" --token "$(token "$work/s" hq_admin)" --dealer D001 \
    --import "$import_id" --csv "$work/shape/D001/customers.csv"
stop
echo "== one call, in memory and over TCP"
"$PWD/target/$profile/examples/hop"

# postgres://user@host:port/marque_{role}, as MARQUE__STORE__URL wants it; the databases exist and are empty.
if [ -n "${MARQUE_BENCH_POSTGRES:-}" ]; then
    echo "== the million rows on PostgreSQL"
    export MARQUE__STORE__URL=$MARQUE_BENCH_POSTGRES
    "$marque" migrate --data "$work/p" >/dev/null
    serve "$work/p"
    network "$work/p" D001
    import "$work/p" customers D001 "$work/million/D001/customers.csv"
    echo "import: $(awk "BEGIN {print int(1000000 / $seconds)}") rows/s, peak memory $(peak_mb) MB"
    stop
    unset MARQUE__STORE__URL
fi
if [ -x ../shared/bench/peers/run_pgl.sh ]; then
    echo "== PostGraphile, same shape"
    RUN="$work/pgl" ../shared/bench/peers/run_pgl.sh || echo "PostGraphile could not be run here"
fi
