DROP TABLE told_tiers;
DROP TABLE told_guarantees;
DROP TABLE guarantee_checks;
