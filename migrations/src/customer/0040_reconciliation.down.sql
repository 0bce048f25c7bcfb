DROP INDEX ix_moves_at;
DROP TABLE reconciliations;
