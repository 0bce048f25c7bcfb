//! What the scheduler asks: which clocks of cases and which terms of their tasks are due, which of them are mine, which steps were
//! taken.

use marque_core::{ComplaintId, Timestamp};
use marque_db::{Backend, Conn, Row, StoreError, Value};
use uuid::Uuid;

use super::{clocks, tasks};
use crate::domain::{Ladder, Step};

/// Rows with due times, and claims on them.
struct Queue {
    table: &'static str,
    /// The column that tells rows of one case apart.
    key: &'static str,
    /// Which rows count; the index says the same.
    counts: &'static str,
}

const CLOCKS: Queue = Queue {
    table: "complaint_clocks",
    key: "kind",
    counts: "next_at IS NOT NULL",
};
const TASKS: Queue = Queue {
    table: "complaint_tasks",
    key: "id",
    counts: "next_at IS NOT NULL AND state = 'open'",
};

/// A claim on what is due: whose it is, and how long it counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) owner: Uuid,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    /// So many clocks at most, and so many tasks.
    pub(crate) limit: u32,
}

/// What is due, with what is told of its case.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) case: ComplaintId,
    pub(crate) ladder: Ladder,
    pub(crate) dealer: String,
    pub(crate) record: Option<Uuid>,
    pub(crate) vin: String,
    pub(crate) category: String,
    pub(crate) severity: i64,
    pub(crate) department: String,
    pub(crate) state: String,
    pub(crate) opened_at: Timestamp,
    pub(crate) version: i64,
}

/// A step that was taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Of which of those that were due.
    pub(crate) of: usize,
    pub(crate) step: Step,
    pub(crate) due_at: Timestamp,
}

/// Takes on clocks and tasks that are due and that nobody else has taken on, the longest overdue first; answers how many.
pub(crate) fn claim(conn: &mut Conn<'_>, claim: &Claim) -> Result<u64, StoreError> {
    Ok(claim_in(conn, &CLOCKS, claim)? + claim_in(conn, &TASKS, claim)?)
}

fn claim_in(conn: &mut Conn<'_>, queue: &Queue, claim: &Claim) -> Result<u64, StoreError> {
    // Two schedulers at the same moment take different rows: on SQLite there is one writer, on PostgreSQL rows that
    // another transaction holds are passed over.
    let passing = match conn.backend() {
        Backend::Sqlite => "",
        Backend::Postgres => "FOR UPDATE SKIP LOCKED",
    };
    let Queue { table, key, counts } = queue;
    let sql = format!(
        "UPDATE {table} SET claimed_by = ?1, claimed_until = ?2
         WHERE (complaint_id, {key}) IN (
             SELECT complaint_id, {key} FROM {table}
             WHERE {counts} AND next_at <= ?3 AND claimed_until <= ?3 ORDER BY next_at LIMIT ?4 {passing})"
    );
    conn.execute(
        &sql,
        &[
            claim.owner.into(),
            claim.until.into(),
            claim.now.into(),
            claim.limit.into(),
        ],
    )
}

/// What is told of a case of which something is due, behind the columns of what it is.
const OF_CASE: &str = "c.dealer, c.source_record_id, c.vin, c.category, c.severity, c.department, c.state, c.opened_at, c.version";

/// The clocks and tasks that are due and still mine.
pub(crate) fn claimed(
    conn: &mut Conn<'_>,
    owner: Uuid,
    now: Timestamp,
) -> Result<Vec<Due>, StoreError> {
    let mut due = claimed_in(conn, (&CLOCKS, clocks::READ), (owner, now), |row| {
        let (case, clock) = clocks::read(row)?;
        Ok((case, Ladder::Clock(clock)))
    })?;
    due.extend(claimed_in(
        conn,
        (&TASKS, tasks::READ_TERM),
        (owner, now),
        |row| {
            let (case, term) = tasks::read_term(row)?;
            Ok((case, Ladder::Task(term)))
        },
    )?);
    Ok(due)
}

