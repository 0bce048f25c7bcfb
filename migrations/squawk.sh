#!/bin/sh
# Checks the migrations with squawk as PostgreSQL would be given them (reliability.md R16).
#
#   python3 -m venv /tmp/squawk && /tmp/squawk/bin/pip install squawk-cli && migrations/squawk.sh /tmp/squawk/bin/squawk [FILE…]
#
# Left out are rules that do not fit: a migration is one transaction of its own and cannot build or drop indexes CONCURRENTLY (ADR 10), and what
# 0010 and 0001 create is empty when it is created.
set -eu
squawk=${1:?where squawk is}
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- "$here"/src/*/*.up.sql
for file in "$@"; do
    name=$(basename "$(dirname "$file")")-$(basename "$file")
    sed -e '/^{sqlite: /d' -e 's/^{postgres: \(.*\)}$/\1;/' -e 's/{without_rowid}//' -e 's/{key}/BIGINT PRIMARY KEY/' \
        -e 's/{serial}/BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY/' "$file" >"$work/$name"
done
"$squawk" --assume-in-transaction --pg-version 15 \
    --exclude require-concurrent-index-creation,prefer-text-field,require-timeout-settings,prefer-robust-stmts,require-concurrent-index-deletion \
    "$work"/*.sql
