#!/usr/bin/env bash
# What the server does at 0.8, 1, 2, 5 and 10 times its peak (reliability.md R12): see docs/benchmarks/reliability.md.
# Usage: docs/benchmarks/load.sh [FLAGS of marque-load]   about 5 minutes; such as --seconds 60 for the full length of a step
# One core is the server's (0), another the generator's (1): on a machine of more cores say SERVER_CORE and OWN_CORE.
set -euo pipefail
cd "$(dirname "$0")/../.."
profile=${PROFILE:-release-fast}
cargo build --quiet --workspace --profile "$profile" --bin marque --bin marque-load
target=${CARGO_TARGET_DIR:-target}/$profile
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1); load $(cut -d' ' -f1-3 /proc/loadavg); $(date -u +%F); $profile"
exec taskset -c "${OWN_CORE:-1}" "$target/marque-load" --server-core "${SERVER_CORE:-0}" "$@"
