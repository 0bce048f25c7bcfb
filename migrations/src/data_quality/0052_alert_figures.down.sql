ALTER TABLE suspects DROP COLUMN burst_at;
ALTER TABLE alerts DROP COLUMN figures;
