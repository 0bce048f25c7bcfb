-- When a record was last written live, in microseconds; 0 if it never was. A file that came before does not write over it.
ALTER TABLE source_records ADD COLUMN live_at BIGINT NOT NULL DEFAULT 0;
