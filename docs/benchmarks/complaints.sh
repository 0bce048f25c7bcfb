#!/bin/sh
# Shows what docs/benchmarks/complaints.md records: kill -9 at two hundred moments, clock arithmetic, search.
#   docs/benchmarks/complaints.sh [PROFILE]          PROFILE: dev (default) or release-fast
# PostgreSQL is measured too where MARQUE_TEST_POSTGRES is set: export MARQUE_TEST_POSTGRES=$(tests/postgres.sh start /tmp/pg)
set -eu
profile=${1:-dev}
cd "$(dirname "$0")/../.."
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1); load $(cut -d' ' -f1-3 /proc/loadavg); $(date -u +%F)"
run() { cargo test --quiet --profile "$profile" -p marque-complaint "$@" -- --ignored --nocapture --test-threads=1 2>/dev/null | grep -v '^$'; }
echo "--- kill -9"
run --test it kill::one_instance kill::three_instances
echo "--- escalation of 10,000 due in the same minute"
run --test it load::
echo "--- clock arithmetic, a million cases; search over 100,000 texts"
run --lib a_million search_over
