//! Whether a reading fits those of the visits before and after (R-HIST-3): a finding, never a refusal.

use marque_core::Timestamp;
pub(crate) use marque_quality::odometer::Implausible;
use marque_quality::odometer::{self, days_between};

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
            let days = days_between(earlier.into(), later.into());
            let km_a_day = (driven + days - 1) / days;
            compared.km_a_day = compared.km_a_day.max(Some(km_a_day));
        }
    }
    compared
}

/// The nearest of the others before and the reading, the reading and the nearest after. What only fills the field is compared with none.
fn between(reading: Meter, others: impl IntoIterator<Item = Meter>) -> [Option<(Meter, Meter)>; 2] {
    let (mut before, mut after): (Option<Meter>, Option<Meter>) = (None, None);
    let is_filler = |meter: Meter| odometer::Meter::from(meter).is_filler();
    if is_filler(reading) {
        return [None, None];
    }
    for other in others.into_iter().filter(|other| !is_filler(*other)) {
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

fn gap(earlier: Meter, later: Meter) -> Option<Implausible> {
    odometer::gap(earlier.into(), later.into())
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
    fn a_reading_that_only_fills_the_field_speaks_against_none_and_none_against_it() {
        let filler = meter(5, 123_456);
        let others = [meter(0, 50_000), filler, meter(10, 51_000)];
        assert_eq!(doubt(meter(10, 51_000), [meter(0, 50_000), filler]), None);
        assert_eq!(compare(filler, others), Compared::default());
        assert_eq!(
            doubt(meter(10, 49_000), [meter(0, 50_000), filler]),
            Some(Implausible::Backwards)
        );
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
