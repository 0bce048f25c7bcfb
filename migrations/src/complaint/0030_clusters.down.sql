DROP TABLE cluster_alerts;
DROP TABLE guarantee_warnings;
DROP TABLE customer_tiers;
DROP TABLE car_facts;
