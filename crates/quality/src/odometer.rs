//! Whether readings of one car's meter can all be true (R-HIST-3): a doubt about a visit, never a reason to refuse it.

mod chain;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};

use crate::{
    date::BUSINESS_OFFSET_SECONDS,
    dictionary::Field,
    finding::{Finding, Rule},
    number::is_sentinel_odometer,
    standard::{Measure, greatest},
};

/// A reading of a car's meter; in their order, that of time, the less first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meter {
    /// When, in microseconds since 1970 in UTC.
    pub at_micros: i64,
    /// What it showed, in kilometres.
    pub km: i64,
}

/// Why a reading is doubted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implausible {
    /// Less than before, or more than after.
    Backwards,
    /// Farther than anybody drives in the time.
    TooFast {
        /// Kilometres a day that the release's standard allows.
        most: i64,
    },
}

/// What the readings of a car say of one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Each doubt once, that against the reading before first.
    pub doubts: Vec<Implausible>,
    /// Whether the others leave no doubt that it is the wrong one.
    pub is_outlier: bool,
    /// Kilometres a day, rounded up, of the faster side; `None` if there is no other reading, or the meter runs backwards on both.
    pub km_a_day: Option<i64>,
}

const DAY_MICROS: i64 = 86_400_000_000;

impl Meter {
    /// A reading of a day of which no time is known.
    pub(crate) fn of_day(day: NaiveDate, km: i64) -> Self {
        let midnight = day.and_time(NaiveTime::MIN).and_utc().timestamp();
        Self {
            at_micros: (midnight - i64::from(BUSINESS_OFFSET_SECONDS)) * 1_000_000,
            km,
        }
    }

    /// Whether it shows what is typed to fill the field, such as 11111: that is a finding by itself, and says nothing of other readings.
    pub fn is_filler(self) -> bool {
        u32::try_from(self.km).is_ok_and(is_sentinel_odometer)
    }

    fn business_day(self) -> Option<NaiveDate> {
        let utc = DateTime::from_timestamp_micros(self.at_micros)?;
        let offset = TimeDelta::seconds(i64::from(BUSINESS_OFFSET_SECONDS));
        Some(utc.checked_add_signed(offset)?.date_naive())
    }
}

/// Doubts two readings that follow each other. The day is the unit: readings of one day may lie a day's drive apart.
fn gap(earlier: Meter, later: Meter) -> Option<Implausible> {
    if later.km < earlier.km {
        return Some(Implausible::Backwards);
    }
    let most = greatest(
        Field::VisitOdometerKm,
        Measure::KmADay,
        later.business_day()?,
    )?;
    let is_too_fast = later.km - earlier.km > days_between(earlier, later).saturating_mul(most);
    is_too_fast.then_some(Implausible::TooFast { most })
}

/// Days of which both readings are, and those between.
const fn days_between(earlier: Meter, later: Meter) -> i64 {
    (later.at_micros - earlier.at_micros) / DAY_MICROS + 1
}

/// Kilometres a day between two readings, rounded up; negative if the meter ran backwards.
const fn km_a_day(earlier: Meter, later: Meter) -> i64 {
    let days = days_between(earlier, later);
    (later.km - earlier.km + days - 1).div_euclid(days)
}

/// Judges the readings of one car, in whatever order; a verdict for each, in theirs. Which one is wrong the longest chain of readings that
/// agree says: what lies outside is doubted against it alone, and what lies in it against none outside. Where no chain tells, nobody knows
/// which of two is wrong, and both are doubted. Two or more that agree with each other, and come after all others and show less, are those of a
/// meter that was replaced: none of them is doubted for it. Those that only fill the field are passed over, and what is told twice counts once.
pub fn judge(readings: &[Meter]) -> Vec<Verdict> {
    let told = readings.iter().copied().filter(|meter| !meter.is_filler());
    let mut told: Vec<Meter> = told.collect();
    told.sort_unstable();
    told.dedup();
    let verdicts = verdicts(&told);
    let of = |meter: &Meter| {
        let place = told.binary_search(meter);
        place
            .map(|place| verdicts[place].clone())
            .unwrap_or_default()
    };
    readings.iter().map(of).collect()
}

/// The place of the first reading of a meter that replaced another, among readings in their order of which none is a filler.
pub(crate) fn new_meter(told: &[Meter]) -> Option<usize> {
    chain::told(told).new_meter
}

