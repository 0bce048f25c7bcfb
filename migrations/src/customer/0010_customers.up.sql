-- A golden customer is only an identity: its values are computed from its source records when it is read.
CREATE TABLE customers (
    number      {key},
    id          UUID NOT NULL,
    kind        BIGINT NOT NULL,
    merged_into BIGINT,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX uq_customers_id ON customers (id);
CREATE INDEX ix_customers_merged_into ON customers (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE source_records (
    seq          {key},
    id           UUID NOT NULL,
    customer     BIGINT NOT NULL,
    dealer       TEXT NOT NULL,
    source       TEXT NOT NULL,
    source_key   TEXT NOT NULL,
    -- Keyed hash of the row, to see whether it changed.
    content_hash BYTEA NOT NULL,
    -- The row as it came, sealed.
    sealed       BYTEA NOT NULL,
    -- What linkage compares of it, sealed; made anew of the row where it is missing or of another release.
    features     BYTEA,
    recorded_at  BIGINT NOT NULL,
    received_at  BIGINT NOT NULL,
    version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX uq_source_records_id ON source_records (id);
CREATE INDEX ix_source_records_customer ON source_records (customer);

-- Blind indexes: the first eight bytes of keyed hashes of phones, ID numbers, credit codes, plates, VINs and match keys,
-- under headquarters' keys and under each dealer's. A hit is a candidate; the opened record decides.
CREATE TABLE record_keys (
    token  BIGINT NOT NULL,
    record BIGINT NOT NULL,
    PRIMARY KEY (token, record)
) {without_rowid};

-- On SQLite: the tokens of one batch, until slice after slice of them is among the others
-- (services/customer/src/storage/keys.rs). Never changed; an id is never used again.
CREATE TABLE key_segments (
    id     UUID PRIMARY KEY,
    -- How many slices had been settled when it was written.
    born   BIGINT NOT NULL,
    -- Pairs of token and record, sorted, little-endian.
    tokens BYTEA NOT NULL
);

-- Pairs in segments that their records no longer have.
CREATE TABLE stale_keys (
    token  BIGINT NOT NULL,
    record BIGINT NOT NULL,
    PRIMARY KEY (token, record)
) {without_rowid};

-- How many slices were settled so far; one row.
CREATE TABLE key_slices (settled BIGINT NOT NULL);
INSERT INTO key_slices (settled) VALUES (0);

-- Merges and splits: which records went from where to where, so that they can go back.
CREATE TABLE moves (
    id            UUID PRIMARY KEY,
    act           TEXT NOT NULL,
    from_customer BIGINT NOT NULL,
    into_customer BIGINT NOT NULL,
    -- Sequence numbers of the records that moved, one a line.
    records       TEXT NOT NULL,
    at            BIGINT NOT NULL,
    actor         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    undone_at     BIGINT
);
CREATE INDEX ix_moves_from ON moves (from_customer);
CREATE INDEX ix_moves_into ON moves (into_customer);

-- Pairs that may be one customer, and the steward's word on them. left_customer < right_customer.
CREATE TABLE duplicates (
    id             UUID PRIMARY KEY,
    left_customer  BIGINT NOT NULL,
    right_customer BIGINT NOT NULL,
    probability    DOUBLE PRECISION NOT NULL,
    -- What deciding it is worth: the probability times the records that would find their owner.
    gain           DOUBLE PRECISION NOT NULL,
    reasons        TEXT NOT NULL,
    -- open, later, same, different, disputed.
    state          TEXT NOT NULL,
    found_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX uq_duplicates_pair ON duplicates (left_customer, right_customer);
CREATE INDEX ix_duplicates_state ON duplicates (state, gain, id);
CREATE INDEX ix_duplicates_right ON duplicates (right_customer);

-- Every word a steward ever said on a pair, so that two who disagree come to light and the matcher can learn.
CREATE TABLE duplicate_decisions (
    duplicate  UUID NOT NULL,
    decided_at BIGINT NOT NULL,
    decision   TEXT NOT NULL,
    actor      TEXT NOT NULL,
    reason     TEXT NOT NULL,
    -- How the two compared then: class of the pair, and a level a field, four bits each.
    class      BIGINT NOT NULL,
    levels     BIGINT NOT NULL,
    PRIMARY KEY (duplicate, decided_at, actor)
) {without_rowid};

CREATE TABLE consents (
    customer       BIGINT NOT NULL,
    purpose        TEXT NOT NULL,
    given          BOOLEAN NOT NULL,
    notice_version TEXT NOT NULL,
    channel        TEXT NOT NULL,
    changed_at     BIGINT NOT NULL,
    PRIMARY KEY (customer, purpose)
) {without_rowid};

-- A dealer received a customer at the counter: the file is open to him until then.
CREATE TABLE receptions (
    customer BIGINT NOT NULL,
    dealer   TEXT NOT NULL,
    until    BIGINT NOT NULL,
    PRIMARY KEY (customer, dealer)
) {without_rowid};

{postgres: CREATE SEQUENCE customers_number_seq}
{postgres: CREATE SEQUENCE source_records_seq_seq}
