CREATE INDEX ix_findings_dealer ON findings (dealer, state, kind, field, rule);
DROP INDEX ix_findings_of_staff;
CREATE INDEX ix_records_worst ON records (kind, dealer, total);
DROP INDEX ix_records_worst_of_staff;
