ALTER TABLE reconciliations DROP COLUMN closed;
UPDATE duplicates SET state = 'open' WHERE state = 'closed';
ALTER TABLE duplicates DROP COLUMN closed_because;
