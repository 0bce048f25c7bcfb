ALTER TABLE vehicles DROP COLUMN seats;
ALTER TABLE vehicles DROP COLUMN vehicle_use;
ALTER TABLE vehicles DROP COLUMN vehicle_class;
