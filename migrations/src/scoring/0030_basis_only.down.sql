DROP INDEX ix_customer_aliases_current;
DROP INDEX ix_record_links_customer;
CREATE INDEX ix_record_links_customer ON record_links (customer_id, dealer);
DROP INDEX ix_record_links_referrer;
CREATE INDEX ix_record_links_referrer ON record_links (referrer);
