ALTER TABLE visits DROP COLUMN live_at;
