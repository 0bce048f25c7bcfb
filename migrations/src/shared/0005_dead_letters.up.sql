-- The whole envelope, so that an event set aside can be tried again, and whether somebody asked for that.
ALTER TABLE dead_letters ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN dealer TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN happened_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN tries BIGINT NOT NULL DEFAULT 1;
ALTER TABLE dead_letters ADD COLUMN is_due BOOLEAN NOT NULL DEFAULT FALSE;
