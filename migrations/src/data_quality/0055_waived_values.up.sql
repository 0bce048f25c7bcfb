-- Keyed hash of what stood in the column: a waiver is of a value. NULL where the owner of the record has told none.
ALTER TABLE findings ADD COLUMN value BIGINT;
