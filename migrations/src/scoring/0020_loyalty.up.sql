-- What was learnt from everybody: usual intervals, who comes back, how cars are driven. One row a name.
CREATE TABLE fitted (
    name      TEXT PRIMARY KEY,
    body      TEXT NOT NULL,
    fitted_at BIGINT NOT NULL
) {without_rowid};

-- Every customer who ever came, as his loyalty was last assessed.
CREATE TABLE loyalty (
    customer_id    UUID PRIMARY KEY,
    kind           TEXT NOT NULL,
    -- loyal, general, marginal or lost; empty for who never came.
    class          TEXT NOT NULL,
    -- potential, new, satisfied, retained or loyal.
    rung           TEXT NOT NULL,
    -- trusting, half_trusting, lost or won_back.
    trust          TEXT NOT NULL,
    -- Probability that he stays away, in thousandths; -1 for who never came.
    churn_permille BIGINT NOT NULL,
    -- Model of the car he last came with, and dealer he last came to; empty if not known.
    model          TEXT NOT NULL,
    dealer         TEXT NOT NULL,
    visits         BIGINT NOT NULL,
    last_visit     TEXT,
    -- The four degrees, 0 to 100; NULL where nothing is known.
    satisfaction   DOUBLE PRECISION,
    contribution   DOUBLE PRECISION,
    loyalty        DOUBLE PRECISION,
    dependence     DOUBLE PRECISION
) {without_rowid};
CREATE INDEX ix_loyalty_churn ON loyalty (trust, churn_permille DESC, customer_id);

-- Class, rung and trust as they were from an instant on.
CREATE TABLE loyalty_history (
    customer_id UUID NOT NULL,
    at          BIGINT NOT NULL,
    class       TEXT NOT NULL,
    rung        TEXT NOT NULL,
    trust       TEXT NOT NULL,
    PRIMARY KEY (customer_id, at)
) {without_rowid};

-- Maintenance plans by the name of a model; the empty name is for all others.
CREATE TABLE maintenance_plans (
    model        TEXT PRIMARY KEY,
    first_km     BIGINT NOT NULL,
    first_months BIGINT NOT NULL,
    every_km     BIGINT NOT NULL,
    every_months BIGINT NOT NULL
) {without_rowid};
