-- Which customer a source record belongs to, what it says of him, and which event said so last.
CREATE TABLE record_links (
    source_record_id UUID PRIMARY KEY,
    customer_id      UUID NOT NULL,
    dealer           TEXT NOT NULL,
    -- person or organization.
    kind             TEXT NOT NULL,
    -- Who referred him.
    referrer         UUID,
    -- 0 and empty if not known.
    region_code      BIGINT NOT NULL,
    birth_year       BIGINT NOT NULL,
    occupation       TEXT NOT NULL,
    -- When the record was typed.
    recorded_at      BIGINT NOT NULL,
    position         BIGINT NOT NULL
) {without_rowid};
CREATE INDEX ix_record_links_customer ON record_links (customer_id, dealer);
CREATE INDEX ix_record_links_dealer ON record_links (dealer, customer_id);
CREATE INDEX ix_record_links_referrer ON record_links (referrer);

-- Customers that were merged away; `current` is NULL while the merge is undone.
CREATE TABLE customer_aliases (
    customer_id UUID PRIMARY KEY,
    current     UUID,
    position    BIGINT NOT NULL
) {without_rowid};

-- Customers who said whether they want to be scored.
CREATE TABLE scoring_consents (
    customer_id UUID PRIMARY KEY,
    given       BIGINT NOT NULL,
    position    BIGINT NOT NULL
) {without_rowid};

-- Cars as the vehicle service last told.
CREATE TABLE vehicles (
    vin              TEXT PRIMARY KEY,
    vehicle_id       UUID NOT NULL,
    brand            TEXT NOT NULL,
    series           TEXT NOT NULL,
    model            TEXT NOT NULL,
    model_year       BIGINT NOT NULL,
    energy_type      TEXT NOT NULL,
    sale_date        TEXT,
    insurance_expiry TEXT,
    inspection_due   TEXT,
    warranty_end     TEXT,
    selling_dealer   TEXT NOT NULL,
    position         BIGINT NOT NULL
) {without_rowid};
CREATE UNIQUE INDEX uq_vehicles_id ON vehicles (vehicle_id);

-- Who owned or drove a car, by the source record that says so.
CREATE TABLE vehicle_parties (
    vin              TEXT NOT NULL,
    role             TEXT NOT NULL,
    source_record_id UUID NOT NULL,
    first_at         BIGINT NOT NULL,
    last_at          BIGINT NOT NULL,
    ended_at         BIGINT,
    PRIMARY KEY (vin, role, source_record_id)
) {without_rowid};
CREATE INDEX ix_vehicle_parties_record ON vehicle_parties (source_record_id);

-- What happened, each fact once, as it now stands. A fact belongs to a source record for ever.
CREATE TABLE facts (
    id               UUID PRIMARY KEY,
    -- visit, purchase, payment, assessment or complaint.
    kind             TEXT NOT NULL,
    source_record_id UUID,
    dealer           TEXT NOT NULL,
    -- Empty if not given.
    vin              TEXT NOT NULL,
    -- Opened, bought, assessed; the day a payment falls due.
    happened_at      BIGINT NOT NULL,
    -- Closed, paid; NULL while open.
    ended_at         BIGINT,
    amount_minor     BIGINT,
    -- Value of an assessment.
    level            DOUBLE PRECISION,
    -- 0 if not read.
    odometer_km      BIGINT NOT NULL,
    -- Kind of visit, subject of an assessment, category of a complaint.
    code             TEXT NOT NULL,
    version          BIGINT NOT NULL
) {without_rowid};
CREATE INDEX ix_facts_record ON facts (source_record_id, happened_at);
CREATE INDEX ix_facts_vin ON facts (vin, happened_at);

-- Models by version; a version never changes.
CREATE TABLE score_models (
    version      TEXT PRIMARY KEY,
    body         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    activated_at BIGINT,
    is_active    BIGINT NOT NULL
) {without_rowid};

-- The number of the last change of a score. Its row is held by whoever changes scores, so that changes become visible
-- in the order of their numbers.
CREATE TABLE score_clock (
    id     BIGINT PRIMARY KEY,
    change BIGINT NOT NULL
);
INSERT INTO score_clock (id, change) VALUES (1, 0);

-- Every customer as he is now assessed.
CREATE TABLE scores (
    customer_id   UUID PRIMARY KEY,
    -- scored, unscored, opted_out, or gone when no record is his any more.
    state         TEXT NOT NULL,
    kind          TEXT NOT NULL,
    -- Brands he drives, each after U+001F.
    brands        TEXT NOT NULL,
    -- Exact weighted sum, by which ranks are made.
    sum           BIGINT NOT NULL,
    hundredths    BIGINT NOT NULL,
    confidence    BIGINT NOT NULL,
    model_version TEXT NOT NULL,
    -- Inputs of the model, for replay and what-if.
    inputs        BYTEA NOT NULL,
    assessed_at   BIGINT NOT NULL,
    -- Business day up to which time is reckoned.
    assessed_on   TEXT NOT NULL,
    change        BIGINT NOT NULL
) {without_rowid};
CREATE UNIQUE INDEX uq_scores_change ON scores (change);
CREATE INDEX ix_scores_rank ON scores (state, kind, sum DESC, customer_id);
CREATE INDEX ix_scores_day ON scores (assessed_on, customer_id);

-- Every score there was: what a customer's row said from an instant on.
CREATE TABLE score_history (
    customer_id   UUID NOT NULL,
    at            BIGINT NOT NULL,
    state         TEXT NOT NULL,
    kind          TEXT NOT NULL,
    brands        TEXT NOT NULL,
    sum           BIGINT NOT NULL,
    hundredths    BIGINT NOT NULL,
    confidence    BIGINT NOT NULL,
    model_version TEXT NOT NULL,
    inputs        BYTEA NOT NULL,
    PRIMARY KEY (customer_id, at)
) {without_rowid};
