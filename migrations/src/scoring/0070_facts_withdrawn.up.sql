-- When the dealer withdrew a fact; NULL while it stands.
ALTER TABLE facts ADD COLUMN withdrawn_at BIGINT;

-- Purchases, payments and assessments as they stood before they were corrected or withdrawn, each until the version after it
-- came: what a past score rested on can still be shown.
CREATE TABLE fact_versions (
    id               UUID NOT NULL,
    version          BIGINT NOT NULL,
    kind             TEXT NOT NULL,
    source_record_id UUID,
    dealer           TEXT NOT NULL,
    vin              TEXT NOT NULL,
    happened_at      BIGINT NOT NULL,
    ended_at         BIGINT,
    amount_minor     BIGINT,
    level            DOUBLE PRECISION,
    odometer_km      BIGINT NOT NULL,
    code             TEXT NOT NULL,
    withdrawn_at     BIGINT,
    replaced_at      BIGINT NOT NULL,
    PRIMARY KEY (id, version)
) {without_rowid};
CREATE INDEX ix_fact_versions_record ON fact_versions (source_record_id);

-- Of who was won back: when he came again, how long he had stayed away, how often he came since, and how sure it is.
ALTER TABLE loyalty ADD COLUMN won_back_on TEXT;
ALTER TABLE loyalty ADD COLUMN away_days BIGINT;
ALTER TABLE loyalty ADD COLUMN visits_since BIGINT;
ALTER TABLE loyalty ADD COLUMN certainty TEXT;
