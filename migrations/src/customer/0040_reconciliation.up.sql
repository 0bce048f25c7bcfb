-- Looks again at who is who. One runs at a time, on one instance, and goes on where it was after a crash.
CREATE TABLE reconciliations (
    id            UUID PRIMARY KEY,
    -- running or done.
    state         TEXT NOT NULL,
    started_by    TEXT NOT NULL,
    started_at    BIGINT NOT NULL,
    finished_at   BIGINT,
    -- Customers that changed at this time or later are looked at; 0 for all.
    since         BIGINT NOT NULL,
    -- The last customer that was looked at.
    checkpoint    BIGINT NOT NULL,
    claimed_by    UUID,
    claimed_until BIGINT,
    looked_at     BIGINT NOT NULL,
    joined        BIGINT NOT NULL,
    parted        BIGINT NOT NULL,
    moved         BIGINT NOT NULL,
    asked         BIGINT NOT NULL
);
CREATE UNIQUE INDEX uq_reconciliations_running ON reconciliations (state) WHERE state = 'running';
CREATE INDEX ix_reconciliations_started ON reconciliations (started_at);

-- What was moved lately, for stewards to look through.
CREATE INDEX ix_moves_at ON moves (at, id);
