DROP TABLE dealer_trust;
