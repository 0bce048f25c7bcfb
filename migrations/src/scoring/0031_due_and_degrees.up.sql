-- What a customer is to each dealer he came to: the four degrees there, 0 to 100; NULL where nothing is known.
CREATE TABLE dealer_degrees (
    customer_id  UUID NOT NULL,
    dealer       TEXT NOT NULL,
    satisfaction DOUBLE PRECISION,
    contribution DOUBLE PRECISION,
    loyalty      DOUBLE PRECISION,
    dependence   DOUBLE PRECISION,
    PRIMARY KEY (customer_id, dealer)
) {without_rowid};
CREATE INDEX ix_dealer_degrees_dealer ON dealer_degrees (dealer);

-- What falls due for a car within the next months, by the day it was found to. What is shown is computed when asked for.
CREATE TABLE due_dates (
    vin         TEXT NOT NULL,
    -- maintenance, inspection, insurance or warranty.
    kind        TEXT NOT NULL,
    date        TEXT NOT NULL,
    -- Dealer the car last came to, or who sold it; empty if not known.
    dealer      TEXT NOT NULL,
    -- Whose it is now.
    customer_id UUID,
    PRIMARY KEY (vin, kind)
) {without_rowid};
CREATE INDEX ix_due_dates_day ON due_dates (date, vin, kind);
CREATE INDEX ix_due_dates_dealer ON due_dates (dealer, date, vin, kind);

-- The day for which it was found what falls due for the car; NULL when something was told of it since.
ALTER TABLE vehicles ADD COLUMN due_on TEXT;
CREATE INDEX ix_vehicles_due_on ON vehicles (due_on, vin);
