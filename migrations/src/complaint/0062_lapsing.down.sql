DROP INDEX ix_complaints_followed_up;
CREATE INDEX ix_complaints_followed_up ON complaints (updated_at, id) WHERE state = 'followed_up' AND resolved_at >= recorded_at;
