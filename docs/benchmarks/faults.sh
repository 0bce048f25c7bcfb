#!/usr/bin/env bash
# A long trial of marque-faults on a PostgreSQL and a NATS of its own: see docs/benchmarks/reliability.md.
# Usage: docs/benchmarks/faults.sh TRIAL [FLAGS]   matrix, merges, same-key, counter, rolling, soak, bear, disk or power; `--help` tells their flags
# STORE=sqlite leaves PostgreSQL out, BUS=embedded leaves NATS out.
set -euo pipefail
cd "$(dirname "$0")/../.."
profile=${PROFILE:-release-fast}
cargo build --quiet --workspace --profile "$profile" --bin marque --bin marque-faults
target=${CARGO_TARGET_DIR:-target}/$profile
work=$(mktemp -d /tmp/marque-faults.XXXXXX)
# PostgreSQL refuses to run as root, and its user has to get there.
chmod 755 "$work"
trap 'tests/postgres.sh stop "$work/pg"; tests/nats.sh stop "$work/nats"; rm -rf "$work"' EXIT
flags=()
if [ "${STORE:-postgres}" = postgres ]; then
    tests/postgres.sh start "$work/pg" >"$work/pg.url"
    flags+=(--postgres "$(tail -1 "$work/pg.url")")
fi
if [ "${BUS:-nats}" = nats ]; then
    tests/nats.sh start "$work/nats" >"$work/nats.url"
    flags+=(--nats "$(tail -1 "$work/nats.url")")
fi
echo "machine: $(nproc) cores; load $(cut -d' ' -f1-3 /proc/loadavg); $(date -u +%F); $profile; ${flags[*]:-SQLite, embedded bus}; $*"
"$target/marque-faults" "${flags[@]}" "$@"
