//! Checks of records, work lists of those to be checked, and the table of points.

use marque_auth::Scope;
use marque_core::{Timestamp, WorkListId};
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use marque_quality::RecordKind;
use uuid::Uuid;

use super::broken;
use crate::domain::{Candidate, Check, CheckOutcome};

const CHECK: &str = "id, record, dealer, field, outcome, method, checked_at, duration_s, is_own";

fn read(row: &Row<'_>) -> Result<Check, StoreError> {
    let outcome: String = row.get(4)?;
    Ok(Check {
        id: row.get(0)?,
        record: row.get(1)?,
        dealer: row.get(2)?,
        field: row.get(3)?,
        outcome: CheckOutcome::read(&outcome).ok_or_else(|| broken("outcome of a check"))?,
        method: row.get(5)?,
        checked_at: row.get(6)?,
        duration_s: row.get(7)?,
        is_own: row.get(8)?,
    })
}

/// Those of the checks that are there.
pub(crate) fn known_checks(conn: &mut Conn<'_>, ids: &[Uuid]) -> Result<Vec<Check>, StoreError> {
    let keys: Vec<Value<'_>> = ids.iter().map(|id| (*id).into()).collect();
    let sql = format!("SELECT {CHECK} FROM verifications WHERE id IN (??)");
    conn.query_in(&sql, &[], &keys, read)
}

/// Keeps checks, in place of what was said under the same ids.
pub(crate) fn put_checks(conn: &mut Conn<'_>, checks: &[Check]) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = checks
        .iter()
        .flat_map(|check| {
            [
                check.id.into(),
                check.record.into(),
                (&check.dealer).into(),
                (&check.field).into(),
                check.outcome.code().into(),
                (&check.method).into(),
                check.checked_at.into(),
                check.duration_s.into(),
                check.is_own.into(),
            ]
        })
        .collect();
    let columns: Vec<&str> = CHECK.split(", ").collect();
    let on_conflict = "ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, method = excluded.method,
        checked_at = excluded.checked_at, duration_s = excluded.duration_s, is_own = excluded.is_own";
    conn.insert_many("verifications", &columns, on_conflict, &values)
}

/// Checks of a scope between two instants, of records that are there: a mistyped number is nobody's record.
pub(crate) fn checks_between(
    conn: &mut Conn<'_>,
    scope: &Scope,
    (from, to): (Timestamp, Timestamp),
    (dealer, region): (&str, &str),
) -> Result<Vec<Check>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 5);
    let sql = format!(
        "SELECT {CHECK} FROM verifications
         WHERE checked_at >= ?1 AND checked_at < ?2 AND (?3 = '' OR dealer = ?3)
           AND (?4 = '' OR dealer IN (SELECT dealer FROM dealer_regions WHERE region = ?4)) AND {clause}
           AND EXISTS (SELECT 1 FROM records WHERE records.id = verifications.record AND records.dealer = verifications.dealer)"
    );
    let values = [from.into(), to.into(), dealer.into(), region.into(), key];
    conn.query(&sql, &values, read)
}

/// How long the calls took that dealers say they made: dealer, seconds, how many.
pub(crate) fn own_call_lengths(conn: &mut Conn<'_>) -> Result<Vec<(String, i64, i64)>, StoreError> {
    conn.query(
        "SELECT dealer, duration_s, count(*) FROM verifications
         WHERE is_own AND duration_s IS NOT NULL GROUP BY dealer, duration_s",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// The dealers of records, as far as they are known and in the scope.
pub(crate) fn dealers_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    records: &[Uuid],
) -> Result<Vec<(Uuid, String)>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 1);
    let keys: Vec<Value<'_>> = records.iter().map(|id| (*id).into()).collect();
    let sql = format!("SELECT id, dealer FROM records WHERE {clause} AND id IN (??)");
    conn.query_in(&sql, &[key], &keys, |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Records that may be drawn for a work list.
pub(crate) fn candidates(
    conn: &mut Conn<'_>,
    scope: &Scope,
    kind: RecordKind,
    (dealer, region, period): (&str, &str, &str),
) -> Result<Vec<Candidate>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 5);
    let sql = format!(
        "SELECT id, dealer, department FROM records
         WHERE kind = ?1 AND (?2 = '' OR dealer = ?2) AND (?4 = '' OR period = ?4)
           AND (?3 = '' OR dealer IN (SELECT dealer FROM dealer_regions WHERE region = ?3)) AND {clause}"
    );
    let values = [
        kind.code().into(),
        dealer.into(),
        region.into(),
        period.into(),
        key,
    ];
    conn.query(&sql, &values, |row| {
        Ok(Candidate {
            id: row.get(0)?,
            dealer: row.get(1)?,
            department: row.get(2)?,
        })
    })
}

