//! Which dealers may see which vehicles.

use std::collections::hash_map::Entry;

use marque_auth::Scope;
use marque_core::{CustomerId, DealerCode, Timestamp, VehicleId};
use marque_db::{Conn, StoreError, Value};
use marque_events::knows_customer;
use rustc_hash::FxHashMap;

use super::{list_parties, uuids, vehicle_id};
use crate::domain::with_validity;

/// How long a dealer may see a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// He has something to do with it.
    ForEver,
    /// He received it, until this moment.
    Until(Timestamp),
}

/// Those of the vehicles that a scope may see now.
pub(crate) fn visible(
    conn: &mut Conn<'_>,
    scope: &Scope,
    vehicles: &[VehicleId],
    now: Timestamp,
) -> Result<Vec<VehicleId>, StoreError> {
    let keys = uuids(vehicles.iter().map(|id| id.uuid()));
    match scope {
        Scope::Headquarters => Ok(vehicles.to_vec()),
        Scope::Dealer(dealer) => {
            let mut seen: Vec<VehicleId> = conn.query_in(
                "SELECT vehicle_id FROM vehicle_sight
                 WHERE dealer = ?1 AND (until IS NULL OR until > ?2) AND vehicle_id IN (??)",
                &[dealer.as_str().into(), now.into()],
                &keys,
                |row| vehicle_id(row, 0),
            )?;
            add_known(conn, scope, vehicles, &mut seen, now)?;
            Ok(seen)
        }
        Scope::Region(region) => {
            let mut seen = conn.query_in(
                "SELECT DISTINCT s.vehicle_id FROM vehicle_sight s JOIN dealer_regions r ON r.dealer = s.dealer
                 WHERE r.region = ?1 AND (s.until IS NULL OR s.until > ?2) AND s.vehicle_id IN (??)",
                &[Value::Text(region), now.into()],
                &keys,
                |row| vehicle_id(row, 0),
            )?;
            add_known(conn, scope, vehicles, &mut seen, now)?;
            Ok(seen)
        }
        Scope::Customer(customer) => {
            // He is no dealer's: his parts are looked for among all.
            conn.see_all_dealers()?;
            parties_now(conn, scope, *customer, vehicles)
        }
    }
}

/// Whether a scope may see a vehicle now.
pub(crate) fn may_see(
    conn: &mut Conn<'_>,
    scope: &Scope,
    vehicle: VehicleId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(!visible(conn, scope, &[vehicle], now)?.is_empty())
}

/// Adds those of the vehicles in which somebody has a part now of whom the scope has a record, or whom the dealer received: with a
/// customer's file his cars are open.
fn add_known(
    conn: &mut Conn<'_>,
    scope: &Scope,
    vehicles: &[VehicleId],
    seen: &mut Vec<VehicleId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let hidden = vehicles.iter().copied().filter(|id| !seen.contains(id));
    let hidden: Vec<VehicleId> = hidden.collect();
    if hidden.is_empty() {
        return Ok(());
    }
    // Who has a part in them is known by other dealers' rows.
    conn.see_all_dealers()?;
    let mut asked: FxHashMap<CustomerId, bool> = FxHashMap::default();
    for (vehicle, customers) in customers_now(conn, scope, &hidden)? {
        for customer in customers {
            let is_known = match asked.entry(customer) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unasked) => {
                    *unasked.insert(knows_customer(conn, scope, customer, now)?)
                }
            };
            if is_known && !seen.contains(&vehicle) {
                seen.push(vehicle);
            }
        }
    }
    Ok(())
}

/// Those of the vehicles in which the customer has a part now.
fn parties_now(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customer: CustomerId,
    vehicles: &[VehicleId],
) -> Result<Vec<VehicleId>, StoreError> {
    let customer = super::current_customer(conn, customer)?;
    let people = customers_now(conn, scope, vehicles)?.into_iter();
    let own = people.filter(|(_, customers)| customers.contains(&customer));
    Ok(own.map(|(vehicle, _)| vehicle).collect())
}

/// Who has a part in each of the vehicles now.
fn customers_now(
    conn: &mut Conn<'_>,
    scope: &Scope,
    vehicles: &[VehicleId],
) -> Result<Vec<(VehicleId, Vec<CustomerId>)>, StoreError> {
    if vehicles.is_empty() {
        return Ok(Vec::new());
    }
    let facts = list_parties(conn, scope, vehicles)?;
    let current = |vehicle: VehicleId| {
        let of_car = facts.iter().filter(|fact| fact.vehicle == vehicle);
        let parties = with_validity(of_car.cloned().collect()).into_iter();
        let current = parties.filter(|party| party.valid_to.is_none());
        (
            vehicle,
            current.filter_map(|party| party.fact.customer).collect(),
        )
    };
    Ok(vehicles.iter().copied().map(current).collect())
}

/// How long one dealer may see a vehicle; `None` if he never could.
pub(crate) fn open_file(
    conn: &mut Conn<'_>,
    dealer: &DealerCode,
    vehicle: VehicleId,
) -> Result<Option<Sight>, StoreError> {
    let sql = "SELECT until FROM vehicle_sight WHERE vehicle_id = ?1 AND dealer = ?2";
    let until: Option<Option<Timestamp>> = conn.query_opt(
        sql,
        &[vehicle.uuid().into(), dealer.as_str().into()],
        |row| row.get(0),
    )?;
    Ok(until.map(|until| until.map_or(Sight::ForEver, Sight::Until)))
}

/// Lets dealers see vehicles: what is for ever stays so, and of two receptions the later end counts.
pub(crate) fn open_for_ever(
    conn: &mut Conn<'_>,
    opened: &[(VehicleId, &str)],
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = opened
        .iter()
        .flat_map(|(vehicle, dealer)| [vehicle.uuid().into(), Value::Text(dealer), Value::Null])
        .collect();
    let on_conflict = "ON CONFLICT (vehicle_id, dealer) DO UPDATE SET until = NULL WHERE vehicle_sight.until IS NOT NULL";
    conn.insert_many(
        "vehicle_sight",
        &["vehicle_id", "dealer", "until"],
        on_conflict,
        &values,
    )
}

/// Lets a dealer see a vehicle until a moment, unless he may longer.
pub(crate) fn receive(
    conn: &mut Conn<'_>,
    dealer: &DealerCode,
    vehicle: VehicleId,
    until: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO vehicle_sight (vehicle_id, dealer, until) VALUES (?1, ?2, ?3)
         ON CONFLICT (vehicle_id, dealer) DO UPDATE SET until = excluded.until WHERE vehicle_sight.until < excluded.until",
        &[vehicle.uuid().into(), dealer.as_str().into(), until.into()],
    )?;
    Ok(())
}
