-- Whether the dealer himself sent the file: what he says of his own records does not count everywhere.
ALTER TABLE imports ADD COLUMN by_dealer BOOLEAN NOT NULL DEFAULT FALSE;
