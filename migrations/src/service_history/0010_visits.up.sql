-- Visits as they now stand. What is only shown lies in two blobs, the lines apart, so that overviews do not read them.
CREATE TABLE visits (
    id               UUID PRIMARY KEY,
    dealer           TEXT NOT NULL,
    order_number     TEXT NOT NULL,
    -- Empty if not given or not usable.
    vin              TEXT NOT NULL,
    source_record_id UUID,
    -- The projection of the links.
    customer_id      UUID,
    -- When it began; when it ended or came to us, if that is not known.
    happened_at      BIGINT NOT NULL,
    odometer_km      BIGINT NOT NULL,
    version          BIGINT NOT NULL,
    recorded_at      BIGINT NOT NULL,
    -- Keyed hash of the rows, by which the same visit again is known.
    content          BYTEA NOT NULL,
    header           BYTEA NOT NULL,
    lines            BYTEA NOT NULL
);
CREATE UNIQUE INDEX uq_visits_order ON visits (dealer, order_number);
-- Answers by itself which visit was first, what the meter read before and after, and which dealers know a car.
CREATE INDEX ix_visits_vin ON visits (vin, happened_at, id, dealer, odometer_km);
CREATE INDEX ix_visits_customer ON visits (customer_id, happened_at, id, dealer);
CREATE INDEX ix_visits_record ON visits (source_record_id);

-- Versions that a correction replaced.
CREATE TABLE visit_versions (
    visit_id         UUID NOT NULL,
    version          BIGINT NOT NULL,
    vin              TEXT NOT NULL,
    source_record_id UUID,
    happened_at      BIGINT NOT NULL,
    odometer_km      BIGINT NOT NULL,
    recorded_at      BIGINT NOT NULL,
    header           BYTEA NOT NULL,
    lines            BYTEA NOT NULL,
    PRIMARY KEY (visit_id, version)
) {without_rowid};

-- Which customer a source record belongs to, the VIN it names, and which event said so last.
CREATE TABLE record_links (
    source_record_id UUID PRIMARY KEY,
    customer_id      UUID NOT NULL,
    dealer           TEXT NOT NULL,
    vin              TEXT NOT NULL,
    position         BIGINT NOT NULL
) {without_rowid};
CREATE INDEX ix_record_links_customer ON record_links (customer_id, dealer);
CREATE INDEX ix_record_links_vin ON record_links (vin, dealer);

-- Customers that were merged away; `current` is NULL while the merge is undone.
CREATE TABLE customer_aliases (
    customer_id UUID PRIMARY KEY,
    current     UUID,
    position    BIGINT NOT NULL
) {without_rowid};

-- When a car was sold, as the vehicle service last said: the instant the day began in China.
CREATE TABLE vehicle_sales (
    vin      TEXT PRIMARY KEY,
    sold_at  BIGINT NOT NULL,
    position BIGINT NOT NULL
) {without_rowid};