/// The verdicts of readings that follow each other.
fn verdicts(told: &[Meter]) -> Vec<Verdict> {
    let chain::Told {
        is_outlier,
        new_meter,
    } = chain::told(told);
    // One meter says nothing of another.
    let is_one_meter = |(earlier, later): &(usize, usize)| {
        new_meter.is_none_or(|first| *later < first || first <= *earlier)
    };
    let witnesses: Vec<usize> = (0..told.len()).filter(|at| !is_outlier[*at]).collect();
    let verdict = |at: usize| {
        let place = witnesses.partition_point(|witness| *witness < at);
        let before = witnesses[..place].last();
        let after = witnesses[place..].iter().find(|witness| **witness != at);
        let sides = [
            before.map(|before| (*before, at)),
            after.map(|after| (at, *after)),
        ];
        let sides = sides.map(|side| {
            let side = side.filter(is_one_meter);
            side.map(|(earlier, later)| (told[earlier], told[later]))
        });
        Verdict {
            is_outlier: is_outlier[at],
            ..between(sides)
        }
    };
    (0..told.len()).map(verdict).collect()
}

/// What a reading and those on its sides say.
fn between(sides: [Option<(Meter, Meter)>; 2]) -> Verdict {
    let mut verdict = Verdict::default();
    for (earlier, later) in sides.into_iter().flatten() {
        // Another standard may allow the pace of one side, and the other still runs backwards.
        if let Some(doubt) = gap(earlier, later)
            && !verdict.doubts.contains(&doubt)
        {
            verdict.doubts.push(doubt);
        }
        let pace = Some(km_a_day(earlier, later)).filter(|_| later.km >= earlier.km);
        verdict.km_a_day = verdict.km_a_day.max(pace);
    }
    verdict
}

