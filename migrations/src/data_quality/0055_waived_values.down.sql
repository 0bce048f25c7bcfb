ALTER TABLE findings DROP COLUMN value;
