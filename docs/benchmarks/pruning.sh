#!/bin/sh
# What forgetting an hour of a week of events costs on PostgreSQL (ADR 28): by an indexed range, by a scan, by dropping a partition.
#
#   docs/benchmarks/pruning.sh postgres://user@host:port/database [ROWS]      (a schema `pruning` is made there and removed)
set -eu
url=${1:?the address of a PostgreSQL server, such as tests/postgres.sh start /tmp/pg prints}
rows=${2:-1000000}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
PATH=${bin:+$bin:}$PATH

psql -q -X -v ON_ERROR_STOP=1 -v rows="$rows" "$url" <<'SQL'
SET client_min_messages TO warning;
DROP SCHEMA IF EXISTS pruning CASCADE;
CREATE SCHEMA pruning;
SET search_path TO pruning;
-- A week and an hour, in microseconds; the oldest hour is to go.
\set week 604800000000
\set hour 3600000000
CREATE TABLE outbox (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, position BIGINT, id UUID NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, dealer TEXT NOT NULL, at BIGINT NOT NULL, data BYTEA NOT NULL, traceparent TEXT NOT NULL);
CREATE UNIQUE INDEX ON outbox (position);
CREATE INDEX ON outbox (at);
INSERT INTO outbox (position, id, kind, subject, dealer, at, data, traceparent)
    SELECT n, gen_random_uuid(), 'marque.customer.source_records.linked', gen_random_uuid()::text, 'D' || n % 500,
           n * ((:week + :hour) / :rows), decode(repeat('ab', 150), 'hex'), repeat('0', 55) FROM generate_series(1, :rows) n;
CREATE TABLE inbox (source TEXT NOT NULL, id UUID NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (source, id));
INSERT INTO inbox SELECT 'marque/customer', gen_random_uuid(), n * ((:week + :hour) / :rows) FROM generate_series(1, :rows) n;
CREATE TABLE parted (LIKE outbox) PARTITION BY RANGE (at);
CREATE TABLE parted_old PARTITION OF parted FOR VALUES FROM (0) TO (:hour);
CREATE TABLE parted_new PARTITION OF parted FOR VALUES FROM (:hour) TO (:week + :hour + 1);
INSERT INTO parted SELECT * FROM outbox;
ANALYZE outbox; ANALYZE inbox; ANALYZE parted;
\timing on
\echo outbox, oldest hour by its index on at:
BEGIN; DELETE FROM outbox WHERE at < :hour AND position < (SELECT max(position) FROM outbox); COMMIT;
\echo vacuum of the outbox after it:
VACUUM outbox;
\echo inbox, oldest hour, no index on at:
BEGIN; DELETE FROM inbox WHERE at < :hour; ROLLBACK;
\echo making an index on at of the inbox:
CREATE INDEX ix_inbox_at ON inbox (at);
\echo inbox, oldest hour, with the index:
BEGIN; DELETE FROM inbox WHERE at < :hour; COMMIT;
\echo dropping a partition of the same hour:
DROP TABLE parted_old;
\echo a look by position in the outbox, as a follower pulls:
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY ON) SELECT seq FROM outbox WHERE position > :rows - 500 ORDER BY position LIMIT 500;
\timing off
DROP SCHEMA pruning CASCADE;
SQL
