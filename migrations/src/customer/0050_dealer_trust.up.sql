-- How far each dealer's records are trusted, as the data-quality service last said (ADR 36).
CREATE TABLE dealer_trust (
    dealer   TEXT PRIMARY KEY,
    -- 0 to 100.
    percent  BIGINT NOT NULL,
    -- Grows with each word about the dealer: an older one never replaces a later one.
    version  BIGINT NOT NULL,
    -- Version of the standard it stands on.
    standard BIGINT NOT NULL,
    told_at  BIGINT NOT NULL
) {without_rowid};
