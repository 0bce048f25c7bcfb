DROP TABLE benefit_plans;
