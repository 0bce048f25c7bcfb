//! What falls due soon, by day: found once a day for every car and again when something is told of it.
//!
//! The table says only that a car has something of a kind near a day. What is shown of it is computed when it is asked for.

use chrono::NaiveDate;
use marque_auth::Scope;
use marque_core::CustomerId;
use marque_db::{Conn, StoreError, Value};
use marque_events::dealer_clause;
use uuid::Uuid;

use super::{
    kept::{self, AsOf},
    vehicles::{self, VEHICLE_COLUMNS},
};
use crate::domain::{CarDue, Vehicle};

/// A car has something due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DueLine {
    pub(crate) vin: String,
    /// maintenance, inspection, insurance or warranty.
    pub(crate) kind: String,
    pub(crate) date: NaiveDate,
    /// Dealer it last came to, or who sold it; empty if not known.
    pub(crate) dealer: String,
    pub(crate) customer: Option<CustomerId>,
}

/// Cars for which what is due was last found before a day or without what was learnt, or of which something was told since.
pub(crate) fn stale_cars(
    conn: &mut Conn<'_>,
    as_of: AsOf,
    most: usize,
) -> Result<Vec<String>, StoreError> {
    let limit = most as i64;
    let told = "SELECT vin FROM vehicles WHERE due_on IS NULL ORDER BY vin LIMIT ?1";
    let mut vins: Vec<String> = conn.query(told, &[limit.into()], |row| row.get(0))?;
    if vins.is_empty() {
        let old = "SELECT vin FROM vehicles WHERE due_on < ?1 ORDER BY due_on, vin LIMIT ?2";
        vins = conn.query(old, &[as_of.today.into(), limit.into()], |row| row.get(0))?;
    }
    if vins.is_empty() {
        vins = kept::cars_learnt_before(conn, as_of.fitted_at, most)?;
    }
    Ok(vins)
}

/// Notes that something was told of cars.
pub(crate) fn mark_cars(conn: &mut Conn<'_>, vins: &[&str]) -> Result<(), StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    let sql =
        "UPDATE vehicles SET due_on = NULL WHERE due_on IS NOT NULL AND vin IN (??) RETURNING vin";
    conn.query_in(sql, &[], &keys, |_| Ok(()))?;
    Ok(())
}

/// Notes that the cars of a customer are to be looked at again.
pub(crate) fn mark_cars_of(conn: &mut Conn<'_>, customer: CustomerId) -> Result<(), StoreError> {
    let sql = "UPDATE vehicles SET due_on = NULL WHERE vin IN (
         SELECT p.vin FROM vehicle_parties p
         JOIN record_links l ON l.source_record_id = p.source_record_id WHERE l.customer_id = ?1)";
    conn.execute(sql, &[customer.uuid().into()])?;
    Ok(())
}

/// Notes that the cars of a model have another plan; with an empty name, all cars.
pub(crate) fn mark_model(conn: &mut Conn<'_>, model: &str) -> Result<(), StoreError> {
    let sql = "UPDATE vehicles SET due_on = NULL WHERE due_on IS NOT NULL
         AND (?1 = '' OR CASE WHEN model = '' THEN series ELSE model END = ?1)";
    conn.execute(sql, &[model.into()])?;
    Ok(())
}

/// Cars by VIN.
pub(crate) fn find_cars(conn: &mut Conn<'_>, vins: &[&str]) -> Result<Vec<Vehicle>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    let sql = format!("SELECT {VEHICLE_COLUMNS} FROM vehicles WHERE vin IN (??)");
    conn.query_in(&sql, &[], &keys, |row| vehicles::read_at(row, 0))
}

/// Replaces what is known to fall due for cars: the lines of those near a day, and all of what was found.
pub(crate) fn put_dues(
    conn: &mut Conn<'_>,
    vins: &[&str],
    found: &[CarDue],
    lines: &[DueLine],
    as_of: AsOf,
) -> Result<(), StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    conn.execute_in("DELETE FROM due_dates WHERE vin IN (??)", &[], &keys)?;
    conn.execute_in("DELETE FROM kept_dues WHERE vin IN (??)", &[], &keys)?;
    kept::put_dues(conn, found, as_of)?;
    let values: Vec<Value<'_>> = lines
        .iter()
        .flat_map(|line| {
            [
                (&line.vin).into(),
                (&line.kind).into(),
                line.date.into(),
                (&line.dealer).into(),
                line.customer.map(CustomerId::uuid).into(),
            ]
        })
        .collect();
    let columns = ["vin", "kind", "date", "dealer", "customer_id"];
    conn.insert_many("due_dates", &columns, "", &values)?;
    let sql = "UPDATE vehicles SET due_on = ?1 WHERE vin IN (??)";
    conn.execute_in(sql, &[as_of.today.into()], &keys)?;
    Ok(())
}

/// A page of what falls due.
#[derive(Debug, Clone)]
pub(crate) struct DueListing {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    /// Empty for all.
    pub(crate) kind: String,
    /// Empty for all of the scope.
    pub(crate) dealer: String,
    /// Behind this day, VIN and kind; from the beginning if empty.
    pub(crate) after: (String, String, String),
    pub(crate) limit: usize,
}

/// What falls due in a scope, the earliest first.
pub(crate) fn list_dues(
    conn: &mut Conn<'_>,
    scope: &Scope,
    listing: &DueListing,
) -> Result<Vec<DueLine>, StoreError> {
    let (clause, dealers) = dealer_clause(scope, "d.dealer", 1);
    let of_dealer = if listing.dealer.is_empty() {
        "?2 = ''"
    } else {
        "d.dealer = ?2"
    };
    let sql = format!(
        "SELECT d.vin, d.kind, d.date, d.dealer, d.customer_id FROM due_dates d
         WHERE d.date >= ?3 AND d.date <= ?4 AND {clause} AND {of_dealer} AND (?5 = '' OR d.kind = ?5)
         AND (d.date > ?6 OR (d.date = ?6 AND (d.vin > ?7 OR (d.vin = ?7 AND d.kind > ?8))))
         ORDER BY d.date, d.vin, d.kind LIMIT ?9"
    );
    let (date, vin, kind) = &listing.after;
    let values = [
        dealers,
        (&listing.dealer).into(),
        listing.from.into(),
        listing.to.into(),
        (&listing.kind).into(),
        date.into(),
        vin.into(),
        kind.into(),
        (listing.limit as i64).into(),
    ];
    conn.query(&sql, &values, |row| {
        Ok(DueLine {
            vin: row.get(0)?,
            kind: row.get(1)?,
            date: row.get(2)?,
            dealer: row.get(3)?,
            customer: row.get::<Option<Uuid>>(4)?.map(CustomerId::from),
        })
    })
}
