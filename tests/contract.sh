#!/usr/bin/env bash
# The REST interface against its own document: schemathesis makes requests from /openapi.json, right ones and wrong ones, and the
# real `marque serve` answers them, on SQLite and invented records, to a token of each role.
#
#   tests/contract.sh                 each operation by one of the roles that may call it, one seed: what ./test runs
#   tests/contract.sh full [SEED…]    each operation by every role, refused ones too, with the seeds 1 2 3: docs/benchmarks/reliability.md
#
# Needs python 3.10 and PyPI: schemathesis goes into target/tools, unless it is there. MARQUE is the program to try, else it is
# built. What schemathesis says stands in target/tools/contract/, a file a run; `st replay ID` repeats a case.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}
tools=$target/tools
results=$tools/contract
venv=$tools/schemathesis
work=$(mktemp -d /tmp/marque-contract.XXXXXX)
server=""

# Also on a failure nothing of it goes on running.
stop() {
    [[ -n $server ]] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

install_schemathesis() {
    [[ -x $venv/bin/schemathesis ]] && return
    python3 -m venv "$venv" && "$venv/bin/pip" -q install schemathesis==4.32.5
}

build() {
    [[ -n ${MARQUE:-} ]] && return
    # With the features of the tests, so that nothing is built anew after them.
    cargo build --quiet --workspace --bins --tests
    MARQUE=$target/debug/marque
}

# start: a server on free ports, with limits that no test meets.
start() {
    cat >"$work/marque.toml" <<TOML
data_dir = "$work/data"
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"

[limits]
requests_per_second = 1000000
burst = 1000000
queue_delay_ms = 0
drain_notice_ms = 0
TOML
    "$MARQUE" serve --config "$work/marque.toml" >"$results/server.log" 2>&1 </dev/null &
    server=$!
    for _ in {1..600}; do
        ready=$(grep -a 'marque is ready' "$results/server.log") && break
        kill -0 "$server" 2>/dev/null || { cat "$results/server.log" >&2; exit 1; }
        sleep 0.1
    done
    URL=http://$(sed -E 's/.* http=Some\(([^)]*)\).*/\1/' <<<"$ready")
    ADMIN=http://$(sed -E 's/.* admin=Some\(([^)]*)\).*/\1/' <<<"$ready")
    export URL ADMIN
}

# token ROLE [FLAG…]: into MARQUE_TOKEN_role.
token() {
    export "MARQUE_TOKEN_$1=$("$MARQUE" token --config "$work/marque.toml" --role "$@")"
}

rm -rf "$results" && mkdir -p "$results"
install_schemathesis
build
start
for role in dms sales service technician manager; do token "$role" --dealer D001; done
for role in agent steward analyst hq_admin; do token "$role"; done
"$MARQUE" sample --customers 200 --dealers 2 --out "$work/sample" >"$results/sample.log"
python3 tests/contract/fill.py "$URL" "$work/sample" "$results" >"$results/customer"
token customer --customer "$(cat "$results/customer")"
cp tests/contract/schemathesis.toml "$results/"
SCHEMATHESIS=$venv/bin/schemathesis RESULTS=$results python3 tests/contract/try.py "$@"
if grep -a -e 'panicked' -e ' ERROR ' "$results/server.log"; then
    echo "contract: the server logged the errors above ($results/server.log)"
    exit 1
fi
