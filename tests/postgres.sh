#!/bin/sh
# A private PostgreSQL for the tests, on a free port of 127.0.0.1 (or of $LISTEN, an address), without fsync. It prints its URL:
#
#   export MARQUE_TEST_POSTGRES=$(tests/postgres.sh start /tmp/marque-pg)
#   tests/postgres.sh stop /tmp/marque-pg
#   tests/postgres.sh replica /tmp/marque-replica URL     one that follows the server at URL
#
# PostgreSQL refuses to run as root; there it runs as the user `postgres`, or as `nobody` if there is none.
set -eu

usage() {
    echo "usage: $0 start|stop DIR, $0 replica DIR URL" >&2
    exit 64
}
[ $# -ge 2 ] || usage
dir=$2
host=${LISTEN:-127.0.0.1}

# The server's programs: in the path, or where Debian puts them.
find_bin() {
    for bin in "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")" /usr/lib/postgresql/*/bin; do
        [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && found=$bin
    done
    [ -n "${found:-}" ] && echo "$found" && return
    echo "$0: PostgreSQL is not installed: apt-get install postgresql, or put initdb and postgres into PATH" >&2
    exit 69
}

run_as_owner() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups "$@"
    fi
}

# A port from $1 on, on which nobody listens.
free_port() {
    port=$1
    while [ "$port" -lt 54400 ]; do
        # The proc file has it in hexadecimal.
        grep -qi ":$(printf '%04X' "$port") " /proc/net/tcp /proc/net/tcp6 2>/dev/null || { echo "$port"; return; }
        port=$((port + 1))
    done
    echo "$0: no free port between $1 and 54399" >&2
    exit 69
}

url() {
    echo "postgres://marque@$host:$1/postgres"
}

is_running() {
    [ -f "$dir/data/postmaster.pid" ] && kill -0 "$(head -1 "$dir/data/postmaster.pid")" 2>/dev/null
}

start() {
    if is_running; then
        # The fourth line of the file is the port.
        url "$(sed -n 4p "$dir/data/postmaster.pid")"
        return
    fi
    bin=$(find_bin)
    mkdir -p "$dir"
    owner=$(id -un postgres 2>/dev/null || echo nobody)
    [ "$(id -u)" -ne 0 ] || chown "$owner" "$dir"
    if [ ! -d "$dir/data" ]; then
        run_as_owner "$bin/initdb" -D "$dir/data" -U marque -A trust -E UTF8 --locale=C >"$dir/initdb.log" 2>&1 ||
            { cat "$dir/initdb.log" >&2; exit 70; }
        # Whoever reaches another address than our own is on the same network of tests.
        [ -z "${LISTEN:-}" ] || echo "host all all all trust" >>"$dir/data/pg_hba.conf"
    fi
    # A certificate laid there before makes it a server with TLS.
    tls=
    if [ -f "$dir/server.key" ]; then
        [ "$(id -u)" -ne 0 ] || chown "$owner" "$dir/server.key" "$dir/server.crt"
        chmod 600 "$dir/server.key"
        tls="-c ssl=on -c ssl_cert_file=$dir/server.crt -c ssl_key_file=$dir/server.key"
    fi
    port=$(free_port 54300)
    until serve; do
        # Another server that started meanwhile has taken the port.
        grep -q 'could not bind' "$dir/server.log" && port=$(free_port $((port + 1))) && continue
        echo "$0: the server does not start:" >&2
        tail -5 "$dir/server.log" >&2
        exit 70
    done
    # A replica has the roles of the server it follows.
    [ -f "$dir/data/standby.signal" ] || make_roles || { echo "$0: the roles cannot be made" >&2; exit 70; }
    url "$port"
}

# Starts the server on $port, and fails if it is not ready, as it says itself, within ten seconds.
serve() {
    # The redirection is the whole subshell's: whoever reads our output must not wait for the server's end.
    (
        exec >"$dir/server.log" 2>&1 </dev/null
        run_as_owner "$bin/postgres" -D "$dir/data" -p "$port" -k "$dir" -c listen_addresses="$host" \
            $tls -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200
    ) &
    server=$!
    tries=0
    until is_running && grep -qE '^(ready|standby)' "$dir/data/postmaster.pid" 2>/dev/null &&
        "$bin/pg_isready" -q -h "$host" -p "$port" -U marque 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] && kill -0 $server 2>/dev/null || return 1
        sleep 0.1
    done
}

# The roles of the wall between dealers (ADR 26), and a login as services have it.
make_roles() {
    "$bin/psql" -q -h "$host" -p "$port" -U marque -d postgres -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
DO $$ BEGIN
    IF to_regrole('marque_app') IS NULL THEN
        CREATE ROLE marque_app NOLOGIN;
        CREATE ROLE marque_hq NOLOGIN BYPASSRLS;
        CREATE ROLE marque_service LOGIN NOINHERIT IN ROLE marque_app, marque_hq;
    END IF;
    -- Of a server that was made before.
    ALTER ROLE marque_service NOINHERIT;
END $$;
SQL
}

replica() {
    is_running || [ -d "$dir/data" ] || {
        bin=$(find_bin)
        mkdir -p "$dir"
        owner=$(id -un postgres 2>/dev/null || echo nobody)
        [ "$(id -u)" -ne 0 ] || chown "$owner" "$dir"
        run_as_owner "$bin/pg_basebackup" -D "$dir/data" -d "$1" -R -X stream -c fast >"$dir/basebackup.log" 2>&1 ||
            { cat "$dir/basebackup.log" >&2; exit 70; }
    }
    start
}

stop() {
    is_running || return 0
    pid=$(head -1 "$dir/data/postmaster.pid")
    kill -INT "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

case $1 in
    start) start ;;
    stop) stop ;;
    replica) replica "${3:?the address of the server to follow}" ;;
    *) usage ;;
esac
