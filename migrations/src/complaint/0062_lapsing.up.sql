-- Cases that were followed up here, by when something last happened on them: nobody closes some of them. Where they were resolved does not
-- matter; what came in as followed up is in its first version.
DROP INDEX ix_complaints_followed_up;
CREATE INDEX ix_complaints_followed_up ON complaints (updated_at, id) WHERE state = 'followed_up' AND version > 1;
