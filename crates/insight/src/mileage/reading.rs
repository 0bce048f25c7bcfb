//! Which odometer readings to believe: typed wrong, or the meter replaced.
//!
//! Every reading is kept and gets a verdict; none is rejected, corrected or overwritten (R-HIST-3), and the estimate uses
//! the believed ones alone.

use chrono::NaiveDate;

/// An odometer reading as somebody wrote it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The day it was read.
    pub date: NaiveDate,
    /// What the meter showed, in km.
    pub km: u32,
    /// Whether the record says that the meter was replaced before this reading.
    pub meter_replaced: bool,
}

/// What is thought of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It fits the others.
    Believed,
    /// It fits, as the first of a new meter.
    NewMeter,
    /// It lies below or above what the readings around it allow: typed wrong.
    Implausible,
    /// It is the newest and far beyond the car's own pace: to be believed when the next one confirms it.
    Unconfirmed,
}

/// A reading with its verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The reading.
    pub reading: Reading,
    /// What is thought of it.
    pub verdict: Verdict,
    /// Distance driven up to it over all meters, in km; only of believed readings.
    pub driven_km: Option<f64>,
}

/// Faster than this, in km a day between two readings, somebody typed wrong. Two drivers in turns do not do it.
pub const FASTEST_KM_A_DAY: f64 = 1_000.0;
/// A newest reading this many times above the car's own pace waits for confirmation...
const JUMP: f64 = 6.0;
/// ...if it is also faster than this, in km a day; holiday trips stay below.
const JUMP_KM_A_DAY: f64 = 300.0;
/// Believing in a replaced meter that nobody recorded costs this many readings, so that it takes two to prove it.
const UNRECORDED_METER_COST: f64 = 1.5;

/// Judges all readings of one car and returns them by date.
///
/// Finds the longest run of readings that agree with each other, by dynamic programming; of two equally long runs the
/// steadier wins. A typed error disagrees with its neighbours on both sides and drops out; a replaced meter disagrees with
/// everything before and nothing after.
pub fn judge(readings: &[Reading]) -> Vec<Judged> {
    let mut readings = readings.to_vec();
    readings.sort_by_key(|reading| (reading.date, reading.km));
    let mut verdicts = vec![Verdict::Implausible; readings.len()];
    let run = best_run(&readings);
    for (place, &index) in run.iter().enumerate() {
        let is_new_meter =
            place > 0 && is_meter_change(&readings[run[place - 1]], &readings[index]);
        verdicts[index] = if is_new_meter {
            Verdict::NewMeter
        } else {
            Verdict::Believed
        };
    }
    if let Some(index) = unconfirmed_end(&readings, &run) {
        verdicts[index] = Verdict::Unconfirmed;
    }
    with_distances(readings, &verdicts)
}

/// The distances driven at the believed readings, by date; one a day, the last.
pub fn distances(judged: &[Judged]) -> Vec<(NaiveDate, f64)> {
    let mut distances: Vec<(NaiveDate, f64)> = Vec::new();
    for each in judged {
        let Some(driven) = each.driven_km else {
            continue;
        };
        match distances.last_mut() {
            Some(last) if last.0 == each.reading.date => last.1 = driven,
            _ => distances.push((each.reading.date, driven)),
        }
    }
    distances
}

/// Indices of the best agreeing run.
fn best_run(readings: &[Reading]) -> Vec<usize> {
    let mut best: Vec<(f64, Option<usize>)> = Vec::with_capacity(readings.len());
    for (index, reading) in readings.iter().enumerate() {
        let links = (0..index).filter_map(|before| {
            link(&readings[before], reading).map(|value| (best[before].0 + value, Some(before)))
        });
        let start = (1.0, None);
        best.push(links.fold(
            start,
            |best, link| if link.0 > best.0 { link } else { best },
        ));
    }
    let last = (0..best.len()).max_by(|&left, &right| best[left].0.total_cmp(&best[right].0));
    let mut run: Vec<usize> = std::iter::successors(last, |&index| best[index].1).collect();
    run.reverse();
    run
}

/// What it is worth to believe in both of two readings, one after the other; `None` if one excludes the other.
fn link(before: &Reading, after: &Reading) -> Option<f64> {
    if is_meter_change(before, after) {
        return Some(if after.meter_replaced {
            1.0
        } else {
            1.0 - UNRECORDED_METER_COST
        });
    }
    let pace = pace(before, after);
    (pace <= FASTEST_KM_A_DAY).then_some(1.0 - 0.9 * pace / FASTEST_KM_A_DAY)
}

