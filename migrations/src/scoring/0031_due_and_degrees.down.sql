DROP INDEX ix_vehicles_due_on;
ALTER TABLE vehicles DROP COLUMN due_on;
DROP TABLE due_dates;
DROP TABLE dealer_degrees;
