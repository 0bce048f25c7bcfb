ALTER TABLE dead_letters DROP COLUMN is_due;
ALTER TABLE dead_letters DROP COLUMN tries;
ALTER TABLE dead_letters DROP COLUMN traceparent;
ALTER TABLE dead_letters DROP COLUMN happened_at;
ALTER TABLE dead_letters DROP COLUMN dealer;
ALTER TABLE dead_letters DROP COLUMN subject;
ALTER TABLE dead_letters DROP COLUMN position;
