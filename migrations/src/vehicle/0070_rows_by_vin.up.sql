-- The rows of a car, of all dealers.
CREATE INDEX ix_vehicle_rows_vin ON vehicle_rows (vin, dealer, source);
