-- Files of cases. Their bytes lie sealed in the object store under the key of the row; a row is written last, so that what
-- is listed is there.
CREATE TABLE complaint_attachments (
    complaint_id UUID NOT NULL,
    id           UUID NOT NULL,
    media_type   TEXT NOT NULL,
    size         BIGINT NOT NULL,
    -- SHA-256 of the bytes.
    digest       BYTEA NOT NULL,
    added_by     TEXT NOT NULL,
    added_at     BIGINT NOT NULL,
    -- Sealed, for names of files name people.
    name         BYTEA NOT NULL,
    PRIMARY KEY (complaint_id, id)
) {without_rowid};

-- What is done for customers beyond the repair.
CREATE TABLE complaint_compensations (
    complaint_id UUID NOT NULL,
    id           UUID NOT NULL,
    kind         TEXT NOT NULL,
    amount       BIGINT NOT NULL,
    -- asked, approved or refused.
    state        TEXT NOT NULL,
    asked_by     TEXT NOT NULL,
    asked_at     BIGINT NOT NULL,
    decided_by   TEXT NOT NULL,
    decided_at   BIGINT,
    -- Sealed: why it was asked for, and what was said of it.
    reason       BYTEA NOT NULL,
    decision     BYTEA NOT NULL,
    PRIMARY KEY (complaint_id, id)
) {without_rowid};

-- `satisfaction_call` of tasks that are made by themselves.
ALTER TABLE complaint_tasks ADD COLUMN kind TEXT NOT NULL DEFAULT '';
