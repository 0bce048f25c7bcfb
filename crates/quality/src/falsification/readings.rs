//! Readings of one car against each other, wherever they were taken.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::odometer::{self, Meter};

/// Readings of each car: day and kilometres.
pub(super) type ByVin = FxHashMap<u64, BTreeSet<(i32, u32)>>;

/// The first reading of the new meter of each car whose meter was replaced: what came before it says nothing of what came since.
pub(super) type NewMeters = FxHashMap<u64, (i32, u32)>;

/// What the readings of one dealer (or clerk) look like among all readings of the same cars.
#[derive(Default)]
pub(super) struct Compared {
    /// Readings of cars that have another reading of another day.
    pub(super) comparable: u64,
    /// Of these, the ones that are blamed, or that contradict another without it being clear which one is wrong.
    pub(super) contradicting: u64,
    /// Car, day and kilometres of the readings without which the rest agree.
    pub(super) blamed: FxHashSet<(u64, i32, u32)>,
}

/// A reading and the place of the unit that took it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reading {
    day: i32,
    km: u32,
    unit: usize,
}

/// A day with so many readings and so large a part (one in so many) of a unit's is the day on which a file was taken over from
/// another system: it dates the entry and not the reading.
const TAKEN_OVER: (u32, usize) = (5, 7);

/// No car has more readings: the VIN stands for all that nobody knew, such as those of sales over the counter. Each reading of a car is
/// compared with each.
const MOST: usize = 200;

/// The days whose readings say nothing about when they were taken.
fn taken_over(by_vin: &ByVin) -> FxHashSet<i32> {
    let mut days: FxHashMap<i32, u32> = FxHashMap::default();
    let mut all = 0;
    for (day, _) in by_vin.values().flatten() {
        *days.entry(*day).or_default() += 1;
        all += 1;
    }
    days.retain(|_, readings| *readings >= TAKEN_OVER.0 && *readings as usize * TAKEN_OVER.1 > all);
    days.into_keys().collect()
}

/// Compares all readings of each meter of each car; one result for each unit, in their order, and which meters were replaced. No car
/// covers more than `km_a_day`.
pub(super) fn compare<'a>(
    units: impl Iterator<Item = &'a ByVin>,
    km_a_day: u64,
) -> (Vec<Compared>, NewMeters) {
    let mut cars: FxHashMap<u64, Vec<Reading>> = FxHashMap::default();
    let mut results = Vec::new();
    for (unit, by_vin) in units.enumerate() {
        results.push(Compared::default());
        let undated = taken_over(by_vin);
        for (vin, readings) in by_vin {
            let dated = readings.iter().filter(|(day, _)| !undated.contains(day));
            let dated = dated.map(|(day, km)| Reading {
                day: *day,
                km: *km,
                unit,
            });
            cars.entry(*vin).or_default().extend(dated);
        }
    }
    let mut new_meters = NewMeters::default();
    let mut meters: Vec<(u64, Vec<Reading>)> = Vec::with_capacity(cars.len());
    for (vin, mut readings) in cars {
        if !(2..=MOST).contains(&readings.len()) {
            continue;
        }
        readings.sort_unstable();
        if let Some(place) = new_meter(&readings, km_a_day) {
            let new = readings.split_off(place);
            new_meters.insert(vin, (new[0].day, new[0].km));
            meters.push((vin, new));
        }
        meters.push((vin, readings));
    }
    let mut involved = vec![0_u64; results.len()];
    for (_, readings) in &meters {
        for (i, reading) in readings
            .iter()
            .enumerate()
            .filter(|(_, reading)| readings.iter().any(|other| other.day != reading.day))
        {
            results[reading.unit].comparable += 1;
            involved[reading.unit] += u64::from(conflicts(readings, i, km_a_day) > 0);
        }
    }
    let rate = |(involved, result): (&u64, &Compared)| {
        (*involved as f64 + 0.01) / (result.comparable as f64 + 1.0)
    };
    let rates: Vec<f64> = involved.iter().zip(&results).map(rate).collect();
    for (vin, mut readings) in meters {
        while let Some(at) = most_contradicting(&readings, &rates, km_a_day) {
            let reading = readings.remove(at);
            results[reading.unit].contradicting += 1;
            results[reading.unit]
                .blamed
                .insert((vin, reading.day, reading.km));
        }
        for (i, reading) in readings.iter().enumerate() {
            let is_at_odds = conflicts(&readings, i, km_a_day) > 0;
            results[reading.unit].contradicting += u64::from(is_at_odds);
        }
    }
    (results, new_meters)
}

