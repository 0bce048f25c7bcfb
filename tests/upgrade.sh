#!/bin/sh
# Two versions on one database (reliability.md R16): an older binary and this one serve the same PostgreSQL, on the schema of the
# newer one, while requests go to both. Every answer must be right from both.
#
#   tests/upgrade.sh OLD_BINARY NEW_BINARY            two binaries that are there
#   tests/upgrade.sh COMMIT                           builds COMMIT's in a worktree of its own (slow), and this tree's
#
# It starts a PostgreSQL of its own. What it does: the old binary brings its schema up and serves; customers are put through it;
# `NEW migrate` brings the schema to the new version while the old one goes on serving; the new one starts beside it; then for
# each of the two, records put by the one are found, read and changed through the other.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/marque-upgrade.XXXXXX)
chmod 755 "$work"
old_pid= new_pid=
end() {
    [ -z "$old_pid" ] || kill "$old_pid" 2>/dev/null || true
    [ -z "$new_pid" ] || kill "$new_pid" 2>/dev/null || true
    wait 2>/dev/null || true
    "$here/postgres.sh" stop "$work/pg"
    [ -z "${tree:-}" ] || git -C "$here/.." worktree remove --force "$tree"
    rm -rf "$work"
}
trap end EXIT INT TERM

case $# in
    2) old=$1 new=$2 ;;
    1)
        tree=$work/tree
        git -C "$here/.." worktree add -q --detach "$tree" "$1"
        (cd "$tree" && cargo build -q --workspace --bin marque --target-dir "$here/../target/upgrade")
        (cd "$here/.." && cargo build -q --workspace --bin marque)
        old=$here/../target/upgrade/debug/marque new=$here/../target/debug/marque
        ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac

fail() {
    echo "$0: $*" >&2
    tail -5 "$work"/*.log >&2
    exit 1
}

url=$("$here/postgres.sh" start "$work/pg")
psql=$(ls /usr/lib/postgresql/*/bin/psql | tail -1)
roles="network customer vehicle service_history scoring data_quality complaint"
for role in $roles; do "$psql" -q -X "$url" -c "CREATE DATABASE marque_$role"; done

# One keyring and one issuer for both, as replicas of one release have them.
config() { # NAME PORT
    mkdir -p "$work/$1"
    cat >"$work/$1.toml" <<TOML
listen = "127.0.0.1:$2"
admin_listen = "127.0.0.1:$(($2 + 1))"
data_dir = "$work/$1"
[store]
url = "${url%/*}/marque_{role}"
readers = 2
writers = 2
TOML
}
config old 18480
config new 18490

wait_for() { # NAME PORT
    tries=0
    until curl -sf "http://127.0.0.1:$(($2 + 1))/readyz" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || fail "the $1 binary is not ready"
        sleep 0.2
    done
}

"$old" migrate --config "$work/old.toml" >"$work/old-migrate.log" 2>&1 || fail "the old schema"
"$old" serve --config "$work/old.toml" >"$work/old.log" 2>&1 &
old_pid=$!
wait_for old 18480
# The new one shares the keys the old one made.
cp -r "$work/old/keys" "$work/new/keys"
token=$("$old" token --config "$work/old.toml" --role hq-admin 2>/dev/null | tail -1)
desk=$("$old" token --config "$work/old.toml" --role sales --dealer D001 2>/dev/null | tail -1)
dms=$("$old" token --config "$work/old.toml" --role dms --dealer D001 2>/dev/null | tail -1)

ask() { # TOKEN METHOD PORT PATH [BODY]
    code=$(curl -s -o "$work/answer" -w '%{http_code}' -X "$2" "http://127.0.0.1:$3$4" -H "authorization: Bearer $1" \
        -H 'content-type: application/json' ${5:+-d "$5"})
    asked=$((asked + 1))
    case $code in 2*) cat "$work/answer" ;; *) fail "$2 $4 on $3: $code $(cat "$work/answer")" ;; esac
}
asked=0
put_dealer() {
    ask "$token" PUT "$1" /v1/dealers/D001 '{"name": "D001 4S", "region": "north"}' >/dev/null
}
phone() { echo "1390013$(printf '%04d' "$1")"; }
put_customer() { # PORT NUMBER
    ask "$dms" PUT "$1" "/v1/source-records/D001/dms/K$2" "{\"name\": \"张伟\", \"phone\": \"$(phone "$2")\"}"
}
find_customer() { # PORT NUMBER
    ask "$desk" POST "$1" /v1/lookup "{\"phone\": \"$(phone "$2")\"}" | grep -q customer || fail "K$2 is not found through $1"
}

put_dealer 18480
sleep 3
for n in 1 2 3 4 5; do put_customer 18480 $n >/dev/null; done

# The new schema, while the old binary serves: it goes on being asked until both are there.
(
    while [ ! -f "$work/both" ]; do
        curl -s -o /dev/null -w '%{http_code}\n' -X POST http://127.0.0.1:18480/v1/lookup -H "authorization: Bearer $desk" \
            -H 'content-type: application/json' -d "{\"phone\": \"$(phone 1)\"}" >>"$work/meanwhile"
    done
) &
asker=$!
"$new" migrate --config "$work/new.toml" >"$work/new-migrate.log" 2>&1 || fail "the new schema"
cat "$work/new-migrate.log"
"$new" serve --config "$work/new.toml" >"$work/new.log" 2>&1 &
new_pid=$!
wait_for new 18490
touch "$work/both"
wait $asker
lost=$(grep -vc '^2' "$work/meanwhile" || true)
[ "$lost" -eq 0 ] || fail "$lost of $(wc -l <"$work/meanwhile") requests failed while the schema changed"

for n in $(seq 6 25); do
    if [ $((n % 2)) -eq 0 ]; then writer=18480 reader=18490; else writer=18490 reader=18480; fi
    put_customer $writer "$n" >/dev/null
    find_customer $reader "$n"
    find_customer $writer "$n"
done
for n in 1 2 3 4 5; do find_customer 18490 $n; done

# An older pod that restarts meets the newer schema.
kill "$old_pid"
wait "$old_pid" 2>/dev/null || true
"$old" serve --config "$work/old.toml" >"$work/old-again.log" 2>&1 &
old_pid=$!
wait_for old-again 18480
for n in 6 15 25; do find_customer 18480 "$n"; done
echo "all well: $asked requests to both, $(wc -l <"$work/meanwhile") while the schema changed, none failed"
