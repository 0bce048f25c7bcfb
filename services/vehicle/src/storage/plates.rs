//! Plates: sightings, and the times they make.

use marque_auth::Scope;
use marque_core::{Timestamp, VehicleId};
use marque_db::{Conn, Row, StoreError, Value};

use super::{uuids, vehicle_id};
use crate::domain::{PlateInterval, Sighting};

/// A plate's time on one vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) vehicle: VehicleId,
    pub(crate) interval: PlateInterval,
}

/// Notes sightings; those that are known already are passed over.
pub(crate) fn add_sightings(conn: &mut Conn<'_>, sightings: &[Sighting]) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = sightings
        .iter()
        .flat_map(|seen| {
            [
                Value::from(&seen.plate),
                seen.vehicle.uuid().into(),
                seen.at.into(),
            ]
        })
        .collect();
    conn.insert_many(
        "plate_sightings",
        &["plate", "vehicle_id", "seen_at"],
        "ON CONFLICT DO NOTHING",
        &values,
    )
}

/// Plates that were ever seen on vehicles.
pub(crate) fn plates_seen_on(
    conn: &mut Conn<'_>,
    vehicles: &[VehicleId],
) -> Result<Vec<(VehicleId, String)>, StoreError> {
    conn.query_in(
        "SELECT DISTINCT vehicle_id, plate FROM plate_sightings WHERE vehicle_id IN (??)",
        &[],
        &uuids(vehicles.iter().map(|id| id.uuid())),
        |row| Ok((vehicle_id(row, 0)?, row.get(1)?)),
    )
}

/// Vehicles on which plates were ever seen.
pub(crate) fn vehicles_with(
    conn: &mut Conn<'_>,
    plates: &[&str],
) -> Result<Vec<VehicleId>, StoreError> {
    let keys: Vec<Value<'_>> = plates.iter().map(|plate| Value::Text(plate)).collect();
    let sql = "SELECT DISTINCT vehicle_id FROM plate_sightings WHERE plate IN (??)";
    conn.query_in(sql, &[], &keys, |row| vehicle_id(row, 0))
}

/// Those of the plates that were seen on more than `most` vehicles.
pub(crate) fn seen_on_more_than(
    conn: &mut Conn<'_>,
    most: i64,
    plates: &[&str],
) -> Result<Vec<String>, StoreError> {
    let keys: Vec<Value<'_>> = plates.iter().map(|plate| Value::Text(plate)).collect();
    conn.query_in(
        "SELECT plate FROM plate_sightings WHERE plate IN (??)
         GROUP BY plate HAVING count(DISTINCT vehicle_id) > ?1",
        &[most.into()],
        &keys,
        |row| row.get(0),
    )
}

/// All sightings of plates.
pub(crate) fn sightings_of(
    conn: &mut Conn<'_>,
    plates: &[&str],
) -> Result<Vec<Sighting>, StoreError> {
    let keys: Vec<Value<'_>> = plates.iter().map(|plate| Value::Text(plate)).collect();
    let sql = "SELECT plate, vehicle_id, seen_at FROM plate_sightings WHERE plate IN (??)";
    conn.query_in(sql, &[], &keys, |row| {
        Ok(Sighting {
            plate: row.get(0)?,
            vehicle: vehicle_id(row, 1)?,
            at: row.get(2)?,
        })
    })
}

/// Puts the times of all plates of vehicles in place of those that were known.
pub(crate) fn put_intervals(
    conn: &mut Conn<'_>,
    vehicles: &[VehicleId],
    held: &[Held],
) -> Result<(), StoreError> {
    for vehicle in vehicles {
        conn.execute(
            "DELETE FROM vehicle_plates WHERE vehicle_id = ?1",
            &[vehicle.uuid().into()],
        )?;
    }
    let values: Vec<Value<'_>> = held
        .iter()
        .flat_map(|Held { vehicle, interval }| {
            [
                vehicle.uuid().into(),
                interval.from.into(),
                (&interval.plate).into(),
                interval.to.into(),
            ]
        })
        .collect();
    conn.insert_many(
        "vehicle_plates",
        &["vehicle_id", "valid_from", "plate", "valid_to"],
        "",
        &values,
    )
}

/// Plates of vehicles, the newest of each first. Sight is the caller's to check: see [`super::visible`].
pub(crate) fn list_plates(
    conn: &mut Conn<'_>,
    _: &Scope,
    vehicles: &[VehicleId],
) -> Result<Vec<Held>, StoreError> {
    let mut held = conn.query_in(
        "SELECT vehicle_id, plate, valid_from, valid_to FROM vehicle_plates WHERE vehicle_id IN (??)",
        &[],
        &uuids(vehicles.iter().map(|id| id.uuid())),
        read_held,
    )?;
    held.sort_by(|a, b| {
        let key = |held: &Held| {
            (
                held.interval.to.is_some(),
                std::cmp::Reverse(held.interval.from),
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.interval.plate.cmp(&b.interval.plate))
    });
    Ok(held)
}

/// Vehicles that have or had a plate, with its times; current holders first, then the latest.
pub(crate) fn current_holders(
    conn: &mut Conn<'_>,
    _: &Scope,
    plate: &str,
) -> Result<Vec<Held>, StoreError> {
    let sql = "SELECT vehicle_id, plate, valid_from, valid_to FROM vehicle_plates WHERE plate = ?1";
    let mut held = conn.query(sql, &[plate.into()], read_held)?;
    held.sort_by_key(|held| {
        let ended = held.interval.to.unwrap_or(Timestamp::from_micros(i64::MAX));
        (
            std::cmp::Reverse(ended),
            std::cmp::Reverse(held.interval.from),
            held.vehicle,
        )
    });
    Ok(held)
}

fn read_held(row: &Row<'_>) -> Result<Held, StoreError> {
    let interval = PlateInterval {
        plate: row.get(1)?,
        from: row.get(2)?,
        to: row.get(3)?,
    };
    Ok(Held {
        vehicle: vehicle_id(row, 0)?,
        interval,
    })
}
