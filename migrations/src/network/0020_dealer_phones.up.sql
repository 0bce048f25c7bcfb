-- The dealer's own numbers, a line each: they must not turn up as a customer's.
ALTER TABLE dealers ADD COLUMN phones TEXT NOT NULL DEFAULT '';