fn is_meter_change(before: &Reading, after: &Reading) -> bool {
    after.meter_replaced || after.km < before.km
}

/// Km a day between two readings; within a day, as if it were a day.
fn pace(before: &Reading, after: &Reading) -> f64 {
    let days = (after.date - before.date).num_days().max(1);
    f64::from(after.km.saturating_sub(before.km)) / days as f64
}

/// The newest believed reading, if it leaps.
fn unconfirmed_end(readings: &[Reading], run: &[usize]) -> Option<usize> {
    let mut paces: Vec<f64> = run
        .windows(2)
        .filter(|pair| !is_meter_change(&readings[pair[0]], &readings[pair[1]]))
        .map(|pair| pace(&readings[pair[0]], &readings[pair[1]]))
        .collect();
    let last = paces.pop()?;
    paces.sort_by(f64::total_cmp);
    let usual = *paces.get(paces.len() / 2)?;
    let [.., before, end] = run else { return None };
    let leaps = last > JUMP_KM_A_DAY && last > JUMP * usual;
    (leaps && !is_meter_change(&readings[*before], &readings[*end])).then_some(*end)
}

fn with_distances(readings: Vec<Reading>, verdicts: &[Verdict]) -> Vec<Judged> {
    let (mut old_meters, mut last) = (0.0, 0.0);
    let judge_one = |(reading, &verdict): (Reading, &Verdict)| {
        let is_believed = matches!(verdict, Verdict::Believed | Verdict::NewMeter);
        if verdict == Verdict::NewMeter {
            old_meters += last;
        }
        if is_believed {
            last = f64::from(reading.km);
        }
        Judged {
            reading,
            verdict,
            driven_km: is_believed.then_some(old_meters + last),
        }
    };
    readings.into_iter().zip(verdicts).map(judge_one).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn readings(kms: &[u32]) -> Vec<Reading> {
        let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let date = |index: usize| start + chrono::Days::new(90 * index as u64);
        kms.iter()
            .enumerate()
            .map(|(index, &km)| Reading {
                date: date(index),
                km,
                meter_replaced: false,
            })
            .collect()
    }

    fn verdicts(kms: &[u32]) -> String {
        let letter = |judged: Judged| match judged.verdict {
            Verdict::Believed => 'b',
            Verdict::NewMeter => 'n',
            Verdict::Implausible => 'i',
            Verdict::Unconfirmed => 'u',
        };
        judge(&readings(kms)).into_iter().map(letter).collect()
    }

    #[test]
    fn wrong_readings_drop_out_and_replaced_meters_do_not() {
        for (kms, expected) in [
            (&[3_000, 6_000, 9_000][..], "bbb"),
            (&[3_000, 60_000, 9_000, 12_000], "bibb"),
            (&[3_000, 6_000, 900, 12_000], "bbib"),
            (&[90_000, 3_000, 6_000, 9_000], "ibbb"),
            (&[3_000, 6_000, 9_000, 120_000], "bbbi"),
            (&[3_000, 6_000, 9_000, 60_000], "bbbu"),
            (&[50_000, 55_000, 60_000, 300, 5_000, 9_000], "bbbnbb"),
            (&[50_000, 55_000, 60_000, 300], "bbbi"),
            (&[5_000], "b"),
            (&[], ""),
        ] {
            assert_eq!(verdicts(kms), expected, "{kms:?}");
        }
    }

    #[test]
    fn a_recorded_replacement_needs_no_proof_and_distance_runs_on() {
        let mut readings = readings(&[50_000, 60_000, 300]);
        readings[2].meter_replaced = true;
        let judged = judge(&readings);
        assert_eq!(judged[2].verdict, Verdict::NewMeter);
        assert_eq!(judged[2].driven_km, Some(60_300.0));
        assert_eq!(distances(&judged).len(), 3);
    }

    #[test]
    fn two_readings_on_one_day_are_one_distance() {
        let mut readings = readings(&[3_000, 6_000]);
        readings[1].date = readings[0].date;
        readings[1].km = 3_040;
        assert_eq!(distances(&judge(&readings)), [(readings[0].date, 3_040.0)]);
    }

    proptest! {
        #[test]
        fn distance_never_falls_and_no_reading_is_lost(kms in proptest::collection::vec(0_u32..400_000, 0..25)) {
            let judged = judge(&readings(&kms));
            prop_assert_eq!(judged.len(), kms.len());
            let distances = distances(&judged);
            prop_assert!(distances.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        }
    }
}
