//! Whether a reading fits those of the visits before and after (R-HIST-3): a finding, never a refusal.

use marque_core::{Timestamp, business_date};
use marque_quality::{
    Field, Finding, Rule,
    standard::{Measure, greatest},
};

/// A reading of a car's meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meter {
    pub(crate) at: Timestamp,
    pub(crate) km: i64,
}

/// Why a reading is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Implausible {
    /// Less than before, or more than after.
    Backwards,
    /// Farther than anybody drives in the time.
    TooFast {
        /// Kilometres a day that the release's standard allows.
        most: i64,
    },
}

const DAY_MICROS: i64 = 86_400_000_000;

/// Doubts a reading against the nearest of the others on each side. The day is the unit: readings of one day may lie a
/// day's drive apart.
pub(crate) fn doubt(
    reading: Meter,
    others: impl IntoIterator<Item = Meter>,
) -> Option<Implausible> {
    between(reading, others)
        .into_iter()
        .flatten()
        .find_map(|(earlier, later)| gap(earlier, later))
}

/// A reading beside the nearest of the others on each side.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    /// Each doubt once: another standard may allow the pace of one side, and the other still runs backwards.
    pub(crate) doubts: Vec<Implausible>,
    /// Kilometres a day, rounded up, of the faster side; `None` if there is no other reading, or the meter runs backwards on both.
    pub(crate) km_a_day: Option<i64>,
}

/// Compares a reading with the nearest of the others on each side.
pub(crate) fn compare(reading: Meter, others: impl IntoIterator<Item = Meter>) -> Compared {
    let mut compared = Compared::default();
    for (earlier, later) in between(reading, others).into_iter().flatten() {
        if let Some(doubt) = gap(earlier, later)
            && !compared.doubts.contains(&doubt)
        {
            compared.doubts.push(doubt);
        }
        let driven = later.km - earlier.km;
        if driven >= 0 {
            let days = days(earlier, later);
            let km_a_day = (driven + days - 1) / days;
            compared.km_a_day = compared.km_a_day.max(Some(km_a_day));
        }
    }
    compared
}

/// The nearest of the others before and the reading, the reading and the nearest after.
fn between(reading: Meter, others: impl IntoIterator<Item = Meter>) -> [Option<(Meter, Meter)>; 2] {
    let (mut before, mut after): (Option<Meter>, Option<Meter>) = (None, None);
    for other in others {
        if other.at <= reading.at {
            before = before
                .filter(|nearest| nearest.at > other.at)
                .or(Some(other));
        } else {
            after = after
                .filter(|nearest| nearest.at < other.at)
                .or(Some(other));
        }
    }
    [
        before.map(|before| (before, reading)),
        after.map(|after| (reading, after)),
    ]
}

/// Days of which both readings are, and those between.
fn days(earlier: Meter, later: Meter) -> i64 {
    (later.at.as_micros() - earlier.at.as_micros()) / DAY_MICROS + 1
}

fn gap(earlier: Meter, later: Meter) -> Option<Implausible> {
    if later.km < earlier.km {
        return Some(Implausible::Backwards);
    }
    let most = greatest(
        Field::VisitOdometerKm,
        Measure::KmADay,
        business_date(later.at),
    )?;
    let is_too_fast = later.km - earlier.km > days(earlier, later).saturating_mul(most);
    is_too_fast.then_some(Implausible::TooFast { most })
}

impl Implausible {
    /// The doubt as a finding of the visit: kept, and doubted.
    pub(crate) fn finding(self) -> Finding {
        let finding = |rule| Finding::new(Field::VisitOdometerKm, rule);
        match self {
            Self::Backwards => finding(Rule::OdometerBackwards),
            Self::TooFast { most } => finding(Rule::OdometerTooFast).with_number(most),
        }
    }

    /// Stable rule id.
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::Backwards => "odometer_backwards",
            Self::TooFast { .. } => "odometer_too_fast",
        }
    }

    /// What is wrong and what to do, in Chinese.
    pub(crate) fn text_zh(self) -> String {
        match self {
            Self::Backwards => {
                "里程与该车前后进厂记录相比出现倒退。请按仪表核对；如更换过仪表，请在工单中注明。"
                    .to_owned()
            }
            Self::TooFast { most } => {
                format!(
                    "里程与该车前后进厂记录相比每天超过{most}公里。请按仪表核对里程和进厂时间。"
                )
            }
        }
    }

    /// The same in English.
    pub(crate) fn text_en(self) -> String {
        match self {
            Self::Backwards => {
                "Odometer runs backwards against the car's visits before or after. Check it with the meter; if the meter \
                 was replaced, say so on the order."
                    .to_owned()
            }
            Self::TooFast { most } => format!(
                "Odometer is more than {most} km a day away from the car's visits before or after. Check the meter and \
                 the time of the visit."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(day: i64, km: i64) -> Meter {
        Meter {
            at: Timestamp::from_micros(day * DAY_MICROS),
            km,
        }
    }

    #[test]
    fn a_reading_is_doubted_against_the_nearest_on_each_side() {
        let others = [
            meter(0, 1_000),
            meter(10, 5_000),
            meter(20, 9_000),
            meter(40, 90_000),
        ];
        assert_eq!(doubt(meter(12, 5_100), others), None);
        assert_eq!(
            doubt(meter(12, 4_900), others),
            Some(Implausible::Backwards)
        );
        assert_eq!(
            doubt(meter(12, 9_001), others),
            Some(Implausible::Backwards)
        );
        assert_eq!(
            doubt(meter(12, 11_001), [meter(10, 5_000)]),
            Some(Implausible::TooFast { most: 2_000 })
        );
        assert_eq!(doubt(meter(12, 11_000), [meter(10, 5_000)]), None);
        assert_eq!(doubt(meter(12, 1), []), None);
    }

    #[test]
    fn the_pace_is_that_of_the_faster_side_on_which_the_meter_runs_forwards() {
        let pace = |reading, others: &[Meter]| compare(reading, others.iter().copied()).km_a_day;
        let others = [meter(10, 5_000), meter(20, 9_000)];
        assert_eq!(pace(meter(12, 5_001), &others), Some(445));
        assert_eq!(pace(meter(12, 4_900), &others), Some(456));
        assert_eq!(pace(meter(12, 4_900), &others[..1]), None);
        assert_eq!(pace(meter(12, 1), &[]), None);
        // As much as is allowed, and one kilometre more.
        assert_eq!(pace(meter(12, 11_000), &others[..1]), Some(2_000));
        assert_eq!(pace(meter(12, 11_001), &others[..1]), Some(2_001));
    }

    #[test]
    fn of_two_doubts_both_are_told_and_the_pace_of_the_one_that_has_one() {
        let most = 2_000;
        let others = [meter(10, 5_000), meter(20, 9_000)];
        let both = compare(meter(12, 11_001), others);
        assert_eq!(
            both.doubts,
            [Implausible::TooFast { most }, Implausible::Backwards]
        );
        assert_eq!(both.km_a_day, Some(2_001));
        let twice = compare(meter(12, 50_000), [meter(10, 0), meter(13, 90_000)]);
        assert_eq!(twice.doubts, [Implausible::TooFast { most }]);
        assert_eq!(twice.km_a_day, Some(20_000));
    }
}
