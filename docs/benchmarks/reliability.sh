#!/usr/bin/env bash
# Figures of reliability.md for the bus: R3 and R4 with a million events (see docs/benchmarks/reliability.md).
# Usage: docs/benchmarks/reliability.sh [EVENTS]   (1000000; needs PostgreSQL and a nats-server, as ./test does)
set -euo pipefail
cd "$(dirname "$0")/../.."
export MARQUE_BENCH_EVENTS=${1:-1000000}
work=$(mktemp -d /tmp/marque-reliability.XXXXXX)
# PostgreSQL refuses to run as root, and its user has to get there.
chmod 755 "$work"
trap 'tests/postgres.sh stop "$work/pg"; tests/nats.sh stop "$work/nats"; rm -rf "$work"' EXIT
tests/postgres.sh start "$work/pg" >"$work/pg.url"
tests/nats.sh start "$work/nats" >"$work/nats.url"
MARQUE_TEST_POSTGRES=$(tail -1 "$work/pg.url") MARQUE_TEST_NATS=$(tail -1 "$work/nats.url")
export MARQUE_TEST_POSTGRES MARQUE_TEST_NATS
cargo test -p marque-bus --test it -- --ignored --nocapture a_million_events
