-- The dealer of a task's case, so that the tasks of a small dealer are found without reading everybody's. A trigger writes it, for an
-- older binary that knows nothing of it gives tasks too while a newer one is rolled out.
ALTER TABLE complaint_tasks ADD COLUMN case_dealer TEXT NOT NULL DEFAULT '';
{sqlite: CREATE TRIGGER complaint_tasks_dealer AFTER INSERT ON complaint_tasks WHEN NEW.case_dealer = '' BEGIN UPDATE complaint_tasks SET case_dealer = coalesce((SELECT dealer FROM complaints WHERE id = NEW.complaint_id), '') WHERE complaint_id = NEW.complaint_id AND id = NEW.id; END}
{postgres: CREATE FUNCTION complaint_tasks_dealer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.case_dealer := coalesce((SELECT c.dealer FROM complaints AS c WHERE c.id = NEW.complaint_id), ''); RETURN NEW; END $$}
{postgres: CREATE TRIGGER complaint_tasks_dealer BEFORE INSERT ON complaint_tasks FOR EACH ROW WHEN (NEW.case_dealer = '') EXECUTE FUNCTION complaint_tasks_dealer()}
