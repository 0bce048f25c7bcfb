ALTER TABLE vehicle_rows DROP COLUMN live_at;
