-- Cases with open tasks that they need and of which nobody said until when: the service gives them a due time.
CREATE INDEX ix_complaint_tasks_undated ON complaint_tasks (complaint_id) WHERE state = 'open' AND due_at IS NULL AND is_needed;
