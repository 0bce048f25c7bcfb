ALTER TABLE findings DROP COLUMN repeats;
