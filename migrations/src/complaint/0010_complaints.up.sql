-- Cases as they now stand. What people said lies sealed in the body.
CREATE TABLE complaints (
    id               UUID PRIMARY KEY,
    -- The number people say aloud, without its check digit.
    serial           BIGINT NOT NULL,
    dealer           TEXT NOT NULL,
    source           TEXT NOT NULL,
    -- Key in the source; empty if it came from none.
    complaint_key    TEXT NOT NULL,
    source_record_id UUID,
    -- The projection of the links.
    customer_id      UUID,
    vin              TEXT NOT NULL,
    visit            TEXT NOT NULL,
    channel          TEXT NOT NULL,
    category         TEXT NOT NULL,
    -- 1 low to 4 critical.
    severity         BIGINT NOT NULL,
    -- What the customer is to us: vip, major or ordinary.
    tier             TEXT NOT NULL,
    department       TEXT NOT NULL,
    part             TEXT NOT NULL,
    fault            TEXT NOT NULL,
    state            TEXT NOT NULL,
    is_open          BOOLEAN NOT NULL,
    -- Highest step of the escalation: 0 none, 1 warning, 2 agent, 3 manager, 4 region, 5 headquarters.
    level            BIGINT NOT NULL,
    opened_at        BIGINT NOT NULL,
    recorded_at      BIGINT NOT NULL,
    acknowledged_at  BIGINT,
    resolved_at      BIGINT,
    closed_at        BIGINT,
    updated_at       BIGINT NOT NULL,
    reopened         BIGINT NOT NULL,
    repeat_of        UUID,
    -- 1 to 5; 0 while not asked.
    satisfied_resolution BIGINT NOT NULL,
    satisfied_handling   BIGINT NOT NULL,
    version          BIGINT NOT NULL,
    -- Keyed hash of an imported row, by which the same row again is known; empty for others.
    content          BYTEA NOT NULL,
    body             BYTEA NOT NULL
);
CREATE UNIQUE INDEX uq_complaints_serial ON complaints (serial);
CREATE UNIQUE INDEX uq_complaints_key ON complaints (dealer, source, complaint_key) WHERE complaint_key <> '';
CREATE INDEX ix_complaints_opened ON complaints (opened_at, id);
CREATE INDEX ix_complaints_dealer ON complaints (dealer, opened_at, id);
CREATE INDEX ix_complaints_customer ON complaints (customer_id, opened_at, id);
CREATE INDEX ix_complaints_record ON complaints (source_record_id);
CREATE INDEX ix_complaints_vin ON complaints (vin, opened_at, id);
CREATE INDEX ix_complaints_open ON complaints (opened_at, id) WHERE is_open;

-- The clocks of cases. What is due lies in next_at, so that no memory of a process is needed to escalate it.
CREATE TABLE complaint_clocks (
    complaint_id  UUID NOT NULL,
    -- 1 first response, 2 next update, 3 resolution, 4 answer by law, 5 remedy by law.
    kind          BIGINT NOT NULL,
    dealer        TEXT NOT NULL,
    round         BIGINT NOT NULL,
    -- 0 running, 1 paused, 2 met, 3 stopped.
    standing      BIGINT NOT NULL,
    begun_at      BIGINT NOT NULL,
    -- Working microseconds.
    budget        BIGINT NOT NULL,
    used          BIGINT NOT NULL,
    since         BIGINT NOT NULL,
    due_at        BIGINT,
    next_step     BIGINT,
    next_at       BIGINT,
    is_overdue    BOOLEAN NOT NULL,
    -- Which scheduler has taken it on, and until when that counts.
    claimed_by    UUID,
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (complaint_id, kind)
);
CREATE INDEX ix_complaint_clocks_due ON complaint_clocks (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ix_complaint_clocks_dealer ON complaint_clocks (dealer);
CREATE INDEX ix_complaint_clocks_claim ON complaint_clocks (claimed_by) WHERE claimed_by IS NOT NULL;

-- Steps that were taken. The key is why none is taken twice.
CREATE TABLE complaint_escalations (
    complaint_id UUID NOT NULL,
    kind         BIGINT NOT NULL,
    round        BIGINT NOT NULL,
    step         BIGINT NOT NULL,
    -- When it was due, and when it was taken.
    due_at       BIGINT NOT NULL,
    taken_at     BIGINT NOT NULL,
    PRIMARY KEY (complaint_id, kind, round, step)
) {without_rowid};

-- The course of cases: moves, notes, pauses.
CREATE TABLE complaint_entries (
    -- In the order in which they happened: several may be of one instant.
    seq          {serial},
    complaint_id UUID NOT NULL,
    id           UUID NOT NULL,
    at           BIGINT NOT NULL,
    act          TEXT NOT NULL,
    actor        TEXT NOT NULL,
    from_value   TEXT NOT NULL,
    to_value     TEXT NOT NULL,
    -- Sealed; empty if nothing was said.
    note         BYTEA NOT NULL
);
CREATE INDEX ix_complaint_entries ON complaint_entries (complaint_id, seq);

CREATE TABLE complaint_tasks (
    complaint_id UUID NOT NULL,
    id           UUID NOT NULL,
    department   TEXT NOT NULL,
    owner        TEXT NOT NULL,
    due_at       BIGINT,
    is_needed    BOOLEAN NOT NULL,
    state        TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    finished_at  BIGINT,
    -- Sealed: what is to be done, and what came of it.
    words        BYTEA NOT NULL,
    outcome      BYTEA NOT NULL,
    PRIMARY KEY (complaint_id, id)
);

-- Opening hours and days of dealers who have told theirs.
CREATE TABLE dealer_calendars (
    dealer         TEXT PRIMARY KEY,
    opens          BIGINT NOT NULL,
    closes         BIGINT NOT NULL,
    offset_minutes BIGINT NOT NULL,
    every_day      BOOLEAN NOT NULL,
    -- ISO dates with commas between.
    closed_days    TEXT NOT NULL,
    open_days      TEXT NOT NULL
) {without_rowid};

-- Which customer a source record belongs to, and which event said so last.
CREATE TABLE record_links (
    source_record_id UUID PRIMARY KEY,
    customer_id      UUID NOT NULL,
    dealer           TEXT NOT NULL,
    position         BIGINT NOT NULL
) {without_rowid};
CREATE INDEX ix_record_links_customer ON record_links (customer_id, dealer);

-- Customers that were merged away; `current` is NULL while the merge is undone.
CREATE TABLE customer_aliases (
    customer_id UUID PRIMARY KEY,
    current     UUID,
    position    BIGINT NOT NULL
) {without_rowid};
{postgres: CREATE SEQUENCE complaints_serial_seq}
