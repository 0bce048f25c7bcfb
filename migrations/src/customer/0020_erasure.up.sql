-- When nobody might know the customer any more: his number and id are never given to another.
ALTER TABLE customers ADD COLUMN erased_at BIGINT;

-- Requests to be forgotten. Nothing here says who it was but an id that answers no more.
CREATE TABLE erasures (
    id           UUID PRIMARY KEY,
    customer_id  UUID NOT NULL,
    -- requested, restricted, erased or refused.
    state        TEXT NOT NULL,
    ground       TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    decided_by   TEXT NOT NULL,
    decided_at   BIGINT,
    reason       TEXT NOT NULL,
    -- Duties to keep records, a code and a day each, one a line.
    duties       TEXT NOT NULL,
    kept_until   TEXT
);
CREATE INDEX ix_erasures_customer ON erasures (customer_id);
CREATE INDEX ix_erasures_state ON erasures (state, id);
CREATE UNIQUE INDEX uq_erasures_waiting ON erasures (customer_id) WHERE state = 'requested';

-- Numbers of records that were erased: they are never given to others, for merges name records by them.
CREATE TABLE erased_numbers (seq BIGINT PRIMARY KEY) {without_rowid};

-- Records that the law wants kept: as they were in source_records, sealed, and found by nothing but the request.
CREATE TABLE restricted_records (
    erasure     UUID NOT NULL,
    seq         BIGINT NOT NULL,
    id          UUID NOT NULL,
    customer    BIGINT NOT NULL,
    dealer      TEXT NOT NULL,
    source      TEXT NOT NULL,
    source_key  TEXT NOT NULL,
    sealed      BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    PRIMARY KEY (erasure, seq)
) {without_rowid};
