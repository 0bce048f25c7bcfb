//! Clocks of cases.

use marque_auth::Scope;
use marque_core::{ComplaintId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use crate::domain::{Clock, ClockKind, Standing, Step};

const COLUMNS: [&str; 14] = [
    "complaint_id",
    "kind",
    "dealer",
    "round",
    "standing",
    "begun_at",
    "budget",
    "used",
    "since",
    "due_at",
    "next_step",
    "next_at",
    "is_overdue",
    "claimed_until",
];

/// The columns a clock is read from, the case's id first.
pub(super) const READ: &str = "complaint_id, kind, round, standing, begun_at, budget, used, since, due_at, next_step, next_at, is_overdue";

/// Writes clocks, new or changed. Whoever had claimed them has no claim any more: what is due may be another thing now.
pub(crate) fn save_clocks<'a>(
    conn: &mut Conn<'_>,
    clocks: impl IntoIterator<Item = (ComplaintId, &'a str, &'a Clock)>,
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = clocks
        .into_iter()
        .flat_map(|(case, dealer, clock)| {
            [
                case.uuid().into(),
                clock.kind.number().into(),
                dealer.into(),
                clock.round.into(),
                standing_number(clock.standing).into(),
                clock.begun_at.into(),
                clock.budget.into(),
                clock.used.into(),
                clock.since.into(),
                clock.due_at.into(),
                clock.next_step.map(Step::number).into(),
                clock.next_at.into(),
                clock.is_overdue.into(),
                Value::Int(0),
            ]
        })
        .collect();
    let update = "ON CONFLICT (complaint_id, kind) DO UPDATE SET round = excluded.round, standing = excluded.standing,
        begun_at = excluded.begun_at, budget = excluded.budget, used = excluded.used, since = excluded.since,
        due_at = excluded.due_at, next_step = excluded.next_step, next_at = excluded.next_at,
        is_overdue = excluded.is_overdue, claimed_by = NULL, claimed_until = 0";
    conn.insert_many("complaint_clocks", &COLUMNS, update, &values)
}

/// The clocks of a case, in the order of their kinds.
pub(crate) fn clocks_of(
    conn: &mut Conn<'_>,
    _: &Scope,
    case: ComplaintId,
) -> Result<Vec<Clock>, StoreError> {
    let sql = format!("SELECT {READ} FROM complaint_clocks WHERE complaint_id = ?1 ORDER BY kind");
    conn.query(&sql, &[case.uuid().into()], |row| Ok(read(row)?.1))
}

/// The clocks of many cases, in no order.
pub(crate) fn clocks_of_cases(
    conn: &mut Conn<'_>,
    _: &Scope,
    cases: impl Iterator<Item = ComplaintId>,
) -> Result<Vec<(ComplaintId, Clock)>, StoreError> {
    let keys: Vec<Value<'_>> = cases.map(|case| case.uuid().into()).collect();
    let sql = format!("SELECT {READ} FROM complaint_clocks WHERE complaint_id IN (??)");
    conn.query_in(&sql, &[], &keys, read)
}

/// The clocks of a dealer that have not ended.
pub(crate) fn open_clocks_of_dealer(
    conn: &mut Conn<'_>,
    _: &Scope,
    dealer: &str,
) -> Result<Vec<(ComplaintId, Clock)>, StoreError> {
    let sql = format!("SELECT {READ} FROM complaint_clocks WHERE dealer = ?1 AND standing <= 1");
    conn.query(&sql, &[dealer.into()], read)
}

/// The next cases, by id, of which a clock runs.
pub(crate) fn running_cases(
    conn: &mut Conn<'_>,
    after: Uuid,
    limit: u32,
) -> Result<Vec<ComplaintId>, StoreError> {
    conn.query(
        "SELECT DISTINCT complaint_id FROM complaint_clocks WHERE standing = 0 AND complaint_id > ?1
         ORDER BY complaint_id LIMIT ?2",
        &[after.into(), limit.into()],
        |row| Ok(row.get::<Uuid>(0)?.into()),
    )
}

/// The running clocks of cases, each with its dealer, in no order.
pub(crate) fn running_clocks(
    conn: &mut Conn<'_>,
    cases: &[ComplaintId],
) -> Result<Vec<(ComplaintId, String, Clock)>, StoreError> {
    let keys: Vec<Value<'_>> = cases.iter().map(|case| case.uuid().into()).collect();
    let sql = format!(
        "SELECT {READ}, dealer FROM complaint_clocks WHERE standing = 0 AND complaint_id IN (??)"
    );
    conn.query_in(&sql, &[], &keys, |row| {
        let (case, clock) = read(row)?;
        Ok((case, row.get(12)?, clock))
    })
}

/// Keeps how rounds of clocks ended that begin anew.
pub(crate) fn keep_rounds<'a>(
    conn: &mut Conn<'_>,
    case: ComplaintId,
    rounds: impl IntoIterator<Item = &'a Clock>,
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = rounds
        .into_iter()
        .flat_map(|clock| {
            [
                case.uuid().into(),
                clock.kind.number().into(),
                clock.round.into(),
                standing_number(clock.standing).into(),
                clock.used.into(),
                clock.is_overdue.into(),
            ]
        })
        .collect();
    let columns = [
        "complaint_id",
        "kind",
        "round",
        "standing",
        "used",
        "is_overdue",
    ];
    conn.insert_many("complaint_clock_rounds", &columns, "", &values)
}

pub(super) fn read(row: &Row<'_>) -> Result<(ComplaintId, Clock), StoreError> {
    let kind: i64 = row.get(1)?;
    let kind = ClockKind::of_number(kind).ok_or_else(|| StoreError::Decode {
        column: 1,
        source: "no clock of this release".into(),
    })?;
    let standing = match row.get::<i64>(3)? {
        0 => Standing::Running,
        1 => Standing::Paused,
        2 => Standing::Met,
        _ => Standing::Stopped,
    };
    let clock = Clock {
        kind,
        round: row.get(2)?,
        standing,
        begun_at: row.get(4)?,
        budget: row.get(5)?,
        used: row.get(6)?,
        since: row.get(7)?,
        due_at: row.get::<Option<Timestamp>>(8)?,
        next_step: row.get::<Option<i64>>(9)?.and_then(Step::of_number),
        next_at: row.get(10)?,
        is_overdue: row.get(11)?,
    };
    Ok((row.get::<Uuid>(0)?.into(), clock))
}

const fn standing_number(standing: Standing) -> i64 {
    match standing {
        Standing::Running => 0,
        Standing::Paused => 1,
        Standing::Met => 2,
        Standing::Stopped => 3,
    }
}
