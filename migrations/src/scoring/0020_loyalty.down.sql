DROP TABLE maintenance_plans;
DROP TABLE loyalty_history;
DROP TABLE loyalty;
DROP TABLE fitted;
