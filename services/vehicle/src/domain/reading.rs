//! Odometer readings and what is thought of them.

use marque_core::{Timestamp, VisitId, business_date};
use marque_quality::{
    Field,
    number::is_sentinel_odometer,
    standard::{Measure, greatest},
};
use rustc_hash::FxHashMap;

/// What is thought of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Quality {
    /// It fits the others.
    Plausible,
    /// Less than was read before.
    Backwards,
    /// More than could have been driven until a later reading, or since an earlier one.
    TooFast,
    /// A number that is put there to fill the field, such as 11111.
    Sentinel,
    /// A later version of the same visit reads otherwise.
    Corrected,
}

impl Quality {
    const ALL: [Self; 5] = [
        Self::Plausible,
        Self::Backwards,
        Self::TooFast,
        Self::Sentinel,
        Self::Corrected,
    ];

    /// Stable code for storage and the wire.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Plausible => "plausible",
            Self::Backwards => "backwards",
            Self::TooFast => "too_fast",
            Self::Sentinel => "sentinel",
            Self::Corrected => "corrected",
        }
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.code() == code)
    }
}

/// One reading of one car.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) read_at: Timestamp,
    pub(crate) visit: VisitId,
    pub(crate) visit_version: i64,
    /// Kilometres; 0 where a correction took the reading back.
    pub(crate) km: i64,
    pub(crate) dealer: String,
    pub(crate) quality: Quality,
}

const DAY_MICROS: i64 = 86_400_000_000;

/// Judges all readings of one car anew; `versions` knows the newest version of visits whose readings are elsewhere now.
///
/// Believed is the longest run of readings that agree with each other, the rest is told from it: so one slip of the
/// pen does not make all honest readings after it look wrong. Two or more that agree with each other, and show less than all of that
/// run that lies before them, or more than all that lies after, are those of another meter, which was replaced, also when that shows
/// more than the old one by now. Nothing but the set of readings counts.
pub(crate) fn judge(readings: &mut [Reading], versions: &FxHashMap<VisitId, i64>) {
    readings.sort_by(|a, b| {
        (a.read_at, a.km, a.visit_version, &a.dealer).cmp(&(
            b.read_at,
            b.km,
            b.visit_version,
            &b.dealer,
        ))
    });
    let mut newest = versions.clone();
    for reading in readings.iter() {
        let version = newest.entry(reading.visit).or_insert(0);
        *version = (*version).max(reading.visit_version);
    }
    let mut judged = Vec::with_capacity(readings.len());
    for (at, reading) in readings.iter_mut().enumerate() {
        if newest[&reading.visit] > reading.visit_version || reading.km == 0 {
            reading.quality = Quality::Corrected;
        } else if is_sentinel_odometer(u32::try_from(reading.km).unwrap_or(u32::MAX)) {
            reading.quality = Quality::Sentinel;
        } else {
            judged.push(at);
        }
    }
    let run = believed(readings, &judged);
    for at in judged {
        readings[at].quality = if run.binary_search(&at).is_ok() {
            Quality::Plausible
        } else {
            flaw(readings, &run, at)
        };
    }
}

/// The newest plausible reading of judged ones.
pub(crate) fn newest_plausible(readings: &[Reading]) -> Option<&Reading> {
    readings
        .iter()
        .filter(|reading| reading.quality == Quality::Plausible)
        .max_by_key(|reading| (reading.read_at, reading.km))
}

/// How many readings back a chain may skip: a placeholder VIN can have very many.
const LOOK_BACK: usize = 64;

/// So many readings that agree prove a meter that nobody recorded (`marque_insight::mileage::judge`).
const PROOF: usize = 2;

/// A pace so many times that of other readings is none of the same car.
const TIMES_THE_PACE: i64 = 2;

