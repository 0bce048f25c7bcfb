DROP TABLE restricted_records;
DROP TABLE erased_numbers;
DROP TABLE erasures;
ALTER TABLE customers DROP COLUMN erased_at;