/// A work list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkList {
    pub(crate) id: WorkListId,
    /// Decides, with the records there are, what is drawn.
    pub(crate) seed: i64,
    /// What it was drawn from: dealer, region, month.
    pub(crate) dealer: String,
    pub(crate) region: String,
    pub(crate) period: String,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: String,
}

/// One record of a work list, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct WorkItem {
    pub(crate) position: i64,
    pub(crate) record: Uuid,
    pub(crate) dealer: String,
    pub(crate) department: String,
    /// The outcome last heard since the list was drawn, of others than the dealer.
    pub(crate) outcome: Option<CheckOutcome>,
}

/// Keeps a list with its records, in their order.
pub(crate) fn insert_work_list(
    conn: &mut Conn<'_>,
    list: &WorkList,
    drawn: &[Candidate],
) -> Result<(), StoreError> {
    let values = [
        list.id.uuid().into(),
        list.seed.into(),
        (&list.dealer).into(),
        (&list.region).into(),
        (&list.period).into(),
        list.created_at.into(),
        (&list.created_by).into(),
    ];
    let columns = [
        "id",
        "seed",
        "dealer",
        "region",
        "period",
        "created_at",
        "created_by",
    ];
    conn.insert_many("work_lists", &columns, "", &values)?;
    let items: Vec<Value<'_>> = (1_i64..)
        .zip(drawn)
        .flat_map(|(position, drawn)| {
            [
                list.id.uuid().into(),
                position.into(),
                drawn.id.into(),
                (&drawn.dealer).into(),
                (&drawn.department).into(),
            ]
        })
        .collect();
    let columns = ["list", "position", "record", "dealer", "department"];
    conn.insert_many("work_items", &columns, "", &items)
}

/// A list by its id, if it or one of its records is in the caller's scope.
pub(crate) fn find_work_list(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: WorkListId,
) -> Result<Option<WorkList>, StoreError> {
    let (of_list, key) = dealer_clause(scope, "work_lists.dealer", 2);
    let (of_item, _) = dealer_clause(scope, "work_items.dealer", 2);
    let sql = format!(
        "SELECT seed, dealer, region, period, created_at, created_by FROM work_lists WHERE id = ?1 AND
            ({of_list} OR EXISTS (SELECT 1 FROM work_items WHERE list = work_lists.id AND {of_item}))"
    );
    conn.query_opt(&sql, &[id.uuid().into(), key], |row| {
        Ok(WorkList {
            id,
            seed: row.get(0)?,
            dealer: row.get(1)?,
            region: row.get(2)?,
            period: row.get(3)?,
            created_at: row.get(4)?,
            created_by: row.get(5)?,
        })
    })
}

/// Records of a list in the caller's scope, after a position.
pub(crate) fn work_items(
    conn: &mut Conn<'_>,
    scope: &Scope,
    list: &WorkList,
    after: i64,
    limit: u32,
) -> Result<Vec<WorkItem>, StoreError> {
    let (clause, key) = dealer_clause(scope, "work_items.dealer", 3);
    // What a dealer says of his own record measures nothing: it is still to be checked.
    let sql = format!(
        "SELECT position, record, dealer, department,
                (SELECT outcome FROM verifications WHERE verifications.record = work_items.record
                   AND checked_at >= ?4 AND NOT is_own ORDER BY checked_at DESC, id LIMIT 1)
         FROM work_items WHERE list = ?1 AND position > ?2 AND {clause} ORDER BY position LIMIT ?5"
    );
    let values = [
        list.id.uuid().into(),
        after.into(),
        key,
        list.created_at.into(),
        limit.into(),
    ];
    conn.query(&sql, &values, |row| {
        let outcome: Option<String> = row.get(4)?;
        Ok(WorkItem {
            position: row.get(0)?,
            record: row.get(1)?,
            dealer: row.get(2)?,
            department: row.get(3)?,
            outcome: outcome.as_deref().and_then(CheckOutcome::read),
        })
    })
}

/// The table of points as it was put; `None` for the one that comes with the release.
pub(crate) fn points_rows(conn: &mut Conn<'_>) -> Result<Vec<(i64, f64, f64)>, StoreError> {
    conn.query(
        "SELECT least_checked, from_rate, points FROM accuracy_points ORDER BY from_rate DESC",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Puts a table of points in the place of what there was.
pub(crate) fn replace_points(
    conn: &mut Conn<'_>,
    least_checked: i64,
    rows: &[(f64, f64)],
) -> Result<(), StoreError> {
    conn.execute("DELETE FROM accuracy_points", &[])?;
    let values: Vec<Value<'_>> = rows
        .iter()
        .flat_map(|(from, points)| [least_checked.into(), (*from).into(), (*points).into()])
        .collect();
    let columns = ["least_checked", "from_rate", "points"];
    conn.insert_many("accuracy_points", &columns, "", &values)
}
