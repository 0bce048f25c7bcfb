{sqlite: DROP TRIGGER complaint_tasks_dealer}
{postgres: DROP TRIGGER complaint_tasks_dealer ON complaint_tasks}
{postgres: DROP FUNCTION complaint_tasks_dealer()}
ALTER TABLE complaint_tasks DROP COLUMN case_dealer;
