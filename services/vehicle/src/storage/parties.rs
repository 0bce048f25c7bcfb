//! Parts in vehicles.

use std::cmp::Reverse;

use marque_auth::Scope;
use marque_core::{CustomerId, SourceRecordId, Timestamp, VehicleId};
use marque_db::{Conn, Row, StoreError, Value};
use rustc_hash::FxHashMap;

use super::{
    absences::{AWAY_AT, absences_in},
    customer_id, record_id, role, uuids, vehicle_id,
};
use crate::domain::{Giver, PartyClaim, PartyFact, Role};

/// When the record that named a car, in a row `p` of the table, was first said to have another that it names by now. NULL while it
/// names this one, and while a dealer's row of the car gives it the part too.
pub(super) const LEFT_AT: &str = "CASE WHEN p.by_row THEN NULL ELSE (
        SELECT min(CASE WHEN other.first_at > p.last_at THEN other.first_at
                        WHEN other.last_at > p.last_at THEN other.last_at ELSE p.last_at END)
        FROM vehicle_parties AS other
        WHERE other.source_record_id = p.source_record_id AND other.named_in > p.named_in) END";

/// Notes claims; a claim that is known only widens the time over which it was made.
pub(crate) fn put_parties(
    conn: &mut Conn<'_>,
    claims: &[(VehicleId, &PartyClaim)],
    customers: &FxHashMap<SourceRecordId, CustomerId>,
) -> Result<(), StoreError> {
    // One statement must not touch a row twice: claims of one batch are joined first.
    let mut joined: FxHashMap<
        (VehicleId, Role, SourceRecordId),
        (&PartyClaim, Timestamp, Timestamp),
    > = FxHashMap::default();
    for (vehicle, claim) in claims {
        let entry = joined
            .entry((*vehicle, claim.role, claim.record))
            .or_insert((claim, claim.at, claim.at));
        entry.1 = entry.1.min(claim.at);
        entry.2 = entry.2.max(claim.at);
    }
    let mut joined: Vec<_> = joined.into_iter().collect();
    joined.sort_unstable_by_key(|(key, _)| *key);
    let values: Vec<Value<'_>> = joined
        .iter()
        .flat_map(|((vehicle, role, record), (claim, first, last))| {
            let customer = customers.get(record).map(|customer| customer.uuid());
            let named_in = match claim.giver {
                Giver::Record(position) => Some(position),
                Giver::Row | Giver::Visit => None,
            };
            [
                vehicle.uuid().into(),
                role.code().into(),
                record.uuid().into(),
                claim.dealer.as_str().into(),
                customer.into(),
                (*first).into(),
                (*last).into(),
                (claim.giver == Giver::Row).into(),
                named_in.into(),
            ]
        })
        .collect();
    let columns = [
        "vehicle_id",
        "role",
        "source_record_id",
        "dealer",
        "customer_id",
        "first_at",
        "last_at",
        "by_row",
        "named_in",
    ];
    let on_conflict = "ON CONFLICT (vehicle_id, role, source_record_id) DO UPDATE SET
        first_at = CASE WHEN excluded.first_at < vehicle_parties.first_at THEN excluded.first_at
                        ELSE vehicle_parties.first_at END,
        last_at = CASE WHEN excluded.last_at > vehicle_parties.last_at THEN excluded.last_at
                       ELSE vehicle_parties.last_at END,
        by_row = vehicle_parties.by_row OR excluded.by_row,
        named_in = CASE WHEN vehicle_parties.named_in > excluded.named_in THEN vehicle_parties.named_in
                        ELSE coalesce(excluded.named_in, vehicle_parties.named_in) END";
    conn.insert_many("vehicle_parties", &columns, on_conflict, &values)
}

/// Ends a part because its row names somebody else now.
pub(crate) fn end_parties(
    conn: &mut Conn<'_>,
    ended: &[(VehicleId, Role, SourceRecordId, Timestamp)],
) -> Result<(), StoreError> {
    for (vehicle, role, record, at) in ended {
        conn.execute(
            "UPDATE vehicle_parties SET ended_at = ?4, by_row = FALSE WHERE vehicle_id = ?1 AND role = ?2 AND source_record_id = ?3",
            &[vehicle.uuid().into(), role.code().into(), record.uuid().into(), (*at).into()],
        )?;
    }
    Ok(())
}

/// Forgets that records brought cars: their visits were corrected, and none says so.
pub(crate) fn unsay_senders(
    conn: &mut Conn<'_>,
    unsaid: impl IntoIterator<Item = (VehicleId, SourceRecordId)>,
) -> Result<(), StoreError> {
    for (vehicle, record) in unsaid {
        conn.execute(
            "DELETE FROM vehicle_parties WHERE vehicle_id = ?1 AND role = ?2 AND source_record_id = ?3",
            &[
                vehicle.uuid().into(),
                Role::Sender.code().into(),
                record.uuid().into(),
            ],
        )?;
    }
    Ok(())
}

