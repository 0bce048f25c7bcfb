-- Customers whose files a look-up at a counter opened to a dealer, as the customer service tells.
CREATE TABLE customer_receptions (
    dealer      TEXT NOT NULL,
    customer_id UUID NOT NULL,
    until       BIGINT NOT NULL,
    PRIMARY KEY (dealer, customer_id)
) {without_rowid};
CREATE INDEX ix_customer_receptions_customer ON customer_receptions (customer_id);
-- Who was received stays received when merged.
CREATE INDEX IF NOT EXISTS ix_customer_aliases_current ON customer_aliases (current) WHERE current IS NOT NULL;
