-- What came of calls, letters and deliveries.
CREATE TABLE verifications (
    id         UUID PRIMARY KEY,
    record     UUID NOT NULL,
    dealer     TEXT NOT NULL,
    -- Column that was checked; empty for the record as a whole.
    field      TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    method     TEXT NOT NULL,
    checked_at BIGINT NOT NULL,
    duration_s BIGINT,
    -- Checked by the dealer himself: kept, and not counted.
    is_own     BOOLEAN NOT NULL
);
CREATE INDEX ix_verifications_record ON verifications (record, checked_at);
CREATE INDEX ix_verifications_dealer ON verifications (dealer, checked_at);

-- Lists of records to be verified, and what they were drawn from.
CREATE TABLE work_lists (
    id         UUID PRIMARY KEY,
    seed       BIGINT NOT NULL,
    dealer     TEXT NOT NULL,
    region     TEXT NOT NULL,
    period     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);

CREATE TABLE work_items (
    list       UUID NOT NULL,
    position   BIGINT NOT NULL,
    record     UUID NOT NULL,
    dealer     TEXT NOT NULL,
    department TEXT NOT NULL,
    PRIMARY KEY (list, position)
) {without_rowid};

-- Points of the dealer assessment from a rate on; the release's own table while this is empty.
CREATE TABLE accuracy_points (
    least_checked BIGINT NOT NULL,
    from_rate     DOUBLE PRECISION NOT NULL,
    points        DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (from_rate)
);
