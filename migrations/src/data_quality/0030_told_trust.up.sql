-- What others were last told of how far each dealer's records are trusted (ADR 36).
CREATE TABLE told_trust (
    dealer  TEXT PRIMARY KEY,
    -- 0 to 100.
    percent BIGINT NOT NULL,
    -- How often it was told.
    version BIGINT NOT NULL,
    told_at BIGINT NOT NULL
) {without_rowid};
