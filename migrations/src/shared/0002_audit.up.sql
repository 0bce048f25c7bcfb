-- Who did what to whom: written in the transaction of the act, never changed.
CREATE TABLE audit (
    seq        {serial},
    at         BIGINT NOT NULL,
    dealer     TEXT NOT NULL,
    actor      TEXT NOT NULL,
    act        TEXT NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX ix_audit_subject ON audit (subject, seq);

-- The answer given to an idempotency key, kept at least 24 hours.
CREATE TABLE idempotency (
    scope       TEXT NOT NULL,
    method      TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    answer      BYTEA NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (scope, method, key)
);
CREATE INDEX ix_idempotency_at ON idempotency (at);
