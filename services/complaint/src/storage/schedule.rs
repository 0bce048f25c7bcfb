//! What the scheduler asks: which clocks are due, which of them are mine, which steps were taken.

use marque_core::{ComplaintId, Timestamp};
use marque_db::{Backend, Conn, StoreError, Value};
use uuid::Uuid;

use super::clocks;
use crate::domain::{Clock, ClockKind, Step};

/// A claim on due clocks: whose it is, and how long it counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) owner: Uuid,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) limit: u32,
}

/// A due clock with what is told of its case.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) case: ComplaintId,
    pub(crate) clock: Clock,
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
    pub(crate) case: ComplaintId,
    pub(crate) kind: ClockKind,
    pub(crate) round: i64,
    pub(crate) step: Step,
    pub(crate) due_at: Timestamp,
}

/// Takes on clocks that are due and that nobody else has taken on, the longest overdue first; answers how many.
pub(crate) fn claim(conn: &mut Conn<'_>, claim: &Claim) -> Result<u64, StoreError> {
    // Two schedulers at the same moment take different rows: on SQLite there is one writer, on PostgreSQL rows that
    // another transaction holds are passed over.
    let passing = match conn.backend() {
        Backend::Sqlite => "",
        Backend::Postgres => "FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "UPDATE complaint_clocks SET claimed_by = ?1, claimed_until = ?2
         WHERE (complaint_id, kind) IN (
             SELECT complaint_id, kind FROM complaint_clocks
             WHERE next_at <= ?3 AND claimed_until <= ?3 ORDER BY next_at LIMIT ?4 {passing})"
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

/// The clocks that are due and still mine.
pub(crate) fn claimed(
    conn: &mut Conn<'_>,
    owner: Uuid,
    now: Timestamp,
) -> Result<Vec<Due>, StoreError> {
    let columns: Vec<String> = clocks::READ
        .split(", ")
        .map(|column| format!("clock.{column}"))
        .collect();
    let sql = format!(
        "SELECT {}, c.dealer, c.source_record_id, c.vin, c.category, c.severity, c.department, c.state, c.opened_at, c.version
         FROM complaint_clocks AS clock JOIN complaints AS c ON c.id = clock.complaint_id
         WHERE clock.claimed_by = ?1 AND clock.claimed_until > ?2 AND clock.next_at <= ?2",
        columns.join(", ")
    );
    conn.query(&sql, &[owner.into(), now.into()], |row| {
        let (case, clock) = clocks::read(row)?;
        Ok(Due {
            case,
            clock,
            dealer: row.get(12)?,
            record: row.get(13)?,
            vin: row.get(14)?,
            category: row.get(15)?,
            severity: row.get(16)?,
            department: row.get(17)?,
            state: row.get(18)?,
            opened_at: row.get(19)?,
            version: row.get(20)?,
        })
    })
}

/// When the next step of a clock is due that nobody has taken on.
pub(crate) fn soonest(
    conn: &mut Conn<'_>,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT next_at FROM complaint_clocks
               WHERE next_at IS NOT NULL AND claimed_until <= ?1 ORDER BY next_at LIMIT 1";
    conn.query_opt(sql, &[now.into()], |row| row.get(0))
}

/// Records steps. One that is on record already is a fault of the caller's and breaks the transaction.
pub(crate) fn record_steps(
    conn: &mut Conn<'_>,
    steps: &[Taken],
    now: Timestamp,
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = steps
        .iter()
        .flat_map(|taken| {
            [
                taken.case.uuid().into(),
                taken.kind.number().into(),
                taken.round.into(),
                taken.step.number().into(),
                taken.due_at.into(),
                now.into(),
            ]
        })
        .collect();
    let columns = [
        "complaint_id",
        "kind",
        "round",
        "step",
        "due_at",
        "taken_at",
    ];
    conn.insert_many("complaint_escalations", &columns, "", &values)
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
