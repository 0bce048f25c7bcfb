ALTER TABLE restricted_records DROP COLUMN checked;
ALTER TABLE source_records DROP COLUMN checked;
