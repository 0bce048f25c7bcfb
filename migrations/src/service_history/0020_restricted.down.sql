DROP TABLE restricted_visits;
