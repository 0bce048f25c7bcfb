DROP TABLE customer_receptions;
