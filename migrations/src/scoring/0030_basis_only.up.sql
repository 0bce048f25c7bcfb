-- Customers of whom nothing is known but that they exist have no row: that they are unscored follows from their records.
DELETE FROM loyalty WHERE customer_id IN (
    SELECT customer_id FROM scores WHERE state = 'unscored' AND length(inputs) = 4
);
DELETE FROM scores WHERE state = 'unscored' AND length(inputs) = 4;

-- Few records name who referred them.
DROP INDEX ix_record_links_referrer;
CREATE INDEX ix_record_links_referrer ON record_links (referrer) WHERE referrer IS NOT NULL;

-- How many customers of a kind a dealer has is counted from the index alone.
DROP INDEX ix_record_links_customer;
CREATE INDEX ix_record_links_customer ON record_links (customer_id, dealer, kind);

CREATE INDEX ix_customer_aliases_current ON customer_aliases (current) WHERE current IS NOT NULL;
