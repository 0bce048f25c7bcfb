-- The dealers of tasks that were there before.
UPDATE complaint_tasks SET case_dealer = coalesce((SELECT c.dealer FROM complaints AS c WHERE c.id = complaint_tasks.complaint_id), '')
WHERE case_dealer = '';
-- A dealer's tasks, the soonest due first; those without a due time come last.
CREATE INDEX ix_complaint_tasks_dealer ON complaint_tasks (case_dealer, state, (coalesce(due_at, 9223372036854775807)), id);
