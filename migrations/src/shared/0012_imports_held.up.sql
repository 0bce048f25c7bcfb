-- Since when an import that is worked off does not go on, in microseconds; 0 once a batch of it is written.
ALTER TABLE imports ADD COLUMN held_since BIGINT NOT NULL DEFAULT 0;
