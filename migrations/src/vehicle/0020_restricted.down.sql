DROP TABLE restricted_parties;
