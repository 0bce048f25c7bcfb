//! Forgetting people: a car stays, and is nobody's.

use marque_core::{SourceRecordId, Timestamp, VehicleId};
use marque_db::{Conn, Row, StoreError};
use marque_events::Erased;

use super::{parties::LEFT_AT, vehicle_id};
use crate::domain::Sighting;

/// A time over which somebody had a part in a car; without an end while he may still have it.
pub(crate) type Part = (VehicleId, Timestamp, Option<Timestamp>);

/// The cars in which the records have parts, each time over which they had one.
pub(crate) fn parts_of(
    conn: &mut Conn<'_>,
    records: &[SourceRecordId],
) -> Result<Vec<Part>, StoreError> {
    let mut parts = Vec::new();
    for record in records {
        // What was said once more after it had ended goes on.
        let sql = format!(
            "SELECT p.vehicle_id, p.first_at, coalesce(CASE WHEN p.ended_at >= p.last_at THEN p.ended_at END, {LEFT_AT})
             FROM vehicle_parties AS p WHERE p.source_record_id = ?1"
        );
        let found = conn.query(&sql, &[record.uuid().into()], |row| {
            Ok((vehicle_id(row, 0)?, row.get(1)?, row.get(2)?))
        })?;
        parts.extend(found);
    }
    Ok(parts)
}

/// Takes people out of cars: their parts, and dealers' rows that name them. Where the law wants it kept, who had a part lies
/// beside until the last term ends.
pub(crate) fn forget_parts(conn: &mut Conn<'_>, erased: &Erased) -> Result<(), StoreError> {
    let keep = if erased.is_restricted {
        format!(
            "INSERT INTO restricted_parties (vehicle_id, role, source_record_id, dealer, first_at, last_at, ended_at)
             SELECT p.vehicle_id, p.role, p.source_record_id, p.dealer, p.first_at, p.last_at, coalesce(p.ended_at, {LEFT_AT})
             FROM vehicle_parties AS p WHERE p.source_record_id = ?1 ON CONFLICT DO NOTHING"
        )
    } else {
        "DELETE FROM restricted_parties WHERE source_record_id = ?1".to_owned()
    };
    for record in &erased.records {
        for sql in [
            keep.as_str(),
            "DELETE FROM vehicle_parties WHERE source_record_id = ?1",
            "DELETE FROM vehicle_rows WHERE owner = ?1 OR driver = ?1 OR payer = ?1",
        ] {
            conn.execute(sql, &[record.uuid().into()])?;
        }
    }
    erased.forget_links(conn)
}

/// Whether anybody has or had a part in a car.
pub(crate) fn has_parties(conn: &mut Conn<'_>, vehicle: VehicleId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM vehicle_parties WHERE vehicle_id = ?1 LIMIT 1";
    let found = conn.query_opt(sql, &[vehicle.uuid().into()], |_| Ok(()))?;
    Ok(found.is_some())
}

/// Sightings of plates on a car from an instant to another, both included.
pub(crate) fn sightings_on(
    conn: &mut Conn<'_>,
    vehicle: VehicleId,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Sighting>, StoreError> {
    let sql = "SELECT plate, vehicle_id, seen_at FROM plate_sightings
               WHERE vehicle_id = ?1 AND seen_at >= ?2 AND seen_at <= ?3";
    let values = [vehicle.uuid().into(), from.into(), to.into()];
    conn.query(sql, &values, |row: &Row<'_>| {
        Ok(Sighting {
            plate: row.get(0)?,
            vehicle: vehicle_id(row, 1)?,
            at: row.get(2)?,
        })
    })
}

/// Forgets a sighting.
pub(crate) fn delete_sighting(conn: &mut Conn<'_>, seen: &Sighting) -> Result<(), StoreError> {
    let sql = "DELETE FROM plate_sightings WHERE plate = ?1 AND vehicle_id = ?2 AND seen_at = ?3";
    let values = [
        (&seen.plate).into(),
        seen.vehicle.uuid().into(),
        seen.at.into(),
    ];
    conn.execute(sql, &values)?;
    Ok(())
}
