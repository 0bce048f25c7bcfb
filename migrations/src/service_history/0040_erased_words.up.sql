-- What names people who were erased, as keyed hashes salted with their erasures, by the keyed hashes of their records: it is taken
-- out of the texts of visits that come in under these records later.
CREATE TABLE erased_words (
    record  BYTEA NOT NULL,
    word    BYTEA NOT NULL,
    chars   BIGINT NOT NULL,
    erasure TEXT NOT NULL,
    PRIMARY KEY (record, word)
) {without_rowid};
