-- Complaints on which work remains to be done: the tiers of who made them are told.
CREATE INDEX ix_facts_open_complaints ON facts (source_record_id) WHERE kind = 'complaint' AND ended_at IS NULL;
