-- The terms of tasks that were open before.
UPDATE complaint_tasks SET round = 1, next_step = 3, next_at = due_at WHERE state = 'open' AND due_at IS NOT NULL AND round = 0;
-- What the scheduler asks for: terms that are due, and those it has taken on.
CREATE INDEX ix_complaint_tasks_next ON complaint_tasks (next_at) WHERE next_at IS NOT NULL AND state = 'open';
CREATE INDEX ix_complaint_tasks_claim ON complaint_tasks (claimed_by) WHERE claimed_by IS NOT NULL;
