DROP TABLE falls;
ALTER TABLE suspects DROP COLUMN q;
ALTER TABLE suspects DROP COLUMN expected;
-- What waits goes on waiting, in the queue that there was.
INSERT INTO pending (kind, record, position)
    SELECT kind, record, position FROM pending_live WHERE true
    ON CONFLICT (kind, record) DO NOTHING;
DROP TABLE pending_live;
-- Who comes back to this release counts anew.
DELETE FROM backfills WHERE kind = 'sums';
DROP TABLE clerks;
DROP TABLE clerk_sums;
DROP TABLE dealer_sums;
