//! Whether a reading fits those of the car's other visits (R-HIST-3): a finding, never a refusal.

use marque_core::Timestamp;
use marque_quality::odometer;
pub(crate) use marque_quality::odometer::{Implausible, Verdict};

/// A reading of a car's meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meter {
    pub(crate) at: Timestamp,
    pub(crate) km: i64,
}

impl From<Meter> for odometer::Meter {
    fn from(meter: Meter) -> Self {
        let Meter { at, km } = meter;
        Self {
            at_micros: at.as_micros(),
            km,
        }
    }
}

/// Judges the readings of one car, in whatever order; a verdict for each, in theirs.
pub(crate) fn judge(readings: impl IntoIterator<Item = Meter>) -> Vec<Verdict> {
    let meters: Vec<odometer::Meter> = readings.into_iter().map(Into::into).collect();
    odometer::judge(&meters)
}

/// The first doubt about a reading, as the others of its car have it.
pub(crate) fn doubt(
    reading: Meter,
    others: impl IntoIterator<Item = Meter>,
) -> Option<Implausible> {
    let all = std::iter::once(reading).chain(others);
    judge(all).first()?.doubts.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MICROS: i64 = 86_400_000_000;

    fn meter(day: i64, km: i64) -> Meter {
        Meter {
            at: Timestamp::from_micros(day * DAY_MICROS),
            km,
        }
    }

    #[test]
    fn a_reading_is_doubted_against_the_others_of_its_car() {
        let others = [
            meter(0, 1_000),
            meter(10, 5_000),
            meter(20, 9_000),
            meter(40, 20_000),
        ];
        assert_eq!(doubt(meter(12, 5_100), others), None);
        for km in [900, 9_101] {
            assert_eq!(doubt(meter(12, km), others), Some(Implausible::Backwards));
        }
        assert_eq!(
            doubt(meter(12, 11_001), [meter(10, 5_000)]),
            Some(Implausible::TooFast { most: 2_000 })
        );
        assert_eq!(doubt(meter(12, 11_000), [meter(10, 5_000)]), None);
        assert_eq!(doubt(meter(12, 2), []), None);
    }

    #[test]
    fn a_wrong_reading_of_another_visit_is_no_doubt_about_this_one() {
        let others = [meter(0, 1_000), meter(20, 90_000), meter(40, 5_000)];
        assert_eq!(doubt(meter(30, 4_000), others), None);
        assert_eq!(
            doubt(others[1], [others[0], meter(30, 4_000), others[2]]),
            Some(Implausible::TooFast { most: 2_000 })
        );
    }

    #[test]
    fn a_reading_that_only_fills_the_field_speaks_against_none_and_none_against_it() {
        let filler = meter(5, 123_456);
        let others = [meter(0, 50_000), meter(10, 51_000)];
        assert_eq!(doubt(meter(10, 51_000), [meter(0, 50_000), filler]), None);
        assert_eq!(doubt(filler, others), None);
        assert_eq!(
            doubt(meter(10, 49_000), [meter(0, 50_000), filler]),
            Some(Implausible::Backwards)
        );
    }
}
