-- Whom one dealer is about to lose, asked by headquarters.
CREATE INDEX ix_loyalty_dealer ON loyalty (dealer, churn_permille DESC, customer_id);
