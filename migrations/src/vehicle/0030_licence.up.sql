-- What the vehicle licence says a car is: the law of inspections goes by it.
-- car, bus, van or truck; empty if not known.
ALTER TABLE vehicles ADD COLUMN vehicle_class TEXT NOT NULL DEFAULT '';
-- private or operating; empty if not known.
ALTER TABLE vehicles ADD COLUMN vehicle_use TEXT NOT NULL DEFAULT '';
-- The driver's included; 0 if not known.
ALTER TABLE vehicles ADD COLUMN seats BIGINT NOT NULL DEFAULT 0;
