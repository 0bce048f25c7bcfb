-- Events written with the change they tell of. `position` is given after commit on PostgreSQL; on SQLite `seq` serves.
CREATE TABLE outbox (
    seq         {serial},
    position    BIGINT,
    id          UUID NOT NULL,
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    dealer      TEXT NOT NULL,
    at          BIGINT NOT NULL,
    data        BYTEA NOT NULL,
    traceparent TEXT NOT NULL
);
CREATE UNIQUE INDEX uq_outbox_position ON outbox (position);
CREATE INDEX ix_outbox_at ON outbox (at);

-- Events of others that were applied.
CREATE TABLE inbox (
    source TEXT NOT NULL,
    id     UUID NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (source, id)
) {without_rowid};

-- How far each feed was read.
CREATE TABLE event_cursors (
    source   TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);

-- Events that could not be applied, with the reason.
CREATE TABLE dead_letters (
    source TEXT NOT NULL,
    id     TEXT NOT NULL,
    kind   TEXT NOT NULL,
    data   BYTEA NOT NULL,
    reason TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (source, id)
);

-- Which region a dealer is in, as the network service last said: for scopes of a region.
CREATE TABLE dealer_regions (
    dealer TEXT PRIMARY KEY,
    region TEXT NOT NULL
);
CREATE INDEX ix_dealer_regions_region ON dealer_regions (region);
