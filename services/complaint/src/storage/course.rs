//! The course of a case: entries, steps of the escalation, tasks.

use marque_auth::Scope;
use marque_core::{ComplaintId, Timestamp};
use marque_db::{Conn, Row, StoreError};
use uuid::Uuid;

use super::{CaseStore, blob};
use crate::domain::{ClockKind, Entry, Task, TaskKind, TaskState, step_code};

/// Acts as they are read back: whatever else stands there was written by a later release.
const ACTS: [&str; 13] = [
    "opened",
    "moved",
    "noted",
    "amended",
    "corrected",
    "paused",
    "resumed",
    "task_added",
    "task_finished",
    "solution_used",
    "attached",
    "compensation",
    "warned",
];

impl CaseStore {
    /// Writes an entry under a new id.
    pub(crate) fn add_entry(
        &self,
        conn: &mut Conn<'_>,
        case: ComplaintId,
        id: Uuid,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        let note = blob::seal_text(
            &self.vault,
            ("complaint_entries", id.as_bytes(), "note"),
            &entry.note,
        )
        .map_err(sealing)?;
        conn.execute(
            "INSERT INTO complaint_entries (complaint_id, id, at, act, actor, from_value, to_value, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            &[
                case.uuid().into(),
                id.into(),
                entry.at.into(),
                entry.act.into(),
                (&entry.actor).into(),
                (&entry.from).into(),
                (&entry.to).into(),
                (&note).into(),
            ],
        )?;
        Ok(())
    }

    /// Everything that happened to a case, steps of the escalation among it, oldest first.
    pub(crate) fn list_course(
        &self,
        conn: &mut Conn<'_>,
        _: &Scope,
        case: ComplaintId,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut course = conn.query(
            "SELECT id, at, act, actor, from_value, to_value, note FROM complaint_entries
             WHERE complaint_id = ?1 ORDER BY seq",
            &[case.uuid().into()],
            |row| {
                let (id, act): (Uuid, String) = (row.get(0)?, row.get(2)?);
                let sealed: Vec<u8> = row.get(6)?;
                let place = ("complaint_entries", id.as_bytes().as_slice(), "note");
                Ok(Entry {
                    act: ACTS
                        .into_iter()
                        .find(|known| *known == act)
                        .unwrap_or("changed"),
                    at: row.get(1)?,
                    actor: row.get(3)?,
                    from: row.get(4)?,
                    to: row.get(5)?,
                    note: blob::open_text(&self.vault, place, &sealed)?,
                })
            },
        )?;
        course.extend(steps_of(conn, case)?);
        course.sort_by_key(|entry| entry.at);
        Ok(course)
    }

    /// Writes a new task.
    pub(crate) fn add_task(
        &self,
        conn: &mut Conn<'_>,
        case: ComplaintId,
        task: &Task,
    ) -> Result<(), StoreError> {
        let place = ("complaint_tasks", task.id.as_bytes().as_slice(), "words");
        let words = blob::seal_text(&self.vault, place, &task.text).map_err(sealing)?;
        conn.execute(
            "INSERT INTO complaint_tasks
                 (complaint_id, id, department, owner, due_at, is_needed, state, created_at, finished_at, words, outcome,
                  kind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, ?9, ?10, ?11)",
            &[
                case.uuid().into(),
                task.id.into(),
                (&task.department).into(),
                (&task.owner).into(),
                task.due_at.into(),
                task.is_needed.into(),
                task.state.code().into(),
                task.created_at.into(),
                (&words).into(),
                [].as_slice().into(),
                task.kind.code().into(),
            ],
        )?;
        Ok(())
    }

    /// Ends a task.
    pub(crate) fn finish_task(
        &self,
        conn: &mut Conn<'_>,
        case: ComplaintId,
        task: &Task,
    ) -> Result<(), StoreError> {
        let place = ("complaint_tasks", task.id.as_bytes().as_slice(), "outcome");
        let outcome = blob::seal_text(&self.vault, place, &task.outcome).map_err(sealing)?;
        conn.execute(
            "UPDATE complaint_tasks SET state = ?3, finished_at = ?4, outcome = ?5 WHERE complaint_id = ?1 AND id = ?2",
            &[
                case.uuid().into(),
                task.id.into(),
                task.state.code().into(),
                task.finished_at.into(),
                (&outcome).into(),
            ],
        )?;
        Ok(())
    }

    /// The tasks of a case, oldest first.
    pub(crate) fn list_tasks(
        &self,
        conn: &mut Conn<'_>,
        _: &Scope,
        case: ComplaintId,
    ) -> Result<Vec<Task>, StoreError> {
        conn.query(
            "SELECT id, department, owner, due_at, is_needed, state, created_at, finished_at, words, outcome, kind
             FROM complaint_tasks WHERE complaint_id = ?1 ORDER BY created_at, id",
            &[case.uuid().into()],
            |row| {
                let id: Uuid = row.get(0)?;
                let text = |column, field| {
                    let sealed: Vec<u8> = row.get(column)?;
                    let place = ("complaint_tasks", id.as_bytes().as_slice(), field);
                    blob::open_text(&self.vault, place, &sealed)
                };
                Ok(Task {
                    id,
                    department: row.get(1)?,
                    text: text(8, "words")?,
                    owner: row.get(2)?,
                    due_at: row.get::<Option<Timestamp>>(3)?,
                    is_needed: row.get(4)?,
                    state: TaskState::parse(&row.get::<String>(5)?),
                    outcome: text(9, "outcome")?,
                    created_at: row.get(6)?,
                    finished_at: row.get(7)?,
                    kind: TaskKind::parse(&row.get::<String>(10)?),
                })
            },
        )
    }
}

/// The steps of the escalation as entries, each at the time it was taken.
fn steps_of(conn: &mut Conn<'_>, case: ComplaintId) -> Result<Vec<Entry>, StoreError> {
    conn.query(
        "SELECT kind, step, taken_at FROM complaint_escalations WHERE complaint_id = ?1 ORDER BY taken_at, step",
        &[case.uuid().into()],
        |row| {
            let kind = ClockKind::of_number(row.get(0)?);
            Ok(Entry {
                act: "escalated",
                at: row.get(2)?,
                actor: "complaint.scheduler".to_owned(),
                from: kind.map_or("", ClockKind::code).to_owned(),
                to: step_code(row.get(1)?).to_owned(),
                note: String::new(),
            })
        },
    )
}

pub(super) fn sealing(error: marque_vault::VaultError) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// What of a case the desk has amended: the names of the fields.
pub(crate) fn amended_fields(
    conn: &mut Conn<'_>,
    case: ComplaintId,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT from_value FROM complaint_entries WHERE complaint_id = ?1 AND act = 'amended'";
    let from = |row: &Row<'_>| row.get::<String>(0);
    let changed = conn.query(sql, &[case.uuid().into()], from)?.into_iter();
    Ok(changed
        .filter_map(|from| Some(from.split_once('=')?.0.to_owned()))
        .collect())
}
