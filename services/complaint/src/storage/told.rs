//! What others have told of cars and customers: models and model years, tiers, thresholds of the three guarantees. Each
//! row remembers the position of the event that said so; an older event that comes later changes nothing.

use std::collections::HashMap;

use marque_auth::Scope;
use marque_core::{ComplaintId, CustomerId, SourceRecordId, Timestamp};
use marque_db::{Conn, StoreError, Value};
use uuid::Uuid;

use super::current_customer;
use crate::domain::{Tier, Warning};

/// What a car is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Car {
    pub(crate) vin: String,
    pub(crate) model: String,
    /// 0 if not known.
    pub(crate) model_year: i64,
}

/// Remembers what cars are, as the event at a position said.
pub(crate) fn put_cars(conn: &mut Conn<'_>, cars: &[Car], position: i64) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = cars
        .iter()
        .flat_map(|car| {
            [
                (&car.vin).into(),
                (&car.model).into(),
                car.model_year.into(),
                position.into(),
            ]
        })
        .collect();
    let update =
        "ON CONFLICT (vin) DO UPDATE SET model = excluded.model, model_year = excluded.model_year,
                      position = excluded.position
                  WHERE excluded.position >= car_facts.position";
    let columns = ["vin", "model", "model_year", "position"];
    conn.insert_many("car_facts", &columns, update, &values)
}

/// Remembers which tier a customer has; none if he has none any more.
pub(crate) fn put_tier(
    conn: &mut Conn<'_>,
    customer: CustomerId,
    tier: &str,
    position: i64,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO customer_tiers (customer_id, tier, position) VALUES (?1, ?2, ?3)
         ON CONFLICT (customer_id) DO UPDATE SET tier = excluded.tier, position = excluded.position
         WHERE excluded.position >= customer_tiers.position",
        &[customer.uuid().into(), tier.into(), position.into()],
    )?;
    Ok(())
}

/// The tier a customer has, if it was told.
pub(crate) fn tier_of(
    conn: &mut Conn<'_>,
    customer: CustomerId,
) -> Result<Option<Tier>, StoreError> {
    let sql = "SELECT tier FROM customer_tiers WHERE customer_id = ?1";
    let tier: Option<String> = conn.query_opt(sql, &[customer.uuid().into()], |row| row.get(0))?;
    Ok(tier.and_then(|tier| Tier::parse(&tier)))
}

/// The tiers that some customers have, of those of whom one was told; of who was merged that of whom he is now.
pub(crate) fn tiers_of(
    conn: &mut Conn<'_>,
    customers: impl Iterator<Item = CustomerId>,
) -> Result<HashMap<CustomerId, Tier>, StoreError> {
    let mut ids: Vec<Uuid> = customers.map(CustomerId::uuid).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys: Vec<Value<'_>> = ids.into_iter().map(Value::Uuid).collect();
    let sql = "SELECT customer_id, tier FROM customer_tiers WHERE customer_id IN (??)";
    let told: Vec<(Uuid, String)> =
        conn.query_in(sql, &[], &keys, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut tiers: HashMap<CustomerId, Tier> = told
        .into_iter()
        .filter_map(|(customer, tier)| Some((customer.into(), Tier::parse(&tier)?)))
        .collect();
    let sql = "SELECT customer_id FROM customer_aliases WHERE current IS NOT NULL AND customer_id IN (??)";
    let merged: Vec<Uuid> = conn.query_in(sql, &[], &keys, |row| row.get(0))?;
    for customer in merged.into_iter().map(CustomerId::from) {
        let current = current_customer(conn, customer)?;
        match tier_of(conn, current)? {
            Some(tier) => tiers.insert(customer, tier),
            None => tiers.remove(&customer),
        };
    }
    Ok(tiers)
}

/// Remembers how near a car is to a threshold; false if that was known.
pub(crate) fn put_warning(
    conn: &mut Conn<'_>,
    vin: &str,
    warning: &Warning,
    position: i64,
) -> Result<bool, StoreError> {
    let changed = conn.execute(
        "INSERT INTO guarantee_warnings (vin, rule, subject, level, count, reached_at, told_at, position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (vin, rule, subject) DO UPDATE SET level = excluded.level, count = excluded.count,
             reached_at = excluded.reached_at, told_at = excluded.told_at, position = excluded.position
         WHERE excluded.position > guarantee_warnings.position",
        &[
            vin.into(),
            (&warning.rule).into(),
            (&warning.subject).into(),
            (&warning.level).into(),
            warning.count.into(),
            warning.reached_at.into(),
            warning.told_at.into(),
            position.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// How near a car is to thresholds, in the order of rules.
pub(crate) fn warnings_of(
    conn: &mut Conn<'_>,
    _: &Scope,
    vin: &str,
) -> Result<Vec<Warning>, StoreError> {
    if vin.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT rule, subject, level, count, reached_at, told_at FROM guarantee_warnings
               WHERE vin = ?1 ORDER BY rule, subject";
    conn.query(sql, &[vin.into()], |row| {
        Ok(Warning {
            rule: row.get(0)?,
            subject: row.get(1)?,
            level: row.get(2)?,
            count: row.get(3)?,
            reached_at: row.get(4)?,
            told_at: row.get::<Timestamp>(5)?,
        })
    })
}

/// The open cases of a car, whoever's they are.
pub(crate) fn open_cases_of_car(
    conn: &mut Conn<'_>,
    vin: &str,
) -> Result<Vec<ComplaintId>, StoreError> {
    let sql = "SELECT id FROM complaints WHERE vin = ?1 AND is_open";
    conn.query(sql, &[vin.into()], |row| Ok(row.get::<Uuid>(0)?.into()))
}

/// Open cases of source records of which nobody has said or told a tier.
pub(crate) fn records_without_tier(
    conn: &mut Conn<'_>,
    records: &[SourceRecordId],
) -> Result<Vec<ComplaintId>, StoreError> {
    let keys: Vec<Value<'_>> = records.iter().map(|record| record.uuid().into()).collect();
    let sql = "SELECT id FROM complaints WHERE is_open AND tier = '' AND source_record_id IN (??)";
    conn.query_in(sql, &[], &keys, |row| Ok(row.get::<Uuid>(0)?.into()))
}

/// Open cases of customers of which nobody has said or told a tier.
pub(crate) fn customers_without_tier(
    conn: &mut Conn<'_>,
    customers: &[CustomerId],
) -> Result<Vec<ComplaintId>, StoreError> {
    let keys: Vec<Value<'_>> = customers
        .iter()
        .map(|customer| customer.uuid().into())
        .collect();
    let sql = "SELECT id FROM complaints WHERE is_open AND tier = '' AND customer_id IN (??)";
    conn.query_in(sql, &[], &keys, |row| Ok(row.get::<Uuid>(0)?.into()))
}
