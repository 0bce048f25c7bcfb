-- What calls and letters found out about columns of a record, a line each; empty if nothing. The columns are named, not their values.
ALTER TABLE source_records ADD COLUMN checked TEXT NOT NULL DEFAULT '';
ALTER TABLE restricted_records ADD COLUMN checked TEXT NOT NULL DEFAULT '';
