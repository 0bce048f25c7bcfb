ALTER TABLE loyalty DROP COLUMN certainty;
ALTER TABLE loyalty DROP COLUMN visits_since;
ALTER TABLE loyalty DROP COLUMN away_days;
ALTER TABLE loyalty DROP COLUMN won_back_on;
DROP TABLE fact_versions;
ALTER TABLE facts DROP COLUMN withdrawn_at;
