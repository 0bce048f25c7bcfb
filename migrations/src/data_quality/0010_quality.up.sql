-- Records that changed and were not looked at yet. `position` tells a change that came while the record was being fetched.
CREATE TABLE pending (
    kind     TEXT NOT NULL,
    record   UUID NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (kind, record)
) {without_rowid};

-- Kinds whose records were all asked for once, since events are not kept for ever.
CREATE TABLE backfills (
    kind    TEXT PRIMARY KEY,
    done_at BIGINT NOT NULL
);

-- What is known of each record: coded facts and keyed hashes, no value of it.
CREATE TABLE records (
    id          UUID PRIMARY KEY,
    kind        TEXT NOT NULL,
    dealer      TEXT NOT NULL,
    department  TEXT NOT NULL,
    clerk       TEXT NOT NULL,
    -- Month it was entered in, YYYY-MM.
    period      TEXT NOT NULL,
    version     BIGINT NOT NULL,
    -- Version of the standard it was scored by.
    standard    BIGINT NOT NULL,
    -- Overall score in hundredths, 0 to 10,000.
    total       BIGINT NOT NULL,
    -- Credibility in thousandths: 1000 less the strongest sign of invention.
    credibility BIGINT NOT NULL,
    facts       BYTEA NOT NULL,
    scored      BYTEA NOT NULL,
    entry       BYTEA NOT NULL,
    -- Signs of invention: kind:strength in thousandths, separated by commas.
    signs       TEXT NOT NULL,
    checked_at  BIGINT NOT NULL
);
CREATE INDEX ix_records_worst ON records (kind, dealer, total);
CREATE INDEX ix_records_standard ON records (kind, standard);

-- Sums over records: of a dealer, a department, a clerk; of all time (period '') and of each month. Whole numbers, so that
-- counting on and counting anew agree to the last digit.
CREATE TABLE counters (
    kind       TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    level      TEXT NOT NULL,
    period     TEXT NOT NULL,
    dealer     TEXT NOT NULL,
    department TEXT NOT NULL,
    clerk      TEXT NOT NULL,
    records    BIGINT NOT NULL,
    qualified  BIGINT NOT NULL,
    suspicious BIGINT NOT NULL,
    total      BIGINT NOT NULL,
    completeness   BIGINT NOT NULL,
    validity       BIGINT NOT NULL,
    accuracy       BIGINT NOT NULL,
    consistency    BIGINT NOT NULL,
    uniqueness     BIGINT NOT NULL,
    timeliness     BIGINT NOT NULL,
    completeness_n BIGINT NOT NULL,
    validity_n     BIGINT NOT NULL,
    accuracy_n     BIGINT NOT NULL,
    consistency_n  BIGINT NOT NULL,
    uniqueness_n   BIGINT NOT NULL,
    timeliness_n   BIGINT NOT NULL,
    PRIMARY KEY (kind, purpose, level, period, dealer, department, clerk)
) {without_rowid};
CREATE INDEX ix_counters_dealer ON counters (kind, purpose, level, dealer, period);

CREATE TABLE findings (
    id         UUID PRIMARY KEY,
    record     UUID NOT NULL,
    kind       TEXT NOT NULL,
    dealer     TEXT NOT NULL,
    department TEXT NOT NULL,
    clerk      TEXT NOT NULL,
    field      TEXT NOT NULL,
    rule       TEXT NOT NULL,
    other      TEXT NOT NULL,
    number     BIGINT,
    severity   BIGINT NOT NULL,
    -- Of a sign of invention, in thousandths; 0 for rules.
    strength   BIGINT NOT NULL,
    standard   BIGINT NOT NULL,
    state      TEXT NOT NULL,
    opened_at  BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    reopened   BIGINT NOT NULL,
    reason     TEXT NOT NULL
);
CREATE UNIQUE INDEX uq_findings_record ON findings (record, field, rule);
CREATE INDEX ix_findings_dealer ON findings (dealer, state, kind, field, rule);
CREATE INDEX ix_findings_newest ON findings (state, opened_at, id);

-- Versions of the standard besides those that come with the release.
CREATE TABLE standards (
    kind           TEXT NOT NULL,
    version        BIGINT NOT NULL,
    state          TEXT NOT NULL,
    effective_from TEXT NOT NULL,
    text           TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    created_by     TEXT NOT NULL,
    PRIMARY KEY (kind, version)
);

-- Dealers and clerks whose entries chance does not explain, as of the last comparison.
CREATE TABLE suspects (
    dealer   TEXT NOT NULL,
    clerk    TEXT NOT NULL,
    kind     TEXT NOT NULL,
    strength DOUBLE PRECISION NOT NULL,
    p        DOUBLE PRECISION NOT NULL,
    bearing  BIGINT NOT NULL,
    looked_at BIGINT NOT NULL,
    since    BIGINT NOT NULL,
    PRIMARY KEY (dealer, clerk, kind)
);

CREATE TABLE assessments (
    kind        TEXT PRIMARY KEY,
    assessed_at BIGINT NOT NULL
);

CREATE TABLE alerts (
    id            UUID PRIMARY KEY,
    kind          TEXT NOT NULL,
    dealer        TEXT NOT NULL,
    clerk         TEXT NOT NULL,
    detail        TEXT NOT NULL,
    state         TEXT NOT NULL,
    snoozed_until BIGINT,
    outcome       TEXT NOT NULL,
    remark        TEXT NOT NULL,
    raised_at     BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL,
    changed_by    TEXT NOT NULL
);
CREATE INDEX ix_alerts_subject ON alerts (dealer, kind, clerk, detail);
CREATE INDEX ix_alerts_newest ON alerts (state, raised_at, id);
