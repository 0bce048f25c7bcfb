DROP INDEX ix_findings_of_dealer;
