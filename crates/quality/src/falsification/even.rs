//! Readings that grow too evenly. Cars are driven more in one month than in another; whoever invents readings adds the same
//! distance each time, or computes them from the day.

use rustc_hash::FxHashSet;

use super::{
    Settings,
    readings::{ByVin, NewMeters},
};

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

/// Looks at every three readings in a row of each meter of each car.
pub(super) fn evenness(by_vin: &ByVin, new_meters: &NewMeters, settings: &Settings) -> Evenness {
    let mut found = Evenness::default();
    for (vin, readings) in by_vin {
        if let Some(first) = new_meters.get(vin) {
            found.look_at(*vin, readings.range(..*first), settings);
            found.look_at(*vin, readings.range(*first..), settings);
        } else {
            found.look_at(*vin, readings.iter(), settings);
        }
    }
    found
}

impl Evenness {
    /// Looks at the readings of one meter, in their order.
    fn look_at<'a>(
        &mut self,
        vin: u64,
        readings: impl Iterator<Item = &'a (i32, u32)>,
        settings: &Settings,
    ) {
        let mut grown: Vec<(i32, u32)> = Vec::new();
        for reading in readings {
            let is_later = |last: &(i32, u32)| reading.0 > last.0 && reading.1 > last.1;
            if grown.last().is_none_or(is_later) {
                grown.push(*reading);
            }
        }
        for triple in grown.windows(3) {
            let [first, middle, last] = [triple[0], triple[1], triple[2]];
            if u64::from(last.1 - first.1) < settings.even_km {
                continue;
            }
            self.triples += 1;
            if is_even([first, middle, last], settings.even_within) {
                self.even += 1;
                let bearing = triple.iter().map(|(day, km)| (vin, *day, *km));
                self.readings.extend(bearing);
            }
        }
    }
}

fn is_even([first, middle, last]: [(i32, u32); 3], within: f64) -> bool {
    let (km, days) = (f64::from(last.1 - first.1), f64::from(last.0 - first.0));
    let grown = f64::from(middle.1 - first.1);
    let is_near = |expected: f64| (grown - expected).abs() <= within * km;
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
            let found = evenness(&car(&readings), &NewMeters::default(), &Settings::default());
            assert_eq!(found.even, even, "{readings:?}");
        }
    }

    #[test]
    fn two_readings_of_one_day_and_one_that_fell_are_passed_over() {
        let readings = [(0, 5_000), (0, 6_000), (80, 4_000), (200, 15_000)];
        let found = evenness(&car(&readings), &NewMeters::default(), &Settings::default());
        assert_eq!(found.triples, 0);
    }

    #[test]
    fn how_near_is_even_and_which_distance_says_nothing_are_settings() {
        let readings = car(&[(0, 5_000), (80, 5_900), (200, 7_000)]);
        let even = |even_within: f64, even_km: u64| {
            let settings = Settings {
                even_within,
                even_km,
                ..Settings::default()
            };
            let found = evenness(&readings, &NewMeters::default(), &settings);
            (found.triples, found.even)
        };
        assert_eq!(even(0.002, 300), (1, 0));
        assert_eq!(
            even(0.05, 300),
            (1, 1),
            "900 and 1,100 km differ by a tenth"
        );
        assert_eq!(even(0.05, 2_001), (0, 0));
    }

    #[test]
    fn a_replaced_meter_begins_anew() {
        // The new one shows more than the old one by now.
        let readings = [
            (0, 4_000),
            (90, 8_900),
            (180, 11_000),
            (270, 150),
            (360, 5_150),
            (450, 10_150),
            (540, 15_150),
        ];
        let even = |new_meters: &NewMeters| {
            let found = evenness(&car(&readings), new_meters, &Settings::default());
            (found.triples, found.even)
        };
        let new_meters: NewMeters = std::iter::once((7, (270, 150))).collect();
        assert_eq!(even(&new_meters), (3, 2));
        assert_eq!(even(&NewMeters::default()).1, 0, "as of one meter");
    }

    proptest! {
        #[test]
        fn a_rule_is_always_seen(start in 0u32..50_000, step in 200u32..20_000, days in 10i32..400) {
            let readings: Vec<(i32, u32)> = (0..6).map(|n| (n * days, start + n as u32 * step)).collect();
            let found = evenness(&car(&readings), &NewMeters::default(), &Settings::default());
            prop_assert_eq!((found.triples, found.even), (4, 4));
            prop_assert_eq!(found.readings.len(), 6);
        }
    }
}
