//! Recording plates.

use marque_auth::Scope;
use marque_core::{Timestamp, VehicleId};
use marque_db::{Conn, StoreError};
use rustc_hash::{FxHashMap, FxHashSet};

use super::record::Fleet;
use crate::{
    domain::{Facts, PlateInterval, Sighting, intervals},
    storage::{self, Held, Part},
};

/// Notes the sightings among the facts and works out anew the plates of every car they concern: those that carry the
/// plates now, and those that did.
pub(super) fn record(
    conn: &mut Conn<'_>,
    fleet: &mut Fleet,
    facts: &[Facts],
) -> Result<(), StoreError> {
    let seen: Vec<Sighting> = facts
        .iter()
        .filter_map(|fact| {
            let (plate, at) = fact.plate.as_ref()?;
            Some(Sighting {
                at: *at,
                vehicle: fleet.id(&fact.vin),
                plate: plate.clone(),
            })
        })
        .collect();
    if seen.is_empty() {
        return Ok(());
    }
    storage::add_sightings(conn, &seen)?;
    let cars = concerned(conn, &seen)?;
    let anew = work_out(conn, &cars)?;
    let stored = by_vehicle(storage::list_plates(conn, &Scope::Headquarters, &cars)?);
    let (mut changed, mut held) = (Vec::new(), Vec::new());
    for car in cars {
        let anew = anew.get(&car).map_or(&[][..], Vec::as_slice);
        if !says_the_same(anew, stored.get(&car).map_or(&[], Vec::as_slice)) {
            changed.push(car);
            held.extend(anew.iter().cloned().map(|interval| Held {
                vehicle: car,
                interval,
            }));
        }
    }
    storage::put_intervals(conn, &changed, &held)?;
    fleet.load(conn, &changed)?;
    for car in changed {
        fleet.mark_touched(car);
    }
    Ok(())
}

/// Forgets the plates that cars bore while somebody who is forgotten had a part in them; all plates of a car in which nobody
/// else had one. Plates follow people from car to car.
pub(super) fn forget(conn: &mut Conn<'_>, parts: &[Part]) -> Result<(), StoreError> {
    let mut seen: Vec<Sighting> = Vec::new();
    for (car, from, to) in parts {
        let span = if storage::has_parties(conn, *car)? {
            (*from, to.unwrap_or(LATEST))
        } else {
            (EARLIEST, LATEST)
        };
        seen.extend(storage::sightings_on(conn, *car, span)?);
    }
    if seen.is_empty() {
        return Ok(());
    }
    let cars = concerned(conn, &seen)?;
    for sighting in &seen {
        storage::delete_sighting(conn, sighting)?;
    }
    let anew = work_out(conn, &cars)?;
    let held: Vec<Held> = anew
        .into_iter()
        .flat_map(|(vehicle, intervals)| {
            let held = move |interval| Held { vehicle, interval };
            intervals.into_iter().map(held)
        })
        .collect();
    storage::put_intervals(conn, &cars, &held)
}

const EARLIEST: Timestamp = Timestamp::from_micros(i64::MIN);
const LATEST: Timestamp = Timestamp::from_micros(i64::MAX);

/// On more cars than this a plate is a word put there to fill the field, and is nobody's plate.
const CARS_A_PLATE: i64 = 20;

/// The cars on which the plates bear. Those of a plate that has become a mere filler lose it once; after that it
/// concerns nobody but the cars of the facts.
fn concerned(conn: &mut Conn<'_>, seen: &[Sighting]) -> Result<Vec<VehicleId>, StoreError> {
    let plates: FxHashSet<&str> = seen
        .iter()
        .map(|sighting| sighting.plate.as_str())
        .collect();
    let plates: Vec<&str> = plates.into_iter().collect();
    let fillers = storage::seen_on_more_than(conn, CARS_A_PLATE, &plates)?;
    let real: Vec<&str> = plates
        .into_iter()
        .filter(|plate| !fillers.iter().any(|filler| filler == plate))
        .collect();
    let mut cars = storage::vehicles_with(conn, &real)?;
    cars.extend(seen.iter().map(|sighting| sighting.vehicle));
    for filler in &fillers {
        let held = storage::current_holders(conn, &Scope::Headquarters, filler)?;
        cars.extend(held.into_iter().map(|held| held.vehicle));
    }
    cars.sort_unstable();
    cars.dedup();
    Ok(cars)
}

/// The plates of cars over time, from all sightings that bear on them.
fn work_out(
    conn: &mut Conn<'_>,
    cars: &[VehicleId],
) -> Result<FxHashMap<VehicleId, Vec<PlateInterval>>, StoreError> {
    let mut plates_of: FxHashMap<VehicleId, FxHashSet<String>> = FxHashMap::default();
    for (car, plate) in storage::plates_seen_on(conn, cars)? {
        plates_of.entry(car).or_default().insert(plate);
    }
    let plates: FxHashSet<&str> = plates_of.values().flatten().map(String::as_str).collect();
    let plates: Vec<&str> = plates.into_iter().collect();
    let fillers = storage::seen_on_more_than(conn, CARS_A_PLATE, &plates)?;
    let real: Vec<&str> = plates
        .into_iter()
        .filter(|plate| !fillers.iter().any(|filler| filler == plate))
        .collect();
    let mut sightings_of: FxHashMap<String, FxHashSet<(i64, VehicleId)>> = FxHashMap::default();
    for Sighting { at, vehicle, plate } in storage::sightings_of(conn, &real)? {
        sightings_of
            .entry(plate)
            .or_default()
            .insert((at.as_micros(), vehicle));
    }
    let bearing = |plates: &FxHashSet<String>| -> Vec<Sighting> {
        let of_plate = |plate: &String| {
            sightings_of.get(plate).into_iter().flatten().map({
                let plate = plate.clone();
                move |(at, vehicle)| Sighting {
                    at: Timestamp::from_micros(*at),
                    vehicle: *vehicle,
                    plate: plate.clone(),
                }
            })
        };
        plates.iter().flat_map(of_plate).collect()
    };
    Ok(plates_of
        .iter()
        .map(|(car, plates)| (*car, intervals(*car, &bearing(plates))))
        .collect())
}

fn by_vehicle(held: Vec<Held>) -> FxHashMap<VehicleId, Vec<PlateInterval>> {
    let mut grouped: FxHashMap<VehicleId, Vec<PlateInterval>> = FxHashMap::default();
    for Held { vehicle, interval } in held {
        grouped.entry(vehicle).or_default().push(interval);
    }
    grouped
}

fn says_the_same(anew: &[PlateInterval], stored: &[PlateInterval]) -> bool {
    anew.len() == stored.len() && anew.iter().all(|interval| stored.contains(interval))
}
