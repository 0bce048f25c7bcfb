ALTER TABLE imports DROP COLUMN held_since;
