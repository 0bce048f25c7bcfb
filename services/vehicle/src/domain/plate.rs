//! From when to when a plate was on a car.

use marque_core::{Timestamp, VehicleId};

/// A plate seen on a car.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    pub(crate) at: Timestamp,
    pub(crate) vehicle: VehicleId,
    pub(crate) plate: String,
}

/// A plate for the time it was on one car.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlateInterval {
    pub(crate) plate: String,
    pub(crate) from: Timestamp,
    /// `None` while current.
    pub(crate) to: Option<Timestamp>,
}

/// The plates of one car over time, the newest first.
///
/// `sightings` are those of the car and, of the plates it ever had, those on other cars. A plate's time ends when the
/// car is seen with another plate or another car with this one, and begins anew when it is seen back. Nothing
/// but the set of sightings counts, so they may come in any order and more than once.
pub(crate) fn intervals(vehicle: VehicleId, sightings: &[Sighting]) -> Vec<PlateInterval> {
    let mut sorted: Vec<&Sighting> = sightings.iter().collect();
    sorted.sort();
    let mut done: Vec<PlateInterval> = Vec::new();
    let mut current: Option<PlateInterval> = None;
    for sighting in sorted {
        let is_same = current
            .as_ref()
            .is_some_and(|interval| interval.plate == sighting.plate);
        if sighting.vehicle == vehicle {
            if is_same {
                continue;
            }
            done.extend(current.take().map(|interval| ended(interval, sighting.at)));
            current = Some(PlateInterval {
                plate: sighting.plate.clone(),
                from: sighting.at,
                to: None,
            });
        } else if is_same {
            done.extend(current.take().map(|interval| ended(interval, sighting.at)));
        }
    }
    done.extend(current);
    done.reverse();
    done
}

fn ended(interval: PlateInterval, at: Timestamp) -> PlateInterval {
    PlateInterval {
        to: Some(at),
        ..interval
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn seen(at: i64, vehicle: u128, plate: &str) -> Sighting {
        Sighting {
            at: Timestamp::from_micros(at),
            vehicle: Uuid::from_u128(vehicle).into(),
            plate: plate.into(),
        }
    }

    fn of(vehicle: u128, sightings: &[Sighting]) -> Vec<(String, i64, Option<i64>)> {
        intervals(Uuid::from_u128(vehicle).into(), sightings)
            .into_iter()
            .map(|interval| {
                (
                    interval.plate,
                    interval.from.as_micros(),
                    interval.to.map(Timestamp::as_micros),
                )
            })
            .collect()
    }

    #[test]
    fn two_cars_swap_plates_and_swap_them_back() {
        let mut sightings = vec![
            seen(1, 1, "A"),
            seen(1, 2, "B"),
            seen(5, 1, "B"),
            seen(5, 2, "A"),
            seen(9, 1, "A"),
            seen(9, 2, "B"),
        ];
        let expected = [("A", 9, None), ("B", 5, Some(9)), ("A", 1, Some(5))];
        let expected = expected.map(|(plate, from, to)| (plate.to_owned(), from, to));
        assert_eq!(of(1, &sightings), expected);
        sightings.reverse();
        assert_eq!(of(1, &sightings), expected);
    }

    #[test]
    fn a_plate_that_moved_on_is_closed_and_one_seen_often_is_one_entry() {
        let sightings = [seen(1, 1, "A"), seen(2, 1, "A"), seen(3, 2, "A")];
        assert_eq!(of(1, &sightings), [("A".to_owned(), 1, Some(3))]);
        assert_eq!(of(2, &sightings), [("A".to_owned(), 3, None)]);
    }
}
