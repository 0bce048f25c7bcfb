DROP INDEX ix_complaints_followed_up;
