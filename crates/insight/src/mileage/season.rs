//! How much more or less is driven in each month of the year.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// Factors of the twelve months around 1. Time weighted by them is *driving time*: a holiday month has more of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 12]", into = "[f64; 12]")]
pub struct Season {
    factors: [f64; 12],
}

/// Predictions end here: nobody plans a visit thirty years ahead, and a car that stands still never gets there.
const LONGEST_MONTHS: usize = 360;
/// With fewer intervals than this, a season would be noise.
const FEWEST_INTERVALS: usize = 500;
const ROUNDS: usize = 60;

impl Season {
    /// The same all year round.
    pub const FLAT: Self = Self { factors: [1.0; 12] };

    /// A season from twelve positive factors, January first, scaled to a mean of 1; `None` if one is not positive.
    pub fn new(factors: [f64; 12]) -> Option<Self> {
        let mean = factors.iter().sum::<f64>() / 12.0;
        let is_usable = factors
            .iter()
            .all(|&factor| factor > 0.0 && factor.is_finite());
        is_usable.then(|| Self {
            factors: factors.map(|factor| factor / mean),
        })
    }

    /// The factors, January first.
    pub fn factors(&self) -> [f64; 12] {
        self.factors
    }

    /// Days of driving time from one date to a later one.
    pub fn driving_days(&self, from: NaiveDate, to: NaiveDate) -> f64 {
        days_by_month(from, to)
            .map(|(month, days)| days * self.factors[month])
            .sum()
    }

    /// The date at which `driving_days` from `from` are over, to the nearest day.
    pub fn date_after(&self, from: NaiveDate, driving_days: f64) -> NaiveDate {
        let mut rest = driving_days.max(0.0);
        let mut date = from;
        for _ in 0..LONGEST_MONTHS {
            let end = next_month(date);
            let days = (end - date).num_days() as f64;
            let factor = self.factors[date.month0() as usize];
            if rest <= days * factor {
                return date + Days::new((rest / factor).round() as u64);
            }
            rest -= days * factor;
            date = end;
        }
        date
    }

    /// Fits the season to intervals (from, to, km) whose cars drive `rate` km a day in the mean of the year.
    ///
    /// Visits lie months apart, so no interval shows a month alone; the Richardson–Lucy iteration (the EM algorithm of
    /// Poisson counts over known exposures) takes them apart.
    pub(crate) fn fit(intervals: &[(NaiveDate, NaiveDate, f64, f64)]) -> Self {
        if intervals.len() < FEWEST_INTERVALS {
            return Self::FLAT;
        }
        let by_month: Vec<Vec<(usize, f64)>> = intervals
            .iter()
            .map(|&(from, to, ..)| days_by_month(from, to).collect())
            .collect();
        let mut season = Self::FLAT;
        for _ in 0..ROUNDS {
            let (mut driven, mut expected) = ([0.0; 12], [0.0; 12]);
            for (&(_, _, km, rate), months) in intervals.iter().zip(&by_month) {
                let driving_days: f64 = months
                    .iter()
                    .map(|&(month, days)| days * season.factors[month])
                    .sum();
                let ratio = (km / (rate * driving_days).max(1.0)).clamp(0.1, 10.0);
                for &(month, days) in months {
                    driven[month] += rate * days * ratio;
                    expected[month] += rate * days;
                }
            }
            let stepped: [f64; 12] = std::array::from_fn(|month| {
                season.factors[month] * (driven[month] + 1.0) / (expected[month] + 1.0)
            });
            season = Self::new(stepped).unwrap_or(season);
        }
        season
    }
}

impl TryFrom<[f64; 12]> for Season {
    type Error = &'static str;

    /// As they were kept: scaling them again would change their last digits, and a replay.
    fn try_from(factors: [f64; 12]) -> Result<Self, Self::Error> {
        let scaled = Self::new(factors);
        let as_kept = scaled.map(|_| Self { factors });
        as_kept.ok_or("the twelve factors of a season must be above zero")
    }
}

impl From<Season> for [f64; 12] {
    fn from(season: Season) -> Self {
        season.factors
    }
}

/// (month from 0, days of it) of the days from `from` to `to`.
fn days_by_month(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = (usize, f64)> {
    let mut date = from;
    std::iter::from_fn(move || {
        (date < to).then(|| {
            let end = next_month(date).min(to);
            let part = (date.month0() as usize, (end - date).num_days() as f64);
            date = end;
            part
        })
    })
}

fn next_month(date: NaiveDate) -> NaiveDate {
    let first = date.with_day(1).expect("every month has a first day");
    first
        .checked_add_months(Months::new(1))
        .expect("dates of cars are far from the end of the calendar")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(offset: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + Days::new(offset)
    }

    #[test]
    fn a_flat_season_is_the_calendar() {
        assert_eq!(Season::FLAT.driving_days(day(10), day(400)), 390.0);
        assert_eq!(Season::FLAT.date_after(day(10), 390.0), day(400));
    }

    #[test]
    fn a_season_hidden_in_long_intervals_is_found() {
        let truth =
            Season::new([1.4, 1.5, 0.9, 0.9, 1.0, 0.9, 0.9, 0.9, 0.9, 1.2, 0.8, 0.7]).unwrap();
        let intervals: Vec<_> = (0..6_000_u64)
            .map(|index| {
                let (from, to) = (day(index % 700), day(index % 700 + 60 + index % 97));
                (from, to, 30.0 * truth.driving_days(from, to), 30.0)
            })
            .collect();
        let found = Season::fit(&intervals);
        for (found, truth) in found.factors.iter().zip(truth.factors) {
            assert!((found - truth).abs() < 0.1, "{found} for {truth}");
        }
    }

    #[test]
    fn few_intervals_make_no_season() {
        assert_eq!(
            Season::fit(&[(day(0), day(90), 9_000.0, 1.0)]),
            Season::FLAT
        );
        assert_eq!(Season::new([0.0; 12]), None);
    }

    proptest! {
        #[test]
        fn driving_time_forth_and_back_is_the_same_day(start in 0_u64..1_000, length in 0_u64..2_000, tilt in 0.0_f64..0.9) {
            let season = Season::new(std::array::from_fn(|month| 1.0 + tilt * (month as f64 / 2.0).sin())).unwrap();
            let (from, to) = (day(start), day(start + length));
            prop_assert_eq!(season.date_after(from, season.driving_days(from, to)), to);
        }
    }
}
