-- What the maker promises under the three guarantees, the law's least or more, by the certificates given with its cars.
CREATE TABLE guarantee_terms (
    -- The one car that has this certificate; empty for all cars of a model.
    vin           TEXT NOT NULL,
    -- Model, or series where cars have no model; empty for all others, and where there is a VIN.
    model         TEXT NOT NULL,
    -- For cars sold on this day or later.
    sold_from     TEXT NOT NULL,
    period_months BIGINT NOT NULL,
    period_km     BIGINT NOT NULL,
    repair_months BIGINT NOT NULL,
    repair_km     BIGINT NOT NULL,
    PRIMARY KEY (vin, model, sold_from)
) {without_rowid};
