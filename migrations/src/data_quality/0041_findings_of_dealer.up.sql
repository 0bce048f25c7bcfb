-- A dealer's findings, newest first: without it his list passes over those of all others.
CREATE INDEX ix_findings_of_dealer ON findings (dealer, state, opened_at, id);
