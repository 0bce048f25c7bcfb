-- Why a pair left the queue without a steward's word: its state is `closed`; empty in any other.
ALTER TABLE duplicates ADD COLUMN closed_because TEXT NOT NULL DEFAULT '';
-- How many pairs each look closed.
ALTER TABLE reconciliations ADD COLUMN closed BIGINT NOT NULL DEFAULT 0;