/// The place of the first reading of a meter that replaced another, as single readings are judged by (`odometer`): one meter says nothing of
/// another.
fn new_meter(readings: &[Reading], km_a_day: u64) -> Option<usize> {
    let is_at_odds = |i: usize| conflicts(readings, i, km_a_day) > 0;
    (0..readings.len()).find(|i| is_at_odds(*i))?;
    let dated = readings.iter().filter_map(|reading| {
        let day = NaiveDate::from_num_days_from_ce_opt(reading.day)?;
        Some(Meter::of_day(day, i64::from(reading.km)))
    });
    let is_read = |meter: &Meter| meter.km > 0 && !meter.is_filler();
    let told: Vec<Meter> = dated.filter(is_read).collect();
    let first = told[odometer::new_meter(&told)?];
    readings.iter().position(|reading| {
        let day = NaiveDate::from_num_days_from_ce_opt(reading.day);
        day.map(|day| Meter::of_day(day, i64::from(reading.km))) == Some(first)
    })
}

/// Whether the later of two readings is lower, or higher than a car can go. A slip of 50 km is a matter of reading.
const fn contradict(earlier: Reading, later: Reading, km_a_day: u64) -> bool {
    let possible = earlier.km as u64 + (later.day - earlier.day) as u64 * km_a_day;
    earlier.day != later.day && (later.km + 50 < earlier.km || later.km as u64 > possible)
}

/// How many others a reading contradicts.
fn conflicts(readings: &[Reading], i: usize, km_a_day: u64) -> usize {
    let before = readings[..i]
        .iter()
        .filter(|other| contradict(**other, readings[i], km_a_day))
        .count();
    before
        + readings[i + 1..]
            .iter()
            .filter(|other| contradict(readings[i], **other, km_a_day))
            .count()
}

/// The reading that contradicts the most others; among equals the one whose unit contradicts others more than twice as
/// often. None if that does not tell them apart.
fn most_contradicting(readings: &[Reading], rates: &[f64], km_a_day: u64) -> Option<usize> {
    let counts: Vec<usize> = (0..readings.len())
        .map(|i| conflicts(readings, i, km_a_day))
        .collect();
    let most = *counts.iter().max().filter(|most| **most > 0)?;
    let worst: Vec<usize> = (0..counts.len()).filter(|i| counts[*i] == most).collect();
    let rate = |i: &usize| rates[readings[*i].unit];
    let first = *worst.iter().max_by(|a, b| rate(a).total_cmp(&rate(b)))?;
    let stands_out = worst
        .iter()
        .filter(|i| **i != first)
        .all(|i| rate(i) * 2.0 < rate(&first));
    stands_out.then_some(first)
}

#[cfg(test)]
mod tests {
    use super::{super::state::days, *};

    const fn reading(day: i32, km: u32) -> Reading {
        Reading { day, km, unit: 0 }
    }

    #[test]
    fn the_one_reading_that_does_not_fit_is_blamed() {
        let readings = [
            reading(0, 1000),
            reading(100, 90_000),
            reading(200, 9000),
            reading(300, 14_000),
        ];
        assert_eq!(most_contradicting(&readings, &[0.1], 500), Some(1));
        // Where cars may cover 900 km a day, the first reading is none of its witnesses.
        assert_eq!(most_contradicting(&readings, &[0.1], 900), Some(1));
        assert_eq!(conflicts(&readings, 1, 500), 3);
        assert_eq!(conflicts(&readings, 1, 900), 2);
    }

