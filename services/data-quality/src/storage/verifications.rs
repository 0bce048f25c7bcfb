//! Checks of records, and the table of points.

use marque_auth::Scope;
use marque_core::Timestamp;
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use uuid::Uuid;

use super::broken;
use crate::domain::{Check, CheckOutcome};

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
