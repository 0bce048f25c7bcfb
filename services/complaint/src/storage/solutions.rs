//! The knowledge base: solutions, their versions, and where they were used.

use marque_auth::Scope;
use marque_core::{ComplaintId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use crate::domain::{Among, Solution, SolutionState, Uses};

const COLUMNS: &str =
    "id, version, state, title, body, category, part, fault, author, approved_by, updated_at";

/// A solution by its id. Solutions belong to no dealer: every scope sees them.
pub(crate) fn find_solution(
    conn: &mut Conn<'_>,
    _: &Scope,
    id: Uuid,
) -> Result<Option<Solution>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM solutions WHERE id = ?1");
    conn.query_opt(&sql, &[id.into()], read)
}

/// Solutions by their ids, in no order.
pub(crate) fn find_solutions(
    conn: &mut Conn<'_>,
    _: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Solution>, StoreError> {
    let keys: Vec<Value<'_>> = ids.iter().map(|id| Value::Uuid(*id)).collect();
    let sql = format!("SELECT {COLUMNS} FROM solutions WHERE id IN (??)");
    conn.query_in(&sql, &[], &keys, read)
}

/// Solutions that changed since an instant, oldest first, at most so many.
pub(crate) fn list_changed_solutions(
    conn: &mut Conn<'_>,
    _: &Scope,
    after: (Timestamp, Uuid),
    limit: u32,
) -> Result<Vec<Solution>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM solutions WHERE (updated_at, id) > (?1, ?2) ORDER BY updated_at, id LIMIT ?3"
    );
    conn.query(&sql, &[after.0.into(), after.1.into(), limit.into()], read)
}

/// The solutions that changed last; of approved ones also those of which a newer draft waits or was rejected.
pub(crate) fn list_latest_solutions(
    conn: &mut Conn<'_>,
    _: &Scope,
    among: Among,
    limit: u32,
) -> Result<Vec<Solution>, StoreError> {
    let clause = match among {
        Among::All => "state <> 'retired'",
        Among::InForce => {
            "(state = 'approved' OR (state IN ('draft', 'rejected') AND version > 1))"
        }
        Among::Drafts => "state = 'draft'",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM solutions WHERE {clause} ORDER BY updated_at DESC, id DESC LIMIT ?1"
    );
    conn.query(&sql, &[limit.into()], read)
}

/// Earlier versions, newest first.
pub(crate) fn list_solution_versions(
    conn: &mut Conn<'_>,
    _: &Scope,
    id: Uuid,
) -> Result<Vec<Solution>, StoreError> {
    let columns = COLUMNS.replacen("id", "solution_id", 1);
    let sql = format!(
        "SELECT {columns} FROM solution_versions WHERE solution_id = ?1 ORDER BY version DESC"
    );
    conn.query(&sql, &[id.into()], read)
}

/// What of a solution is in force: itself if it is approved; while a draft waits for its approval, and when it was rejected, what was
/// approved before it.
pub(crate) fn in_force(
    conn: &mut Conn<'_>,
    _: &Scope,
    solution: Solution,
) -> Result<Option<Solution>, StoreError> {
    match solution.state {
        SolutionState::Approved => Ok(Some(solution)),
        SolutionState::Retired => Ok(None),
        SolutionState::Draft | SolutionState::Rejected => {
            let columns = COLUMNS.replacen("id", "solution_id", 1);
            let sql = format!(
                "SELECT {columns} FROM solution_versions WHERE solution_id = ?1 AND state NOT IN ('draft', 'rejected')
                 ORDER BY version DESC LIMIT 1"
            );
            let decided = conn.query_opt(&sql, &[solution.id.into()], read)?;
            Ok(decided.filter(|last| last.state == SolutionState::Approved))
        }
    }
}

/// Writes a solution; what stood there before is kept as a version where the text is another.
pub(crate) fn put_solution(conn: &mut Conn<'_>, solution: &Solution) -> Result<(), StoreError> {
    let columns = COLUMNS.replacen("id", "solution_id", 1);
    let keep = format!(
        "INSERT INTO solution_versions ({columns}) SELECT {COLUMNS} FROM solutions WHERE id = ?1 AND version < ?2"
    );
    conn.execute(&keep, &[solution.id.into(), solution.version.into()])?;
    conn.execute(
        "INSERT INTO solutions (id, version, state, title, body, category, part, fault, author, approved_by, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, title = excluded.title,
             body = excluded.body, category = excluded.category, part = excluded.part, fault = excluded.fault,
             author = excluded.author, approved_by = excluded.approved_by, updated_at = excluded.updated_at",
        &[
            solution.id.into(),
            solution.version.into(),
            solution.state.code().into(),
            (&solution.title).into(),
            (&solution.text).into(),
            (&solution.category).into(),
            (&solution.part).into(),
            (&solution.fault).into(),
            (&solution.author).into(),
            (&solution.approved_by).into(),
            solution.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// Notes that a solution was used on a case; once is enough.
pub(crate) fn use_solution(
    conn: &mut Conn<'_>,
    (solution, case): (&Solution, ComplaintId),
    actor: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let added = conn.execute(
        "INSERT INTO solution_uses (solution_id, complaint_id, version, actor, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
        &[
            solution.id.into(),
            case.uuid().into(),
            solution.version.into(),
            actor.into(),
            now.into(),
        ],
    )?;
    Ok(added == 1)
}

/// How often a solution was used and what came of it, in all the network: counts are about nobody.
pub(crate) fn count_uses(conn: &mut Conn<'_>, _: &Scope, id: Uuid) -> Result<Uses, StoreError> {
    let uses = conn.query_opt(
        "SELECT count(*),
                coalesce(sum(CASE WHEN NOT c.is_open AND c.reopened = 0 AND c.state <> 'withdrawn' THEN 1 ELSE 0 END), 0),
                coalesce(sum(CASE WHEN c.reopened > 0 THEN 1 ELSE 0 END), 0)
         FROM solution_uses AS used JOIN complaints AS c ON c.id = used.complaint_id WHERE used.solution_id = ?1",
        &[id.into()],
        |row| {
            Ok(Uses {
                used: row.get(0)?,
                succeeded: row.get(1)?,
                failed: row.get(2)?,
            })
        },
    )?;
    Ok(uses.unwrap_or_default())
}

fn read(row: &Row<'_>) -> Result<Solution, StoreError> {
    Ok(Solution {
        id: row.get(0)?,
        version: row.get(1)?,
        state: SolutionState::parse(&row.get::<String>(2)?),
        title: row.get(3)?,
        text: row.get(4)?,
        category: row.get(5)?,
        part: row.get(6)?,
        fault: row.get(7)?,
        author: row.get(8)?,
        approved_by: row.get(9)?,
        updated_at: row.get(10)?,
    })
}
