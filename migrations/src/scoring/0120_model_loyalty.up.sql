-- Where a customer's loyalty class with one model is, or was, another than his class overall.
CREATE TABLE model_loyalty_history (
    customer_id UUID NOT NULL,
    -- Model, or series where cars have no model.
    model       TEXT NOT NULL,
    at          BIGINT NOT NULL,
    -- none of who never came with it; empty from when on it is his class overall.
    class       TEXT NOT NULL,
    PRIMARY KEY (customer_id, model, at)
) {without_rowid};