    #[test]
    fn of_two_equals_none_is_blamed_unless_its_dealer_stands_out() {
        let mut readings = [reading(0, 90_000), reading(100, 5000)];
        assert_eq!(most_contradicting(&readings, &[0.1, 0.3], 500), None);
        readings[0].unit = 1;
        assert_eq!(most_contradicting(&readings, &[0.1, 0.3], 500), Some(0));
    }

    #[test]
    fn readings_of_a_replaced_meter_contradict_none_of_the_old_one() {
        let old = [(0, 10_000), (90, 20_000), (180, 30_000), (270, 40_000)];
        let new = [(360, 200), (450, 5_000), (540, 9_000)];
        // From two dealers, as a car changes its workshop.
        let of = |readings: &[(i32, u32)]| -> ByVin {
            let dated = readings.iter().map(|(day, km)| (739_000 + day, *km));
            std::iter::once((7, dated.collect())).collect()
        };
        let units = [of(&[&old[..], &new[..1]].concat()), of(&new[1..])];
        let (results, new_meters) = compare(units.iter(), 500);
        let counted = |result: &Compared| (result.comparable, result.contradicting);
        let counted: Vec<(u64, u64)> = results.iter().map(counted).collect();
        assert_eq!(counted, [(5, 0), (2, 0)]);
        assert_eq!(new_meters[&7], (739_360, 200));
        // One alone proves no meter.
        let (results, new_meters) = compare(std::iter::once(&units[0]), 500);
        assert_eq!((results[0].contradicting, new_meters.len()), (1, 0));
    }

    #[test]
    fn whatever_the_new_meter_shows_it_contradicts_none_of_the_old_one() {
        let of = |kms: &[u32]| -> Compared {
            let first = NaiveDate::from_ymd_opt(2022, 3, 1).expect("a day");
            let days = (0..).step_by(200).map(|day| days(first) + day);
            let of_car: BTreeSet<(i32, u32)> = days.zip(kms.iter().copied()).collect();
            let by_vin: ByVin = std::iter::once((7, of_car)).collect();
            compare(std::iter::once(&by_vin), 500).0.remove(0)
        };
        for kms in [
            &[10_103, 20_117, 30_123, 40_131, 217, 5_121][..],
            &[1_829, 7_826, 16, 2_109, 4_185],
            &[1_829, 7_826, 11_013, 16, 7_103, 12_109, 14_185, 18_001],
        ] {
            let found = of(kms);
            assert_eq!(
                (found.comparable, found.contradicting),
                (kms.len() as u64, 0)
            );
            assert!(found.blamed.is_empty(), "{kms:?}");
        }
        // Beside a new meter a wrong reading stays wrong.
        let found = of(&[10_103, 90_117, 20_123, 30_131, 40_003, 217, 5_121]);
        assert_eq!((found.comparable, found.contradicting), (7, 1));
        let kms: Vec<u32> = found.blamed.iter().map(|(_, _, km)| *km).collect();
        assert_eq!(kms, [90_117]);
    }

    #[test]
    fn a_vin_that_stands_for_thousands_of_cars_is_none_whose_readings_agree() {
        let of = |readings: u32| -> Compared {
            let dated = (0..readings).map(|i| (i as i32, i * 7_919 % 180_000 + 7));
            let of_vin: BTreeSet<(i32, u32)> = dated.collect();
            let by_vin: ByVin = std::iter::once((7, of_vin)).collect();
            compare(std::iter::once(&by_vin), 500).0.remove(0)
        };
        assert_eq!(of(100).comparable, 100);
        let many = of(20_000);
        assert_eq!((many.comparable, many.contradicting), (0, 0));
        assert!(many.blamed.is_empty());
    }
}
