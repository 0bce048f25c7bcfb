//! The course of a case: entries, steps of the escalation.

use marque_auth::Scope;
use marque_core::{ComplaintId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use super::{CaseStore, blob};
use crate::domain::{ClockKind, Entry, step_code};

/// Acts as they are read back: whatever else stands there was written by a later release.
const ACTS: [&str; 19] = [
    "opened",
    "moved",
    "filed",
    "answered",
    "noted",
    "amended",
    "corrected",
    "paused",
    "resumed",
    "task_added",
    "task_amended",
    "task_finished",
    "solution_used",
    "attached",
    "compensation",
    "warned",
    "ranked",
    "lapsed",
    Entry::ERASED,
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
        let mut steps = steps_of(conn, case)?;
        steps.extend(task_steps_of(conn, case)?);
        // Those that were taken together after an outage stand in the order in which they fell due.
        steps.sort_by_key(|(due_at, _)| *due_at);
        course.extend(steps.into_iter().map(|(_, entry)| entry));
        course.sort_by_key(|entry| entry.at);
        Ok(course)
    }
}

/// The steps of the escalation as entries, each at the time it was taken, with when it was due.
fn steps_of(conn: &mut Conn<'_>, case: ComplaintId) -> Result<Vec<(Timestamp, Entry)>, StoreError> {
    conn.query(
        "SELECT kind, step, taken_at, due_at FROM complaint_escalations WHERE complaint_id = ?1 ORDER BY step",
        &[case.uuid().into()],
        |row| {
            let kind = ClockKind::of_number(row.get(0)?);
            let clock = kind.map_or("", ClockKind::code).to_owned();
            escalated(clock, row)
        },
    )
}

/// Those of its tasks.
fn task_steps_of(
    conn: &mut Conn<'_>,
    case: ComplaintId,
) -> Result<Vec<(Timestamp, Entry)>, StoreError> {
    conn.query(
        "SELECT department, step, taken_at, due_at FROM complaint_task_escalations WHERE complaint_id = ?1 ORDER BY step",
        &[case.uuid().into()],
        |row| escalated(format!("task: {}", row.get::<String>(0)?), row),
    )
}

/// A step of what escalates, from the columns that follow it.
fn escalated(from: String, row: &Row<'_>) -> Result<(Timestamp, Entry), StoreError> {
    let entry = Entry {
        act: "escalated",
        at: row.get(2)?,
        actor: "complaint.scheduler".to_owned(),
        from,
        to: step_code(row.get(1)?).to_owned(),
        note: String::new(),
    };
    Ok((row.get(3)?, entry))
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

/// Of some cases those whose customers were erased, in no order.
pub(crate) fn erased_cases(
    conn: &mut Conn<'_>,
    cases: &[ComplaintId],
) -> Result<Vec<ComplaintId>, StoreError> {
    let keys: Vec<Value<'_>> = cases.iter().map(|case| case.uuid().into()).collect();
    let sql = "SELECT DISTINCT complaint_id FROM complaint_entries
               WHERE act = 'erased' AND complaint_id IN (??)";
    conn.query_in(sql, &[], &keys, |row| Ok(row.get::<Uuid>(0)?.into()))
}

/// Whether anybody has moved a case here, the customer by his answer among them; what a file said does not count.
pub(crate) fn was_moved(conn: &mut Conn<'_>, case: ComplaintId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM complaint_entries WHERE complaint_id = ?1 AND act IN ('moved', 'answered') LIMIT 1";
    let found = conn.query_opt(sql, &[case.uuid().into()], |_| Ok(()))?;
    Ok(found.is_some())
}
