DROP INDEX ix_complaint_clocks_soonest;
DROP INDEX ix_complaint_clocks_dealer;
CREATE INDEX ix_complaint_clocks_dealer ON complaint_clocks (dealer);
