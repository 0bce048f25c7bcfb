-- Cases by the clock that runs out next: a dealer's, and everybody's.
DROP INDEX ix_complaint_clocks_dealer;
CREATE INDEX ix_complaint_clocks_dealer ON complaint_clocks (dealer, due_at, complaint_id);
CREATE INDEX ix_complaint_clocks_soonest ON complaint_clocks (due_at, complaint_id) WHERE due_at IS NOT NULL;
