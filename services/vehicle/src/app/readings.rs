//! Recording odometer readings.

use marque_core::{Timestamp, VehicleId, VisitId};
use marque_db::{Conn, StoreError};
use rustc_hash::FxHashMap;

use super::record::Fleet;
use crate::{
    domain::{Facts, Reading, judge, newest_plausible},
    storage,
};

/// Notes the readings among the facts and judges anew all readings of every car they concern: also of a car from which a
/// corrected VIN has taken a visit away.
pub(super) fn record(
    conn: &mut Conn<'_>,
    fleet: &mut Fleet,
    facts: &[Facts],
) -> Result<(), StoreError> {
    let read: Vec<_> = facts
        .iter()
        .filter_map(|fact| Some((fleet.id(&fact.vin), fact.reading.as_ref()?)))
        .collect();
    if read.is_empty() {
        return Ok(());
    }
    storage::add_readings(conn, &read)?;
    let mut visits: Vec<VisitId> = read.iter().map(|(_, reading)| reading.visit).collect();
    visits.sort_unstable();
    visits.dedup();
    let mut cars = storage::vehicles_of_visits(conn, &visits)?;
    cars.sort_unstable();
    cars.dedup();
    fleet.load(conn, &cars)?;
    judge_anew(conn, fleet, &cars)
}

fn judge_anew(
    conn: &mut Conn<'_>,
    fleet: &mut Fleet,
    cars: &[VehicleId],
) -> Result<(), StoreError> {
    let mut of_car: FxHashMap<VehicleId, Vec<Reading>> = FxHashMap::default();
    for (car, reading) in storage::readings_of(conn, cars)? {
        of_car.entry(car).or_default().push(reading);
    }
    let visits: Vec<VisitId> = of_car
        .values()
        .flatten()
        .map(|reading| reading.visit)
        .collect();
    let versions = storage::newest_versions(conn, &visits)?;
    for (car, mut readings) in of_car {
        let before: FxHashMap<_, _> = readings
            .iter()
            .map(|reading| (key(reading), reading.quality))
            .collect();
        judge(&mut readings, &versions);
        let changed: Vec<&Reading> = readings
            .iter()
            .filter(|reading| before[&key(reading)] != reading.quality)
            .collect();
        storage::set_quality(conn, car, &changed)?;
        if let Some(vehicle) = fleet.get(car) {
            let newest = newest_plausible(&readings);
            vehicle.odometer_km = newest.map_or(0, |reading| reading.km);
            vehicle.odometer_at = newest.map_or(Timestamp::default(), |reading| reading.read_at);
        }
    }
    Ok(())
}

fn key(reading: &Reading) -> (Timestamp, VisitId, i64) {
    (reading.read_at, reading.visit, reading.visit_version)
}
