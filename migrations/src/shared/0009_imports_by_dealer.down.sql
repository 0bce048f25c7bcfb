ALTER TABLE imports DROP COLUMN by_dealer;
