-- Cars whose counters of the three guarantees are to be counted anew, and when. The round grows with each reason to, so
-- that one that comes while they are counted is not lost.
CREATE TABLE guarantee_checks (
    vin    TEXT PRIMARY KEY,
    due_at BIGINT NOT NULL,
    round  BIGINT NOT NULL
) {without_rowid};
CREATE INDEX ix_guarantee_checks_due ON guarantee_checks (due_at);

-- Thresholds of which others were told, and how near they were.
CREATE TABLE told_guarantees (
    vin     TEXT NOT NULL,
    rule    TEXT NOT NULL,
    subject TEXT NOT NULL,
    level   TEXT NOT NULL,
    PRIMARY KEY (vin, rule, subject)
) {without_rowid};

-- Customers of the top tiers, as others were told.
CREATE TABLE told_tiers (
    customer_id UUID PRIMARY KEY,
    tier        TEXT NOT NULL
) {without_rowid};
