#!/usr/bin/env bash
# The figures of operations.md: what the audit chain costs and how fast it is verified.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo run --profile "${PROFILE:-release-fast}" -p marque-ledger --example audit
