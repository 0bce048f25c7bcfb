//! What others were told of: thresholds that are near, tiers; and which cars are to be counted anew.

use marque_core::{CustomerId, Timestamp};
use marque_db::{Conn, StoreError, Value};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{customer_keys, vehicles};
use crate::domain::Vehicle;

/// A car to be counted anew, with the number of the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) vin: String,
    pub(crate) round: i64,
}

/// Asks for cars to be counted anew.
pub(crate) fn ask_checks<'a>(
    conn: &mut Conn<'_>,
    vins: impl Iterator<Item = &'a str>,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let mut vins: Vec<&str> = vins.filter(|vin| !vin.is_empty()).collect();
    vins.sort_unstable();
    vins.dedup();
    let values: Vec<Value<'_>> = vins
        .into_iter()
        .flat_map(|vin| [vin.into(), due_at.into(), Value::Int(1)])
        .collect();
    let update = "ON CONFLICT (vin) DO UPDATE SET due_at = excluded.due_at, round = guarantee_checks.round + 1";
    conn.insert_many(
        "guarantee_checks",
        &["vin", "due_at", "round"],
        update,
        &values,
    )
}

/// Cars that are to be counted by now, the longest due first.
pub(crate) fn due_checks(
    conn: &mut Conn<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Check>, StoreError> {
    let sql =
        "SELECT vin, round FROM guarantee_checks WHERE due_at <= ?1 ORDER BY due_at, vin LIMIT ?2";
    conn.query(sql, &[now.into(), (limit as i64).into()], |row| {
        Ok(Check {
            vin: row.get(0)?,
            round: row.get(1)?,
        })
    })
}

/// A car was counted: it is counted again at an instant, or when there is another reason to. One that came meanwhile
/// stands.
pub(crate) fn end_check(
    conn: &mut Conn<'_>,
    check: &Check,
    again_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let (vin, round) = ((&check.vin).into(), check.round.into());
    match again_at {
        None => conn.execute(
            "DELETE FROM guarantee_checks WHERE vin = ?1 AND round = ?2",
            &[vin, round],
        )?,
        Some(at) => conn.execute(
            "UPDATE guarantee_checks SET due_at = ?3 WHERE vin = ?1 AND round = ?2",
            &[vin, round, at.into()],
        )?,
    };
    Ok(())
}

/// A car by its VIN.
pub(crate) fn find_car(conn: &mut Conn<'_>, vin: &str) -> Result<Option<Vehicle>, StoreError> {
    let sql = format!(
        "SELECT {} FROM vehicles WHERE vin = ?1",
        vehicles::VEHICLE_COLUMNS
    );
    conn.query_opt(&sql, &[vin.into()], |row| vehicles::read_at(row, 0))
}

/// Remembers that others are told of a threshold; false if they were told the same before.
pub(crate) fn tell_guarantee(
    conn: &mut Conn<'_>,
    vin: &str,
    (rule, subject): (&str, &str),
    level: &str,
) -> Result<bool, StoreError> {
    let changed = conn.execute(
        "INSERT INTO told_guarantees (vin, rule, subject, level) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (vin, rule, subject) DO UPDATE SET level = excluded.level
         WHERE told_guarantees.level <> excluded.level",
        &[vin.into(), rule.into(), subject.into(), level.into()],
    )?;
    Ok(changed == 1)
}

/// Customers with a complaint on which work remains to be done, by id.
pub(crate) fn complaining_customers(conn: &mut Conn<'_>) -> Result<Vec<CustomerId>, StoreError> {
    conn.query(
        "SELECT DISTINCT l.customer_id FROM facts f JOIN record_links l ON l.source_record_id = f.source_record_id
         WHERE f.kind = 'complaint' AND f.ended_at IS NULL ORDER BY l.customer_id",
        &[],
        |row| Ok(row.get::<Uuid>(0)?.into()),
    )
}

/// The tiers of customers, as others were told.
pub(crate) fn told_tiers(conn: &mut Conn<'_>) -> Result<FxHashMap<CustomerId, String>, StoreError> {
    let rows = conn.query("SELECT customer_id, tier FROM told_tiers", &[], |row| {
        Ok((row.get::<Uuid>(0)?.into(), row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

/// What others were told of customers; of who is not in it they know no tier.
pub(crate) fn told_tiers_of(
    conn: &mut Conn<'_>,
    customers: &[CustomerId],
) -> Result<FxHashMap<CustomerId, String>, StoreError> {
    let sql = "SELECT customer_id, tier FROM told_tiers WHERE customer_id IN (??)";
    let rows = conn.query_in(sql, &[], &customer_keys(customers), |row| {
        Ok((row.get::<Uuid>(0)?.into(), row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}

/// Remembers what others are told of customers: the tiers of some, and that of others they are to know none any more.
pub(crate) fn put_told_tiers(
    conn: &mut Conn<'_>,
    tiers: &[(CustomerId, &str)],
    gone: &[CustomerId],
) -> Result<(), StoreError> {
    let keys = customer_keys(gone);
    for chunk in keys.chunks(500) {
        let list: Vec<String> = (1..=chunk.len()).map(|at| format!("?{at}")).collect();
        let sql = format!(
            "DELETE FROM told_tiers WHERE customer_id IN ({})",
            list.join(", ")
        );
        conn.execute(&sql, chunk)?;
    }
    let values: Vec<Value<'_>> = tiers
        .iter()
        .flat_map(|(customer, tier)| [customer.uuid().into(), Value::Text(tier)])
        .collect();
    let update = "ON CONFLICT (customer_id) DO UPDATE SET tier = excluded.tier";
    conn.insert_many("told_tiers", &["customer_id", "tier"], update, &values)
}
