ALTER TABLE dealers DROP COLUMN phones;
