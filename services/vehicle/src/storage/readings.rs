//! Odometer readings.

use marque_auth::Scope;
use marque_core::{PageRequest, Timestamp, VehicleId, VisitId};
use marque_db::{Conn, Row, StoreError, Value};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{unknown, uuids, vehicle_id, visit_id};
use crate::domain::{Quality, Reading, ReadingFact};

const COLUMNS: &str = "read_at, visit_id, visit_version, km, dealer, quality";

/// Notes readings; those that are known already are passed over. Their quality is set by [`set_quality`].
pub(crate) fn add_readings(
    conn: &mut Conn<'_>,
    readings: &[(VehicleId, &ReadingFact)],
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = readings
        .iter()
        .flat_map(|(vehicle, reading)| {
            [
                vehicle.uuid().into(),
                reading.read_at.into(),
                reading.visit.uuid().into(),
                reading.visit_version.into(),
                reading.km.into(),
                reading.dealer.as_str().into(),
                Quality::Plausible.code().into(),
            ]
        })
        .collect();
    let columns = [
        "vehicle_id",
        "read_at",
        "visit_id",
        "visit_version",
        "km",
        "dealer",
        "quality",
    ];
    conn.insert_many(
        "vehicle_readings",
        &columns,
        "ON CONFLICT DO NOTHING",
        &values,
    )
}

/// Every reading of vehicles, in no order.
pub(crate) fn readings_of(
    conn: &mut Conn<'_>,
    vehicles: &[VehicleId],
) -> Result<Vec<(VehicleId, Reading)>, StoreError> {
    conn.query_in(
        &format!("SELECT {COLUMNS}, vehicle_id FROM vehicle_readings WHERE vehicle_id IN (??)"),
        &[],
        &uuids(vehicles.iter().map(|id| id.uuid())),
        |row| Ok((vehicle_id(row, 6)?, read_reading(row)?)),
    )
}

/// Below so many kilometres a car may still be the dealer's: it was brought from the works and looked over.
const DRIVEN_KM: i64 = 200;

/// When each vehicle was first seen at a visit with kilometres on its meter, by VIN.
pub(crate) fn first_visits(
    conn: &mut Conn<'_>,
    vehicles: &[Uuid],
) -> Result<FxHashMap<String, Timestamp>, StoreError> {
    let pairs = conn.query_in(
        "SELECT vin, min(read_at) FROM vehicle_readings JOIN vehicles ON vehicles.id = vehicle_id
         WHERE km >= ?1 AND quality = ?2 AND vehicle_id IN (??) GROUP BY vin",
        &[DRIVEN_KM.into(), Quality::Plausible.code().into()],
        &uuids(vehicles.iter().copied()),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(pairs.into_iter().collect())
}

/// Vehicles that have a reading of visits: more than one for a visit whose VIN was corrected.
pub(crate) fn vehicles_of_visits(
    conn: &mut Conn<'_>,
    visits: &[VisitId],
) -> Result<Vec<VehicleId>, StoreError> {
    conn.query_in(
        "SELECT DISTINCT vehicle_id FROM vehicle_readings WHERE visit_id IN (??)",
        &[],
        &uuids(visits.iter().map(|id| id.uuid())),
        |row| vehicle_id(row, 0),
    )
}

/// The newest version of visits of which a reading is known, on whichever vehicle.
pub(crate) fn newest_versions(
    conn: &mut Conn<'_>,
    visits: &[VisitId],
) -> Result<FxHashMap<VisitId, i64>, StoreError> {
    let pairs = conn.query_in(
        "SELECT visit_id, max(visit_version) FROM vehicle_readings WHERE visit_id IN (??) GROUP BY visit_id",
        &[],
        &uuids(visits.iter().map(|id| id.uuid())),
        |row| Ok((visit_id(row, 0)?, row.get(1)?)),
    )?;
    Ok(pairs.into_iter().collect())
}

/// Sets what is thought of readings.
pub(crate) fn set_quality(
    conn: &mut Conn<'_>,
    vehicle: VehicleId,
    readings: &[&Reading],
) -> Result<(), StoreError> {
    for reading in readings {
        conn.execute(
            "UPDATE vehicle_readings SET quality = ?5
             WHERE vehicle_id = ?1 AND read_at = ?2 AND visit_id = ?3 AND visit_version = ?4",
            &[
                vehicle.uuid().into(),
                reading.read_at.into(),
                reading.visit.uuid().into(),
                reading.visit_version.into(),
                reading.quality.code().into(),
            ],
        )?;
    }
    Ok(())
}

/// A page of a vehicle's readings, newest first. Sight is the caller's to check: see [`super::visible`].
pub(crate) fn page_of_readings(
    conn: &mut Conn<'_>,
    _: &Scope,
    vehicle: VehicleId,
    page: &PageRequest,
) -> Result<Vec<Reading>, StoreError> {
    let (at, visit, version) = page
        .after
        .as_ref()
        .and_then(|token| read_key(&token.key))
        .unwrap_or(END);
    conn.query(
        &format!(
            "SELECT {COLUMNS} FROM vehicle_readings
             WHERE vehicle_id = ?1 AND km > 0 AND (read_at, visit_id, visit_version) < (?2, ?3, ?4)
             ORDER BY read_at DESC, visit_id DESC, visit_version DESC LIMIT ?5"
        ),
        &[
            vehicle.uuid().into(),
            at.into(),
            visit.into(),
            version.into(),
            page.size.into(),
        ],
        read_reading,
    )
}

/// After every reading.
const END: (Timestamp, Uuid, i64) = (Timestamp::from_micros(i64::MAX), Uuid::max(), i64::MAX);

impl Reading {
    /// The sort key of a page token.
    pub(crate) fn page_key(&self) -> String {
        format!(
            "{}|{}|{}",
            self.read_at.as_micros(),
            self.visit.uuid(),
            self.visit_version
        )
    }
}

fn read_key(key: &str) -> Option<(Timestamp, Uuid, i64)> {
    let mut parts = key.split('|');
    let at = parts.next()?.parse().ok().map(Timestamp::from_micros)?;
    Some((at, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn read_reading(row: &Row<'_>) -> Result<Reading, StoreError> {
    Ok(Reading {
        read_at: row.get(0)?,
        visit: visit_id(row, 1)?,
        visit_version: row.get(2)?,
        km: row.get(3)?,
        dealer: row.get(4)?,
        quality: Quality::from_code(&row.get::<String>(5)?).ok_or_else(|| unknown(5))?,
    })
}
