DROP TABLE told_trust;
