-- Keyed hashes of source records whose people were erased: what a dealer's feed brings under them again is left out.
CREATE TABLE erased_records (
    token     BYTEA PRIMARY KEY,
    erased_at BIGINT NOT NULL
) {without_rowid};
