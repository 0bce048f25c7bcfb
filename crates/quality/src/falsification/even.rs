//! Readings that grow too evenly. Cars are driven more in one month than in another; whoever invents readings adds the same
//! distance each time, or computes them from the day.

use rustc_hash::FxHashSet;

use super::readings::ByVin;

/// Three readings are even if the middle one lies this near, as a share of the distance between the others, to where the
/// same distance or the same pace would put it.
const NEAR: f64 = 0.002;
/// Shorter distances than this say nothing.
const LEAST_KM: u32 = 300;

/// How even the readings of one dealer (or clerk) are.
#[derive(Default)]
pub(super) struct Evenness {
    /// Readings of one car, three in a row, that could be looked at.
    pub(super) triples: u64,
    /// Of these, the even ones.
    pub(super) even: u64,
    /// Car, day and kilometres of all readings of those.
    pub(super) readings: FxHashSet<(u64, i32, u32)>,
}

/// Looks at every three readings in a row of each car.
pub(super) fn evenness(by_vin: &ByVin) -> Evenness {
    let mut found = Evenness::default();
    for (vin, readings) in by_vin {
        let mut grown: Vec<(i32, u32)> = Vec::with_capacity(readings.len());
        for reading in readings {
            let is_later = |last: &(i32, u32)| reading.0 > last.0 && reading.1 > last.1;
            if grown.last().is_none_or(is_later) {
                grown.push(*reading);
            }
        }
        for triple in grown.windows(3) {
            let [first, middle, last] = [triple[0], triple[1], triple[2]];
            if last.1 - first.1 < LEAST_KM {
                continue;
            }
            found.triples += 1;
            if is_even(first, middle, last) {
                found.even += 1;
                let bearing = triple.iter().map(|(day, km)| (*vin, *day, *km));
                found.readings.extend(bearing);
            }
        }
    }
    found
}

fn is_even(first: (i32, u32), middle: (i32, u32), last: (i32, u32)) -> bool {
    let (km, days) = (f64::from(last.1 - first.1), f64::from(last.0 - first.0));
    let grown = f64::from(middle.1 - first.1);
    let is_near = |expected: f64| (grown - expected).abs() <= NEAR * km;
    is_near(km / 2.0) || is_near(km * f64::from(middle.0 - first.0) / days)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn car(readings: &[(i32, u32)]) -> ByVin {
        let readings: BTreeSet<(i32, u32)> = readings.iter().copied().collect();
        std::iter::once((7, readings)).collect()
    }

    #[test]
    fn the_same_distance_and_the_same_pace_are_even_and_driving_is_not() {
        for (readings, even) in [
            ([(0, 5_000), (80, 10_000), (200, 15_000)], 1),
            ([(0, 3_000), (100, 7_000), (300, 15_000)], 1),
            ([(0, 4_812), (150, 11_340), (330, 15_905)], 0),
        ] {
            assert_eq!(evenness(&car(&readings)).even, even, "{readings:?}");
        }
    }

    #[test]
    fn two_readings_of_one_day_and_one_that_fell_are_passed_over() {
        let readings = [(0, 5_000), (0, 6_000), (80, 4_000), (200, 15_000)];
        assert_eq!(evenness(&car(&readings)).triples, 0);
    }

    proptest! {
        #[test]
        fn a_rule_is_always_seen(start in 0u32..50_000, step in 200u32..20_000, days in 10i32..400) {
            let readings: Vec<(i32, u32)> = (0..6).map(|n| (n * days, start + n as u32 * step)).collect();
            let found = evenness(&car(&readings));
            prop_assert_eq!((found.triples, found.even), (4, 4));
            prop_assert_eq!(found.readings.len(), 6);
        }
    }
}
