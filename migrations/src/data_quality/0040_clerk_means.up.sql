-- What lists of clerks are ordered by: records and points of each clerk, for each purpose, of all clerks of a dealer's month in one row.
-- Who starts this release counts its records anew once (`backfills`, kind 'sums/means').
CREATE TABLE clerk_means (
    kind   TEXT NOT NULL,
    period TEXT NOT NULL,
    dealer TEXT NOT NULL,
    means  BYTEA NOT NULL,
    PRIMARY KEY (kind, period, dealer)
) {without_rowid};
