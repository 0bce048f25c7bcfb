-- Sums over records of each dealer and of each clerk, of all time (period '') and of each month; those of all purposes in one row,
-- whole numbers, so that counting on and counting anew agree to the last digit. The release before counts in `counters`; who starts
-- this one counts its records anew once (`backfills`, kind 'sums').
CREATE TABLE dealer_sums (
    kind   TEXT NOT NULL,
    period TEXT NOT NULL,
    dealer TEXT NOT NULL,
    points BYTEA NOT NULL,
    PRIMARY KEY (kind, period, dealer)
) {without_rowid};
CREATE INDEX ix_dealer_sums_months ON dealer_sums (kind, dealer, period);
-- Kept by dealer: records of one come together.
CREATE TABLE clerk_sums (
    kind   TEXT NOT NULL,
    dealer TEXT NOT NULL,
    period TEXT NOT NULL,
    clerk  TEXT NOT NULL,
    points BYTEA NOT NULL,
    PRIMARY KEY (kind, dealer, period, clerk)
) {without_rowid};

-- The department each clerk works in, as the network last said: cards of departments are sums of their clerks'.
CREATE TABLE clerks (
    dealer     TEXT NOT NULL,
    clerk      TEXT NOT NULL,
    department TEXT NOT NULL,
    PRIMARY KEY (dealer, clerk)
) {without_rowid};
INSERT INTO clerks (dealer, clerk, department)
    SELECT dealer, clerk, max(department) FROM records WHERE clerk <> '' GROUP BY dealer, clerk;

-- Records that were written singly: somebody waits for them, so they do not stand in the queue of an import. A table of their own, for
-- SQLite would look for the few among the many.
CREATE TABLE pending_live (
    kind     TEXT NOT NULL,
    record   UUID NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (kind, record)
) {without_rowid};

-- The figures behind a suspicion: how many would be usual, and the p value over all tests.
ALTER TABLE suspects ADD COLUMN expected DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE suspects ADD COLUMN q DOUBLE PRECISION NOT NULL DEFAULT 1;

-- Dealers whose score is well below that of the month before, and since when.
CREATE TABLE falls (
    dealer TEXT PRIMARY KEY,
    month  TEXT NOT NULL,
    since  BIGINT NOT NULL
);
-- What was told before is a fall that is known: nobody is told of it twice.
INSERT INTO falls (dealer, month, since)
    SELECT dealer, max(detail), max(raised_at) FROM alerts WHERE kind = 'score_fell' GROUP BY dealer;
