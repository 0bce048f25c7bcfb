ALTER TABLE source_records DROP COLUMN live_at;
