{postgres: CREATE INDEX ix_source_records_customer ON source_records (customer)}
{postgres: DROP INDEX ix_source_records_customer_seq}
