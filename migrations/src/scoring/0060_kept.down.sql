DROP TABLE kept_dues;
DROP INDEX ix_loyalty_fitted;
ALTER TABLE loyalty DROP COLUMN fitted_at;
ALTER TABLE loyalty DROP COLUMN kept;
