ALTER TABLE vehicle_parties DROP COLUMN named_in;
ALTER TABLE vehicle_parties DROP COLUMN by_row;
