-- What was done once with what a release before had stored.
CREATE TABLE backfills (
    kind    TEXT PRIMARY KEY,
    done_at BIGINT NOT NULL
);