impl Implausible {
    /// The doubt as a finding of the visit.
    pub fn finding(self) -> Finding {
        let finding = |rule| Finding::new(Field::VisitOdometerKm, rule);
        match self {
            Self::Backwards => finding(Rule::OdometerBackwards),
            Self::TooFast { most } => finding(Rule::OdometerTooFast).with_number(most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOO_FAST: Implausible = Implausible::TooFast { most: 2_000 };

    fn meter(day: i64, km: i64) -> Meter {
        Meter {
            at_micros: day * DAY_MICROS,
            km,
        }
    }

    fn judged(readings: &[(i64, i64)]) -> Vec<Verdict> {
        let meters = readings.iter().map(|(day, km)| meter(*day, *km));
        judge(&meters.collect::<Vec<_>>())
    }

    /// The places of the readings that are doubted, with each doubt.
    fn doubts(readings: &[(i64, i64)]) -> Vec<(usize, Implausible)> {
        let verdicts = judged(readings).into_iter().enumerate();
        verdicts
            .flat_map(|(place, verdict)| {
                verdict.doubts.into_iter().map(move |doubt| (place, doubt))
            })
            .collect()
    }

    fn outliers(readings: &[(i64, i64)]) -> Vec<usize> {
        let verdicts = judged(readings).into_iter().enumerate();
        verdicts
            .filter_map(|(place, verdict)| verdict.is_outlier.then_some(place))
            .collect()
    }

    #[test]
    fn where_nobody_knows_which_is_wrong_both_are_doubted_each_once() {
        let backwards = Implausible::Backwards;
        for (readings, expected) in [
            (
                vec![(0, 50_000), (2, 20_013), (3, 97_001)],
                vec![(0, backwards), (1, backwards), (1, TOO_FAST), (2, TOO_FAST)],
            ),
            (vec![(0, 10), (0, 2_010), (1, 6_010)], vec![]),
            (
                vec![(0, 10), (0, 2_011)],
                vec![(0, TOO_FAST), (1, TOO_FAST)],
            ),
            (vec![(0, 50_000), (1, 1), (2, 50_100)], vec![]),
            (
                vec![(0, 50_000), (1, 123_456), (2, 40_000)],
                vec![(0, backwards), (2, backwards)],
            ),
            // Some kilometres apart: a matter of reading, whatever the others say.
            (
                vec![(0, 12_900), (9, 13_019), (10, 12_998), (40, 14_000)],
                vec![(1, backwards), (2, backwards)],
            ),
            (
                vec![(0, 30), (9, 20), (20, 10)],
                vec![(0, backwards), (1, backwards), (2, backwards)],
            ),
            (vec![(5, 10)], vec![]),
            (vec![], vec![]),
        ] {
            assert_eq!(doubts(&readings), expected, "{readings:?}");
            assert!(outliers(&readings).is_empty(), "{readings:?}");
        }
    }

    #[test]
    fn what_lies_outside_the_longest_chain_is_doubted_alone() {
        for (readings, wrong) in [
            // Too much, between two that agree.
            (vec![(0, 30_000), (200, 430_000), (400, 36_000)], 1),
            // Too little, and as long a chain without the first, at ten times the pace.
            (vec![(0, 30_000), (60, 5_000), (90, 36_000)], 1),
            // Whatever the order in which they came.
            (vec![(90, 36_000), (0, 30_000), (60, 5_000)], 2),
            // The last.
            (vec![(0, 1_000), (80, 4_000), (160, 8_000), (240, 900)], 3),
            // Farther than anybody drives.
            (vec![(0, 1_000), (1, 90_000), (2, 1_100)], 1),
        ] {
            assert_eq!(outliers(&readings), [wrong], "{readings:?}");
            let doubted = doubts(&readings);
            assert!(!doubted.is_empty(), "{readings:?}");
            assert!(
                doubted.iter().all(|(place, _)| *place == wrong),
                "{readings:?}"
            );
        }
    }

    #[test]
    fn of_two_chains_as_long_and_as_likely_neither_is_wrong() {
        let readings = [(0, 30_000), (60, 36_000), (70, 34_000)];
        assert!(outliers(&readings).is_empty());
        let backwards = Implausible::Backwards;
        assert_eq!(doubts(&readings), [(1, backwards), (2, backwards)]);
        // Less than a majority agrees.
        let apart = [(0, 90_000), (10, 70_000), (20, 50_000), (30, 50_100)];
        assert!(outliers(&apart).is_empty());
    }

    #[test]
    fn readings_after_all_others_that_agree_are_those_of_a_new_meter() {
        let old = [(0, 10_000), (90, 20_000), (180, 30_000), (270, 40_000)];
        for new in [
            &[(360, 200), (450, 5_000), (540, 9_000)][..],
            // Two prove it.
            &[(360, 200), (450, 5_000)],
            // As many, and more, than of the old one: then those before are no outliers.
            &[(360, 200), (450, 5_000), (540, 9_000), (630, 14_000)],
            &[
                (360, 200),
                (450, 5_000),
                (540, 9_000),
                (630, 14_000),
                (720, 20_000),
            ],
        ] {
            let readings = [&old[..], new].concat();
            assert!(outliers(&readings).is_empty(), "{readings:?}");
            assert!(doubts(&readings).is_empty(), "{readings:?}");
            let verdicts = judged(&readings);
            assert!(verdicts.iter().all(|one| one.km_a_day.is_some()));
        }
        // One alone is wrong until another one confirms it.
        let readings = [&old[..], &[(360, 200)][..]].concat();
        assert_eq!(outliers(&readings), [4]);
        assert!(!doubts(&readings).is_empty());
    }

    #[test]
    fn a_new_meter_that_shows_more_than_the_old_one_by_now_has_no_wrong_readings() {
        let every_quarter = |kms: &[i64]| -> Vec<(i64, i64)> {
            let days = (0..).step_by(90);
            days.zip(kms.iter().copied()).collect()
        };
        let old: Vec<i64> = (1..=10).map(|n| n * 4_000).collect();
        let new = [200, 10_000, 20_000, 30_000, 45_000, 55_000];
        let readings = every_quarter(&[&old[..], &new[..]].concat());
        assert!(outliers(&readings).is_empty());
        assert!(doubts(&readings).is_empty());
        // After two that are less the old meter runs on: nobody drives 31,000 km then.
        let readings = every_quarter(&[30_000, 31_000, 32_000, 5_000, 5_100, 36_000]);
        assert_eq!(outliers(&readings), [3, 4]);
    }

    #[test]
    fn a_fresh_meter_is_told_whatever_longer_chain_passes_over_the_old_one() {
        let every_200_days = |kms: &[i64]| -> Vec<(i64, i64)> {
            (0..).step_by(200).zip(kms.iter().copied()).collect()
        };
        for kms in [
            &[1_829, 7_826, 16, 2_109, 4_185][..],
            &[2_993, 5_139, 13, 5_841, 9_803],
            &[5_475, 20_280, 99, 27_981, 40_439],
            &[2_176, 12_113, 52, 12_089],
            &[3_458, 6_977, 9_894, 49, 8_475],
        ] {
            let readings = every_200_days(kms);
            assert!(outliers(&readings).is_empty(), "{kms:?}");
            assert!(doubts(&readings).is_empty(), "{kms:?}");
        }
        // Driven at four times the pace, or no fresh one: one reading alone is wrong.
        for kms in [
            &[10_103, 20_117, 30_123, 40_131, 217, 45_121, 52_001][..],
            &[10_103, 20_117, 30_123, 40_131, 4_017, 45_121, 52_001],
        ] {
            assert_eq!(outliers(&every_200_days(kms)), [4], "{kms:?}");
        }
    }

    #[test]
    fn beside_a_new_meter_one_wrong_reading_stays_wrong() {
        for (wrong, readings) in [
            (
                1,
                [
                    (0, 10_000),
                    (50, 200_000),
                    (90, 20_000),
                    (180, 30_000),
                    (270, 40_000),
                    (360, 200),
                    (450, 5_000),
                ],
            ),
            (
                4,
                [
                    (0, 10_000),
                    (90, 20_000),
                    (180, 30_000),
                    (270, 40_000),
                    (300, 400_000),
                    (360, 200),
                    (450, 5_000),
                ],
            ),
        ] {
            assert_eq!(outliers(&readings), [wrong], "{readings:?}");
            let doubted = doubts(&readings);
            let mut doubted = doubted.iter().map(|(place, _)| *place);
            assert!(doubted.all(|place| place == wrong), "{readings:?}");
        }
    }

    #[test]
    fn of_readings_that_leap_and_agree_nobody_knows() {
        let readings = [
            (0, 10_000),
            (90, 20_000),
            (180, 30_000),
            (181, 500_000),
            (271, 510_000),
        ];
        assert!(outliers(&readings).is_empty());
        assert_eq!(doubts(&readings), [(2, TOO_FAST), (3, TOO_FAST)]);
        // Two that agree and are driven at ten times the pace prove no meter.
        let readings = [(0, 30_000), (400, 40_000), (410, 5_000), (440, 35_000)];
        assert!(outliers(&readings).is_empty());
        let backwards = Implausible::Backwards;
        assert_eq!(doubts(&readings), [(1, backwards), (2, backwards)]);
    }

    #[test]
    fn the_pace_is_that_of_the_faster_side_on_which_the_meter_runs_forwards() {
        let pace = |readings: &[(i64, i64)]| judged(readings)[0].km_a_day;
        assert_eq!(pace(&[(12, 5_001), (10, 5_000), (20, 9_000)]), Some(445));
        assert_eq!(pace(&[(12, 4_900), (10, 5_000), (20, 9_000)]), Some(456));
        assert_eq!(pace(&[(12, 4_900), (10, 5_000)]), None);
        assert_eq!(pace(&[(12, 4_900), (12, 4_900)]), None);
        // As much as is allowed, and one kilometre more.
        assert_eq!(pace(&[(12, 11_000), (10, 5_000)]), Some(2_000));
        assert_eq!(pace(&[(12, 11_001), (10, 5_000)]), Some(2_001));
        // A wrong reading says nothing of the pace of those beside it.
        assert_eq!(pace(&[(0, 1_000), (1, 90_000), (9, 2_000)]), Some(100));
    }

    #[test]
    fn a_wrong_reading_is_compared_with_the_chain_on_both_sides() {
        let both = judged(&[
            (12, 11_001),
            (0, 4_000),
            (10, 5_000),
            (20, 9_000),
            (30, 9_500),
        ]);
        assert_eq!(both[0].doubts, [TOO_FAST, Implausible::Backwards]);
        assert_eq!(both[0].km_a_day, Some(2_001));
        let twice = judged(&[(12, 50_000), (10, 10), (13, 90_000)]);
        assert_eq!(twice[0].doubts, [TOO_FAST]);
        assert_eq!(twice[0].km_a_day, Some(20_000));
    }
}
