DROP TABLE falls;
ALTER TABLE suspects DROP COLUMN q;
ALTER TABLE suspects DROP COLUMN expected;
DROP TABLE pending_live;
DROP TABLE clerks;
DROP TABLE clerk_sums;
DROP TABLE dealer_sums;
