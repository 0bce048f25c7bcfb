DELETE FROM guarantee_terms WHERE taken_back_at IS NOT NULL;
ALTER TABLE guarantee_terms DROP COLUMN taken_back_at;
