DROP TABLE model_loyalty_history;
