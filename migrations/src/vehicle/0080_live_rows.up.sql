-- When a row was last written live, in microseconds; 0 if it never was. A file that came before does not write over it.
ALTER TABLE vehicle_rows ADD COLUMN live_at BIGINT NOT NULL DEFAULT 0;
