-- Customers who said whether they want to be cared for: reminded of what falls due.
CREATE TABLE care_consents (
    customer_id UUID PRIMARY KEY,
    given       BIGINT NOT NULL,
    position    BIGINT NOT NULL
) {without_rowid};
