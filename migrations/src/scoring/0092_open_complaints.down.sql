DROP INDEX ix_facts_open_complaints;