/// The longest run, and those of the meter after or before it.
fn believed(readings: &[Reading], judged: &[usize]) -> Vec<usize> {
    let run = longest_run(readings, judged);
    let (Some(first), Some(last)) = (run.first(), run.last()) else {
        return run;
    };
    let before = &judged[..judged.partition_point(|at| at < first)];
    let after = &judged[judged.partition_point(|at| at <= last)..];
    let meter_of =
        |part: &[usize]| Some(longest_run(readings, part)).filter(|of| of.len() >= PROOF);
    let falls = |old: &[usize], new: &[usize]| {
        let ends = old.last().zip(new.first());
        ends.is_some_and(|(old, new)| readings[*new].km < readings[*old].km)
    };
    let old = meter_of(before).filter(|old| falls(old, &run));
    let new = meter_of(after).filter(|new| falls(&run, new));
    if old.is_some() || new.is_some() {
        return [old.unwrap_or_default(), run, new.unwrap_or_default()].concat();
    }
    // The new meter may show more than the old one by now: then the run leads from the one to the other, past the first readings of the new
    // one, which was driven on at a like pace.
    for place in 1..run.len() {
        let (one, next) = (run[place - 1], run[place]);
        let between =
            judged.partition_point(|at| *at <= one)..judged.partition_point(|at| *at < next);
        let is_driven_on = |new: &Vec<usize>| {
            let old = &run[place.saturating_sub(LOOK_BACK)..place];
            let usual = fastest(readings, old).max(fastest(readings, new));
            let last = new.last().copied().unwrap_or(one);
            falls(old, new) && fastest(readings, &[last, next]) <= usual * TIMES_THE_PACE
        };
        if let Some(new) = meter_of(&judged[between]).filter(is_driven_on) {
            return [&run[..place], &new[..], &run[place..]].concat();
        }
    }
    run
}

/// Kilometres a day on the fastest stretch of readings that follow each other.
fn fastest(readings: &[Reading], run: &[usize]) -> i64 {
    let pace = |pair: &[usize]| {
        let (earlier, later) = (&readings[pair[0]], &readings[pair[1]]);
        let days = (later.read_at.as_micros() - earlier.read_at.as_micros()) / DAY_MICROS + 1;
        (later.km - earlier.km) / days
    };
    run.windows(2).map(pace).max().unwrap_or(0)
}

/// The longest chain of readings each of which can follow the one before, in their order; of equally long ones the earliest.
fn longest_run(readings: &[Reading], judged: &[usize]) -> Vec<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(judged.len());
    for (place, &at) in judged.iter().enumerate() {
        let most = most_a_day(&readings[at]);
        let before = (place.saturating_sub(LOOK_BACK)..place)
            .filter(|earlier| can_follow(&readings[judged[*earlier]], &readings[at], most))
            .max_by_key(|earlier| (best[*earlier].0, std::cmp::Reverse(*earlier)));
        best.push((before.map_or(1, |earlier| best[earlier].0 + 1), before));
    }
    let mut next = (0..best.len()).max_by_key(|place| (best[*place].0, std::cmp::Reverse(*place)));
    let mut run = Vec::new();
    while let Some(place) = next {
        run.push(judged[place]);
        next = best[place].1;
    }
    run.reverse();
    run
}

/// Kilometres a day that the release's standard of visits allows on the day of a reading; headquarters' own standard is not known
/// here.
fn most_a_day(reading: &Reading) -> Option<i64> {
    let day = business_date(reading.read_at);
    greatest(Field::VisitOdometerKm, Measure::KmADay, day)
}

/// Whether the meter can show `later` after `earlier`: nobody drives farther a day than `most` (R-HIST-3). The day is the unit: two
/// readings of one day may lie a day's drive apart.
fn can_follow(earlier: &Reading, later: &Reading, most: Option<i64>) -> bool {
    let days = (later.read_at.as_micros() - earlier.read_at.as_micros()) / DAY_MICROS + 1;
    let driven = later.km - earlier.km;
    driven >= 0 && most.is_none_or(|most| driven <= days.saturating_mul(most))
}

