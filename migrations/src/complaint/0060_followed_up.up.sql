-- Cases that were resolved here and followed up, by when something last happened on them: nobody closes some of them.
CREATE INDEX ix_complaints_followed_up ON complaints (updated_at, id) WHERE state = 'followed_up' AND resolved_at >= recorded_at;
