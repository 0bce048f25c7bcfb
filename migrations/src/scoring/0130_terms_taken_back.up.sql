-- When a promise was taken back; null while it holds. The row stays, so that taking it back once more is answered as the first time.
ALTER TABLE guarantee_terms ADD COLUMN taken_back_at BIGINT;