fn flaw(readings: &[Reading], run: &[usize], at: usize) -> Quality {
    let before = run[..run.partition_point(|believed| *believed < at)].last();
    let is_less = before.is_some_and(|before| readings[at].km < readings[*before].km);
    if is_less {
        Quality::Backwards
    } else {
        Quality::TooFast
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn reading(day: i64, km: i64, visit: u128, visit_version: i64) -> Reading {
        Reading {
            read_at: Timestamp::from_micros(day * DAY_MICROS),
            visit: Uuid::from_u128(visit).into(),
            visit_version,
            km,
            dealer: "D1".into(),
            quality: Quality::Plausible,
        }
    }

    fn judged(mut readings: Vec<Reading>) -> Vec<Quality> {
        judge(&mut readings, &FxHashMap::default());
        readings
            .into_iter()
            .map(|reading| reading.quality)
            .collect()
    }

    #[test]
    fn one_slip_does_not_spoil_the_honest_readings_around_it() {
        use Quality::{Backwards, Plausible, Sentinel, TooFast};
        let readings = vec![
            reading(0, 5_000, 1, 1),
            reading(100, 150_000, 2, 1),
            reading(100, 410_000, 6, 1),
            reading(200, 16_000, 3, 1),
            reading(300, 1_600, 4, 1),
            reading(400, 11_111, 5, 1),
            reading(500, 30_000, 7, 1),
        ];
        assert_eq!(
            judged(readings),
            [
                Plausible, TooFast, TooFast, Plausible, Backwards, Sentinel, Plausible
            ]
        );
    }

    #[test]
    fn a_second_reading_of_a_new_meter_confirms_the_first() {
        use Quality::{Backwards, Plausible, TooFast};
        let readings = |kms: &[i64]| -> Vec<Reading> {
            let days = (0..).step_by(90);
            let visits = days.zip(1..).zip(kms);
            visits
                .map(|((day, visit), km)| reading(day, *km, visit, 1))
                .collect()
        };
        let old = [10_000, 20_000, 30_000, 40_000];
        let mut kms = old.to_vec();
        kms.push(200);
        assert_eq!(judged(readings(&kms))[4], Backwards);
        // Few, as many as before, and more.
        for km in [5_000, 9_000, 14_000, 19_000, 24_000] {
            kms.push(km);
            let mut new_readings = readings(&kms);
            judge(&mut new_readings, &FxHashMap::default());
            let plausible = new_readings.iter().all(|one| one.quality == Plausible);
            assert!(plausible, "{kms:?}");
            assert_eq!(newest_plausible(&new_readings).unwrap().km, km);
        }
        // Also where more were read of the old meter than of the new one until it shows more.
        let mut kms: Vec<i64> = (1..=10).map(|n| n * 4_000).collect();
        kms.extend([200, 10_000, 20_000, 30_000, 45_000, 55_000]);
        let overtaken = judged(readings(&kms));
        assert!(overtaken.iter().all(|quality| *quality == Plausible));
        // What leaps is none of another meter, however often.
        let leaps = judged(readings(&[10_000, 20_000, 30_000, 900_000, 910_000]));
        assert_eq!(leaps[3..], [TooFast, TooFast]);
        // Nor are those between others that agree.
        let between = judged(readings(&[30_000, 31_000, 32_000, 5_000, 5_100, 36_000]));
        assert_eq!(between[3..5], [Backwards, Backwards]);
    }

    #[test]
    fn two_thousand_a_day_is_believed_and_more_is_not() {
        let day = |km: i64| judged(vec![reading(0, 1_000, 1, 1), reading(1, 1_000 + km, 2, 1)])[1];
        assert_eq!(
            (day(4_000), day(4_001)),
            (Quality::Plausible, Quality::TooFast)
        );
    }

    #[test]
    fn a_corrected_visit_counts_by_its_newest_version() {
        let readings = vec![
            reading(0, 50_000, 1, 1),
            reading(0, 5_000, 1, 2),
            reading(90, 6_000, 2, 1),
        ];
        assert_eq!(
            judged(readings),
            [Quality::Plausible, Quality::Corrected, Quality::Plausible]
        );
    }
}
