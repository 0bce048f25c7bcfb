{sqlite: DROP TRIGGER complaint_tasks_given}
{sqlite: DROP TRIGGER complaint_tasks_due}
{postgres: DROP TRIGGER complaint_tasks_given ON complaint_tasks}
{postgres: DROP TRIGGER complaint_tasks_due ON complaint_tasks}
{postgres: DROP FUNCTION complaint_tasks_due()}
DROP TABLE complaint_task_escalations;
ALTER TABLE complaint_tasks DROP COLUMN claimed_until;
ALTER TABLE complaint_tasks DROP COLUMN claimed_by;
ALTER TABLE complaint_tasks DROP COLUMN next_at;
ALTER TABLE complaint_tasks DROP COLUMN next_step;
ALTER TABLE complaint_tasks DROP COLUMN round;
