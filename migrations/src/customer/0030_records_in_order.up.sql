-- A customer's newest records: without their order in the index PostgreSQL reads the whole table from its end. SQLite's index has
-- it already, for seq is the row's own number there.
{postgres: CREATE INDEX ix_source_records_customer_seq ON source_records (customer, seq)}
{postgres: DROP INDEX ix_source_records_customer}
