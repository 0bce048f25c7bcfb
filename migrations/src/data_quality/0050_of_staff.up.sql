-- What explains the card of a clerk or department: its worst records and its rules are found in the indexes alone, without a look at each
-- of the dealer's rows. They stand in the place of shorter ones, so that a write is as dear as before.
CREATE INDEX ix_records_worst_of_staff ON records (kind, dealer, total, clerk, department, period);
DROP INDEX ix_records_worst;
CREATE INDEX ix_findings_of_staff ON findings (dealer, state, kind, field, rule, clerk, department);
DROP INDEX ix_findings_dealer;
