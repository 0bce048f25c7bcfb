ALTER TABLE score_clock DROP COLUMN held_on;
DROP TABLE held_tiers;
