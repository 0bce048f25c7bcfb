-- What is shown of a customer's loyalty, as it was last found, and by what was learnt from everybody until then: a view of him
-- does not work it out anew. NULL until he is assessed again.
ALTER TABLE loyalty ADD COLUMN kept BYTEA;
ALTER TABLE loyalty ADD COLUMN fitted_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX ix_loyalty_fitted ON loyalty (fitted_at);

-- What is due for a car, as it was last found. It holds for as long as vehicles.due_on is the day it was found on.
CREATE TABLE kept_dues (
    vin       TEXT PRIMARY KEY,
    fitted_at BIGINT NOT NULL,
    kept      BYTEA NOT NULL
) {without_rowid};
CREATE INDEX ix_kept_dues_fitted ON kept_dues (fitted_at);
