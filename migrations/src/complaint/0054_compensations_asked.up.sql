-- Cases with a compensation that waits for its decision.
CREATE INDEX ix_complaint_compensations_asked ON complaint_compensations (complaint_id) WHERE state = 'asked';
