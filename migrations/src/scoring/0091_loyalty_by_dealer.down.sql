DROP INDEX ix_loyalty_dealer;
