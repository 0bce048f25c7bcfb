#!/bin/sh
# Shows what docs/benchmarks/complaints.md records: kill -9 at two hundred moments, also while ten thousand are due in one minute, these by
# themselves, the desk's view over a million cases, clock arithmetic with pauses, search.
#   docs/benchmarks/complaints.sh [PROFILE [PART...]]   PROFILE: dev (default) or release-fast
#                                                       PART: kill, busy, due, desk, clock, search; all of them if none is named
# MARQUE_LOAD_KILLS=5 MARQUE_LOAD_KILL_CASES=400 MARQUE_LOAD_OPEN=5000 MARQUE_LOAD_CASES=20000 measures less, for trying out.
# PostgreSQL is measured too where MARQUE_TEST_POSTGRES is set: export MARQUE_TEST_POSTGRES=$(tests/postgres.sh start /tmp/pg)
set -eu
profile=${1:-dev}
[ $# -eq 0 ] || shift
parts=${*:-kill busy due desk clock search}
cd "$(dirname "$0")/../.."
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1); load $(cut -d' ' -f1-3 /proc/loadavg); $(date -u +%F); $profile"
run() { cargo test --quiet --profile "$profile" -p marque-complaint "$@" 2>/dev/null | grep -v -e '^$' -e '^running' -e '^\.*$'; }
measure() { run "$@" --ignored --nocapture --test-threads=1; }
for part in $parts; do
  echo "--- $part"
  case $part in
    kill) measure --test it -- kill::one_instance kill::three_instances ;;
    busy) measure --test it -- kill_busy:: ;;
    due) measure --test it -- load::ten_thousand ;;
    desk) measure --test it -- load::the_desk ;;
    clock) measure --lib -- a_million ;;
    search) run --lib -- the_judged_set --nocapture; measure --lib -- search_over ;;
    *) echo "no such part: kill, busy, due, desk, clock or search" >&2; exit 2 ;;
  esac
done