fn claimed_in(
    conn: &mut Conn<'_>,
    (queue, columns): (&Queue, &str),
    (owner, now): (Uuid, Timestamp),
    read: impl Fn(&Row<'_>) -> Result<(ComplaintId, Ladder), StoreError>,
) -> Result<Vec<Due>, StoreError> {
    let Queue { table, counts, .. } = queue;
    let mine = format!(
        "SELECT {columns} FROM {table} WHERE claimed_by = ?1 AND claimed_until > ?2 AND {counts} AND next_at <= ?2"
    );
    let own: Vec<String> = columns
        .split(", ")
        .map(|column| format!("mine.{column}"))
        .collect();
    let sql = format!(
        "SELECT {}, {OF_CASE} FROM ({mine}) AS mine JOIN complaints AS c ON c.id = mine.complaint_id",
        own.join(", ")
    );
    let first = own.len();
    conn.query(&sql, &[owner.into(), now.into()], |row| {
        let (case, ladder) = read(row)?;
        Ok(Due {
            case,
            ladder,
            dealer: row.get(first)?,
            record: row.get(first + 1)?,
            vin: row.get(first + 2)?,
            category: row.get(first + 3)?,
            severity: row.get(first + 4)?,
            department: row.get(first + 5)?,
            state: row.get(first + 6)?,
            opened_at: row.get(first + 7)?,
            version: row.get(first + 8)?,
        })
    })
}

/// When the next step is due that nobody has taken on.
pub(crate) fn soonest(
    conn: &mut Conn<'_>,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let mut soonest: Option<Timestamp> = None;
    for Queue { table, counts, .. } in [&CLOCKS, &TASKS] {
        let sql = format!(
            "SELECT next_at FROM {table} WHERE {counts} AND claimed_until <= ?1 ORDER BY next_at LIMIT 1"
        );
        let next: Option<Timestamp> = conn.query_opt(&sql, &[now.into()], |row| row.get(0))?;
        soonest = soonest.into_iter().chain(next).min();
    }
    Ok(soonest)
}

/// Records steps of what was due. One that is on record already is a fault of the caller's and breaks the transaction.
pub(crate) fn record_steps(
    conn: &mut Conn<'_>,
    due: &[Due],
    steps: &[Taken],
    now: Timestamp,
) -> Result<(), StoreError> {
    let (mut of_clocks, mut of_tasks): (Vec<Value<'_>>, Vec<Value<'_>>) = (Vec::new(), Vec::new());
    for taken in steps {
        let of = &due[taken.of];
        let case = Value::from(of.case.uuid());
        let step = Value::from(taken.step.number());
        let times = [Value::from(taken.due_at), now.into()];
        match &of.ladder {
            Ladder::Clock(clock) => {
                of_clocks.extend([case, clock.kind.number().into(), clock.round.into(), step]);
                of_clocks.extend(times);
            }
            Ladder::Task(term) => {
                of_tasks.extend([case, term.task.into(), term.round.into(), step]);
                of_tasks.push((&term.department).into());
                of_tasks.extend(times);
            }
        }
    }
    let columns = [
        "complaint_id",
        "kind",
        "round",
        "step",
        "due_at",
        "taken_at",
    ];
    conn.insert_many("complaint_escalations", &columns, "", &of_clocks)?;
    let columns = [
        "complaint_id",
        "task_id",
        "round",
        "step",
        "department",
        "due_at",
        "taken_at",
    ];
    conn.insert_many("complaint_task_escalations", &columns, "", &of_tasks)
}

/// Writes what was due as it now stands, and lets it go.
pub(crate) fn save_due(conn: &mut Conn<'_>, due: &[Due]) -> Result<(), StoreError> {
    let own_clocks = due.iter().filter_map(|due| match &due.ladder {
        Ladder::Clock(clock) => Some((due.case, due.dealer.as_str(), clock)),
        Ladder::Task(_) => None,
    });
    clocks::save_clocks(conn, own_clocks)?;
    let own_terms = due.iter().filter_map(|due| match &due.ladder {
        Ladder::Clock(_) => None,
        Ladder::Task(term) => Some((due.case, term)),
    });
    tasks::save_terms(conn, &own_terms.collect::<Vec<_>>())
}

/// Notes in cases the highest step that was taken, and that they changed.
pub(crate) fn raise_levels(
    conn: &mut Conn<'_>,
    cases: &[(ComplaintId, Step)],
    now: Timestamp,
) -> Result<(), StoreError> {
    for step in Step::ALL {
        let keys: Vec<Value<'_>> = cases
            .iter()
            .filter(|(_, taken)| *taken == step)
            .map(|(case, _)| case.uuid().into())
            .collect();
        for chunk in keys.chunks(500) {
            let list: Vec<String> = (0..chunk.len()).map(|at| format!("?{}", at + 3)).collect();
            let sql = format!(
                "UPDATE complaints SET level = CASE WHEN level < ?1 THEN ?1 ELSE level END, updated_at = ?2,
                     version = version + 1
                 WHERE id IN ({})",
                list.join(", ")
            );
            let mut values = vec![Value::Int(step.number()), now.into()];
            values.extend_from_slice(chunk);
            conn.execute(&sql, &values)?;
        }
    }
    Ok(())
}
