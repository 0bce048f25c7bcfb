//! Whether readings of one car's meter can all be true (R-HIST-3): a doubt about a visit, never a reason to refuse it.

use chrono::{DateTime, NaiveDate, TimeDelta};

use crate::{
    date::BUSINESS_OFFSET_SECONDS,
    dictionary::Field,
    finding::{Finding, Rule},
    number::is_sentinel_odometer,
    standard::{Measure, greatest},
};

/// A reading of a car's meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

const DAY_MICROS: i64 = 86_400_000_000;

impl Meter {
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

/// Days of which both readings are, and those between.
pub const fn days_between(earlier: Meter, later: Meter) -> i64 {
    (later.at_micros - earlier.at_micros) / DAY_MICROS + 1
}

/// Doubts two readings that follow each other. The day is the unit: readings of one day may lie a day's drive apart.
pub fn gap(earlier: Meter, later: Meter) -> Option<Implausible> {
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

/// What the readings of one car, in the order of their time, say against each other: the place of a reading and the doubt about it, each
/// once. Nobody knows which of two is wrong, so both are doubted; those that only fill the field are passed over.
pub fn doubts(readings: &[Meter]) -> Vec<(usize, Implausible)> {
    let read = readings.iter().copied().enumerate();
    let read: Vec<(usize, Meter)> = read.filter(|(_, meter)| !meter.is_filler()).collect();
    let mut found = Vec::new();
    for pair in read.windows(2) {
        let ((before, earlier), (after, later)) = (pair[0], pair[1]);
        let Some(doubt) = gap(earlier, later) else {
            continue;
        };
        if found.last() != Some(&(before, doubt)) {
            found.push((before, doubt));
        }
        found.push((after, doubt));
    }
    found
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

    fn meter(day: i64, km: i64) -> Meter {
        Meter {
            at_micros: day * DAY_MICROS,
            km,
        }
    }

    #[test]
    fn both_readings_of_an_impossible_pair_are_doubted_each_once() {
        let too_fast = Implausible::TooFast { most: 2_000 };
        for (readings, expected) in [
            (
                vec![meter(0, 50_000), meter(2, 20_013), meter(3, 97_001)],
                vec![
                    (0, Implausible::Backwards),
                    (1, Implausible::Backwards),
                    (1, too_fast),
                    (2, too_fast),
                ],
            ),
            (
                vec![meter(0, 30), meter(9, 20), meter(20, 10)],
                vec![
                    (0, Implausible::Backwards),
                    (1, Implausible::Backwards),
                    (2, Implausible::Backwards),
                ],
            ),
            (vec![meter(0, 10), meter(0, 2_010), meter(1, 6_010)], vec![]),
            (
                vec![meter(0, 10), meter(0, 2_011)],
                vec![(0, too_fast), (1, too_fast)],
            ),
            (
                vec![meter(0, 50_000), meter(1, 1), meter(2, 50_100)],
                vec![],
            ),
            (
                vec![meter(0, 50_000), meter(1, 123_456), meter(2, 40_000)],
                vec![(0, Implausible::Backwards), (2, Implausible::Backwards)],
            ),
            (vec![meter(5, 10)], vec![]),
            (vec![], vec![]),
        ] {
            assert_eq!(doubts(&readings), expected);
        }
    }
}
