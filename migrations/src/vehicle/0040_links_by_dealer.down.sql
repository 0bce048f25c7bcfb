DROP INDEX ix_record_links_customer;
ALTER TABLE record_links DROP COLUMN dealer;
