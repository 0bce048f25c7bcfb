-- When which step of the escalation of a task is due that is not done in time. Triggers set it when a task is given and when its due time
-- changes, for an older binary that knows nothing of it does both too while a newer one is rolled out.
ALTER TABLE complaint_tasks ADD COLUMN round BIGINT NOT NULL DEFAULT 0;
-- 3 manager, 4 region, 5 headquarters.
ALTER TABLE complaint_tasks ADD COLUMN next_step BIGINT;
ALTER TABLE complaint_tasks ADD COLUMN next_at BIGINT;
-- Which scheduler has taken it on, and until when that counts.
ALTER TABLE complaint_tasks ADD COLUMN claimed_by UUID;
ALTER TABLE complaint_tasks ADD COLUMN claimed_until BIGINT NOT NULL DEFAULT 0;

-- Steps that were taken. The key is why none is taken twice.
CREATE TABLE complaint_task_escalations (
    complaint_id UUID NOT NULL,
    task_id      UUID NOT NULL,
    -- Each due time the task was given counts for itself.
    round        BIGINT NOT NULL,
    step         BIGINT NOT NULL,
    -- Whose task it was then.
    department   TEXT NOT NULL,
    -- When it was due, and when it was taken.
    due_at       BIGINT NOT NULL,
    taken_at     BIGINT NOT NULL,
    PRIMARY KEY (complaint_id, task_id, round, step)
) {without_rowid};
{sqlite: CREATE TRIGGER complaint_tasks_given AFTER INSERT ON complaint_tasks WHEN NEW.due_at IS NOT NULL BEGIN UPDATE complaint_tasks SET round = 1, next_step = 3, next_at = NEW.due_at WHERE complaint_id = NEW.complaint_id AND id = NEW.id; END}
{sqlite: CREATE TRIGGER complaint_tasks_due AFTER UPDATE OF due_at ON complaint_tasks WHEN NEW.due_at IS NOT OLD.due_at BEGIN UPDATE complaint_tasks SET round = NEW.round + 1, next_step = 3, next_at = NEW.due_at, claimed_by = NULL, claimed_until = 0 WHERE complaint_id = NEW.complaint_id AND id = NEW.id; END}
{postgres: CREATE FUNCTION complaint_tasks_due() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.round := NEW.round + 1; NEW.next_step := 3; NEW.next_at := NEW.due_at; NEW.claimed_by := NULL; NEW.claimed_until := 0; RETURN NEW; END $$}
{postgres: CREATE TRIGGER complaint_tasks_given BEFORE INSERT ON complaint_tasks FOR EACH ROW WHEN (NEW.due_at IS NOT NULL) EXECUTE FUNCTION complaint_tasks_due()}
{postgres: CREATE TRIGGER complaint_tasks_due BEFORE UPDATE OF due_at ON complaint_tasks FOR EACH ROW WHEN (NEW.due_at IS DISTINCT FROM OLD.due_at) EXECUTE FUNCTION complaint_tasks_due()}
