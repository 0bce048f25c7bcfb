CREATE TABLE imports (
    id             UUID PRIMARY KEY,
    kind           TEXT NOT NULL,
    dealer         TEXT NOT NULL,
    source         TEXT NOT NULL,
    dry_run        BOOLEAN NOT NULL,
    format         TEXT NOT NULL,
    mapping        TEXT NOT NULL,
    -- The file's headers, as a JSON list, for giving quarantined rows back.
    headers        TEXT NOT NULL,
    actor          TEXT NOT NULL,
    state          TEXT NOT NULL,
    spool          TEXT NOT NULL,
    size_bytes     BIGINT NOT NULL,
    done_bytes     BIGINT NOT NULL,
    -- Where the next batch begins, as the reader of the format wrote it; empty at the start.
    checkpoint     TEXT NOT NULL,
    received       BIGINT NOT NULL,
    accepted       BIGINT NOT NULL,
    with_findings  BIGINT NOT NULL,
    quarantined    BIGINT NOT NULL,
    unchanged      BIGINT NOT NULL,
    problem_reason TEXT NOT NULL,
    problem_detail TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    finished_at    BIGINT,
    -- The process that works on it, and until when it may.
    claimed_by     TEXT NOT NULL,
    claimed_until  BIGINT NOT NULL
);
CREATE INDEX ix_imports_dealer ON imports (dealer, id);
CREATE INDEX ix_imports_state ON imports (state, id);

-- What became of the rows, a batch of lines a row: `rows` is an encoded list, the counts tell which batches to open.
CREATE TABLE import_batches (
    import_id     UUID NOT NULL,
    first_line    BIGINT NOT NULL,
    accepted      BIGINT NOT NULL,
    with_findings BIGINT NOT NULL,
    quarantined   BIGINT NOT NULL,
    unchanged     BIGINT NOT NULL,
    rows          BYTEA NOT NULL,
    PRIMARY KEY (import_id, first_line)
) {without_rowid};

-- Quarantined rows as they came, sealed, so that they can be given back.
CREATE TABLE import_quarantine (
    import_id UUID NOT NULL,
    line      BIGINT NOT NULL,
    sealed    BYTEA NOT NULL,
    PRIMARY KEY (import_id, line)
) {without_rowid};
