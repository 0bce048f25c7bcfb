-- The figures behind an alert, as they were when it was raised; empty for one of a release that kept none.
ALTER TABLE alerts ADD COLUMN figures TEXT NOT NULL DEFAULT '';
-- The minute of a burst, in microseconds since 1970.
ALTER TABLE suspects ADD COLUMN burst_at BIGINT;