/// Gives the parts of source records to the customers they are now linked to.
pub(crate) fn relink(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<(), StoreError> {
    marque_events::relink(conn, "vehicle_parties", records)
}

/// Vehicles in which a customer has or had a part, those he was last said to have first: at most `limit` after `skip`.
pub(crate) fn vehicles_of_customer(
    conn: &mut Conn<'_>,
    _: &Scope,
    customer: CustomerId,
    (skip, limit): (usize, usize),
) -> Result<Vec<VehicleId>, StoreError> {
    let parts = conn.query(
        "SELECT vehicle_id, last_at FROM vehicle_parties WHERE customer_id = ?1",
        &[customer.uuid().into()],
        |row| Ok((vehicle_id(row, 0)?, row.get::<Timestamp>(1)?)),
    )?;
    // Grouped and sorted here: for the few parts of one customer a database makes a table of its own for each.
    let mut said_at: FxHashMap<VehicleId, Timestamp> = FxHashMap::default();
    for (vehicle, at) in parts {
        let latest = said_at.entry(vehicle).or_insert(at);
        *latest = at.max(*latest);
    }
    let mut vehicles: Vec<_> = said_at.into_iter().collect();
    vehicles.sort_unstable_by_key(|(vehicle, at)| (Reverse(*at), *vehicle));
    let vehicles = vehicles.into_iter().skip(skip).take(limit);
    Ok(vehicles.map(|(vehicle, _)| vehicle).collect())
}

/// The source records of a customer.
pub(crate) fn records_of(
    conn: &mut Conn<'_>,
    customer: CustomerId,
) -> Result<Vec<SourceRecordId>, StoreError> {
    let sql = "SELECT source_record_id FROM record_links WHERE customer_id = ?1";
    conn.query(sql, &[customer.uuid().into()], |row| record_id(row, 0))
}

/// All parts in vehicles. Sight of the vehicles is the caller's to check: see [`super::visible`].
pub(crate) fn list_parties(
    conn: &mut Conn<'_>,
    _: &Scope,
    vehicles: &[VehicleId],
) -> Result<Vec<PartyFact>, StoreError> {
    let sql = format!(
        "SELECT p.vehicle_id, p.role, p.source_record_id, p.dealer, p.customer_id, p.first_at, p.last_at, p.ended_at,
         p.by_row, {LEFT_AT}, {AWAY_AT}
         FROM vehicle_parties AS p WHERE p.vehicle_id IN (??)"
    );
    let keys = uuids(vehicles.iter().map(|id| id.uuid()));
    let mut parties = conn.query_in(&sql, &[], &keys, read_party)?;
    let mut absences = absences_in(conn, &keys)?;
    for party in &mut parties {
        let part = (party.vehicle, party.role, party.record);
        party.absences = absences.remove(&part).unwrap_or_default();
    }
    Ok(parties)
}

fn read_party(row: &Row<'_>) -> Result<PartyFact, StoreError> {
    Ok(PartyFact {
        vehicle: vehicle_id(row, 0)?,
        role: role(row, 1)?,
        record: record_id(row, 2)?,
        dealer: row.get(3)?,
        customer: customer_id(row, 4)?,
        first_at: row.get(5)?,
        last_at: row.get(6)?,
        ended_at: row.get(7)?,
        by_row: row.get(8)?,
        left_at: row.get(9)?,
        away_at: row.get(10)?,
        absences: Vec::new(),
    })
}

/// A car that a record no longer names.
#[derive(Debug)]
pub(crate) struct LeftCar {
    pub(crate) vehicle: VehicleId,
    pub(crate) vin: String,
    pub(crate) record: SourceRecordId,
    pub(crate) at: Timestamp,
}

/// The cars that records named before they named others, in which nothing else gives them a part.
pub(crate) fn cars_left(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<Vec<LeftCar>, StoreError> {
    // Asked of the parts first: hardly any record ever leaves a car, and cars lie far apart.
    let sql = format!(
        "SELECT p.vehicle_id, v.vin, p.source_record_id, {LEFT_AT} FROM vehicle_parties AS p
         JOIN vehicles AS v ON v.id = p.vehicle_id WHERE p.source_record_id IN (??) AND {LEFT_AT} IS NOT NULL"
    );
    let keys = uuids(records.into_iter().map(SourceRecordId::uuid));
    let mut left = conn.query_in(&sql, &[], &keys, |row| {
        Ok(LeftCar {
            vehicle: vehicle_id(row, 0)?,
            vin: row.get(1)?,
            record: record_id(row, 2)?,
            at: row.get(3)?,
        })
    })?;
    left.sort_unstable_by_key(|left| (left.record, left.vehicle));
    Ok(left)
}
