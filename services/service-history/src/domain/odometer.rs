//! Whether a reading fits those of the visits before and after (R-HIST-3): a finding, never a refusal.

use marque_core::Timestamp;
use marque_quality::{Field, Finding, Rule};

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
    TooFast,
}

/// Faster than this between two readings nobody drives.
const FASTEST_KM_A_DAY: i64 = 2_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// Doubts a reading against the nearest of the others on each side. The day is the unit: readings of one day may lie a
/// day's drive apart.
pub(crate) fn doubt(
    reading: Meter,
    others: impl IntoIterator<Item = Meter>,
) -> Option<Implausible> {
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
    let pairs = [
        before.map(|before| (before, reading)),
        after.map(|after| (reading, after)),
    ];
    pairs
        .into_iter()
        .flatten()
        .find_map(|(earlier, later)| gap(earlier, later))
}

fn gap(earlier: Meter, later: Meter) -> Option<Implausible> {
    let days = (later.at.as_micros() - earlier.at.as_micros()) / DAY_MICROS + 1;
    if later.km < earlier.km {
        Some(Implausible::Backwards)
    } else if later.km - earlier.km > days.saturating_mul(FASTEST_KM_A_DAY) {
        Some(Implausible::TooFast)
    } else {
        None
    }
}

impl Implausible {
    /// The doubt as a finding of the visit: kept, and doubted.
    pub(crate) fn finding(self) -> Finding {
        let rule = match self {
            Self::Backwards => Rule::OdometerBackwards,
            Self::TooFast => Rule::OdometerTooFast,
        };
        Finding::new(Field::VisitOdometerKm, rule)
    }

    /// Stable rule id.
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::Backwards => "odometer_backwards",
            Self::TooFast => "odometer_too_fast",
        }
    }

    /// What is wrong and what to do, in Chinese.
    pub(crate) const fn text_zh(self) -> &'static str {
        match self {
            Self::Backwards => {
                "里程与该车前后进厂记录相比出现倒退。请按仪表核对；如更换过仪表，请在工单中注明。"
            }
            Self::TooFast => {
                "里程与该车前后进厂记录相比每天超过2000公里。请按仪表核对里程和进厂时间。"
            }
        }
    }

    /// The same in English.
    pub(crate) const fn text_en(self) -> &'static str {
        match self {
            Self::Backwards => {
                "Odometer runs backwards against the car's visits before or after. Check it with the meter; if the meter \
                 was replaced, say so on the order."
            }
            Self::TooFast => {
                "Odometer is more than 2,000 km a day away from the car's visits before or after. Check the meter and \
                 the time of the visit."
            }
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
            Some(Implausible::TooFast)
        );
        assert_eq!(doubt(meter(12, 11_000), [meter(10, 5_000)]), None);
        assert_eq!(doubt(meter(12, 1), []), None);
    }
}
