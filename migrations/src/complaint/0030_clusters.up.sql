-- What cars are, as the vehicle service has told.
CREATE TABLE car_facts (
    vin        TEXT PRIMARY KEY,
    model      TEXT NOT NULL,
    -- 0 if not known.
    model_year BIGINT NOT NULL,
    position   BIGINT NOT NULL
) {without_rowid};
CREATE INDEX ix_car_facts_model ON car_facts (model, model_year);

-- The tier a customer has, as the scoring service has told.
CREATE TABLE customer_tiers (
    customer_id UUID PRIMARY KEY,
    tier        TEXT NOT NULL,
    position    BIGINT NOT NULL
) {without_rowid};

-- How near cars are to thresholds of the three guarantees, as the scoring service has told.
CREATE TABLE guarantee_warnings (
    vin        TEXT NOT NULL,
    rule       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    level      TEXT NOT NULL,
    count      BIGINT NOT NULL,
    reached_at BIGINT NOT NULL,
    told_at    BIGINT NOT NULL,
    position   BIGINT NOT NULL,
    PRIMARY KEY (vin, rule, subject)
) {without_rowid};

-- Clusters that were out of the ordinary, each with the numbers behind it.
CREATE TABLE cluster_alerts (
    id             UUID PRIMARY KEY,
    part           TEXT NOT NULL,
    model          TEXT NOT NULL,
    model_year     BIGINT NOT NULL,
    span_from      BIGINT NOT NULL,
    span_to        BIGINT NOT NULL,
    hit            BIGINT NOT NULL,
    fleet          BIGINT NOT NULL,
    baseline       TEXT NOT NULL,
    baseline_hit   BIGINT NOT NULL,
    baseline_fleet DOUBLE PRECISION NOT NULL,
    expected       DOUBLE PRECISION NOT NULL,
    p_value        DOUBLE PRECISION NOT NULL,
    q_value        DOUBLE PRECISION NOT NULL,
    raised_at      BIGINT NOT NULL,
    seen_at        BIGINT NOT NULL
);
CREATE INDEX ix_cluster_alerts_raised ON cluster_alerts (raised_at, id);
CREATE INDEX ix_cluster_alerts_cluster ON cluster_alerts (part, model, model_year, seen_at);
