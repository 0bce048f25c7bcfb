//! A customer's own rhythm: how long he usually takes between visits, and how late he is against it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::churn::LOST;

/// What a customer's interval is taken to be before he has shown it: that of others with his model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsualInterval {
    /// Median days between visits.
    pub days: f64,
    /// Intervals of his own that weigh as much as it.
    pub strength: f64,
}

/// A customer's rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// His usual days between visits.
    pub interval_days: f64,
    /// Visits on different days.
    pub visits: u32,
    /// The first one.
    pub first_visit: NaiveDate,
    /// The last one.
    pub last_visit: NaiveDate,
    /// The longest gap between two visits over the interval usual before it; 3 or more means he was lost once.
    pub longest_gap: f64,
    /// How he came back after the last gap that made him count as lost; `None` of who never was.
    pub returned: Option<Return>,
}

/// A customer's coming back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The day on which he came again.
    pub on: NaiveDate,
    /// Days he had stayed away until then.
    pub away_days: u32,
    /// Visits since, that one included.
    pub visits_since: u32,
}

/// Visits closer than this belong together: a second look at the same repair is no rhythm.
const SAME_VISIT_DAYS: i64 = 7;

impl UsualInterval {
    /// The usual interval of a group of customers from all their intervals; `None` when there are none.
    ///
    /// The strength is how many intervals of one customer it takes to say as much about him as the group does: the spread
    /// within customers over the spread between them.
    pub fn of(customers: &[Vec<f64>]) -> Option<Self> {
        let mut all: Vec<f64> = customers
            .iter()
            .flatten()
            .copied()
            .filter(|&days| days > 0.0)
            .collect();
        if all.is_empty() {
            return None;
        }
        all.sort_by(f64::total_cmp);
        let days = all[all.len() / 2];
        let logs: Vec<Vec<f64>> = customers
            .iter()
            .map(|each| each.iter().map(|days| days.max(1.0).ln()).collect())
            .collect();
        Some(Self {
            days,
            strength: strength(&logs),
        })
    }
}

/// Within-variance over between-variance of logarithmic intervals, held between half an interval and ten.
fn strength(customers: &[Vec<f64>]) -> f64 {
    let several: Vec<&Vec<f64>> = customers.iter().filter(|logs| logs.len() > 1).collect();
    if several.len() < 2 {
        return 2.0;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let variance = |values: &[f64]| {
        let mean = mean(values);
        values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / (values.len() - 1) as f64
    };
    let within = mean(
        &several
            .iter()
            .map(|logs| variance(logs))
            .collect::<Vec<_>>(),
    );
    let noise = mean(
        &several
            .iter()
            .map(|logs| within / logs.len() as f64)
            .collect::<Vec<_>>(),
    );
    let means: Vec<f64> = several.iter().map(|logs| mean(logs)).collect();
    let between = (variance(&means) - noise).max(1e-3);
    (within / between).clamp(0.5, 10.0)
}

/// The days between a customer's visits, those within a week taken together.
pub fn intervals(visits: &[NaiveDate]) -> Vec<f64> {
    let days = visit_days(visits);
    days.windows(2)
        .map(|pair| (pair[1] - pair[0]).num_days() as f64)
        .collect()
}

fn visit_days(visits: &[NaiveDate]) -> Vec<NaiveDate> {
    let mut days = visits.to_vec();
    days.sort_unstable();
    days.dedup_by(|later, earlier| (*later - *earlier).num_days() <= SAME_VISIT_DAYS);
    days
}

impl Rhythm {
    /// A customer's rhythm from his visits; `None` when he never came.
    pub fn of(visits: &[NaiveDate], usual: UsualInterval) -> Option<Self> {
        let days = visit_days(visits);
        let (&first_visit, &last_visit) = (days.first()?, days.last()?);
        let intervals = intervals(visits);
        let gap = |index: usize| intervals[index] / pooled(&intervals[..index], usual);
        let longest_gap = (0..intervals.len()).map(gap).fold(0.0, f64::max);
        let interval_days = pooled(&intervals, usual);
        let last_lost = (0..intervals.len()).rev().find(|&index| gap(index) >= LOST);
        let returned = last_lost.map(|index| Return {
            on: days[index + 1],
            away_days: intervals[index] as u32,
            visits_since: (days.len() - index - 1) as u32,
        });
        Some(Self {
            returned,
            interval_days,
            visits: days.len() as u32,
            first_visit,
            last_visit,
            longest_gap,
        })
    }

    /// Time since the last visit over his own interval: 1 is on time, 2 is one interval late.
    pub fn lateness(&self, today: NaiveDate) -> f64 {
        (today - self.last_visit).num_days().max(0) as f64 / self.interval_days
    }

    /// Share of the visits his rhythm led us to expect since the first that he made, at most 1.
    pub fn kept_share(&self, today: NaiveDate) -> f64 {
        let days = (today - self.first_visit).num_days().max(0) as f64;
        let expected = 1.0 + (days / self.interval_days).floor();
        (f64::from(self.visits) / expected).min(1.0)
    }
}

/// Own intervals pooled with the usual one, on the logarithmic scale: one interval of 400 days does not make a 400-day man.
fn pooled(own: &[f64], usual: UsualInterval) -> f64 {
    let logs: f64 = own.iter().map(|days| days.max(1.0).ln()).sum();
    let weight = usual.strength + own.len() as f64;
    ((usual.strength * usual.days.max(1.0).ln() + logs) / weight).exp()
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    pub(in super::super) const USUAL: UsualInterval = UsualInterval {
        days: 180.0,
        strength: 1.0,
    };

    /// Visits so many days after 2023-01-01.
    pub(in super::super) fn visits(days: &[u64]) -> Vec<NaiveDate> {
        days.iter().map(|&days| day(days)).collect()
    }

    pub(in super::super) fn day(days: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2023, 1, 1).unwrap() + Days::new(days)
    }

    #[test]
    fn each_is_late_against_his_own_rhythm() {
        let often = Rhythm::of(&visits(&[0, 60, 120, 180, 240]), USUAL).unwrap();
        let seldom = Rhythm::of(&visits(&[0, 360, 720]), USUAL).unwrap();
        assert!(
            often.lateness(day(440)) > 2.0,
            "200 days are long for a man of 60"
        );
        assert!(seldom.lateness(day(920)) < 0.8, "and short for one of 360");
    }

    #[test]
    fn one_visit_borrows_the_usual_interval() {
        let rhythm = Rhythm::of(&visits(&[10]), USUAL).unwrap();
        assert!((rhythm.interval_days - 180.0).abs() < 1e-9);
        assert_eq!(rhythm.visits, 1);
        assert_eq!(Rhythm::of(&[], USUAL), None);
    }

    #[test]
    fn a_second_look_within_a_week_is_the_same_visit() {
        assert_eq!(intervals(&visits(&[0, 5, 90, 92, 180])), [90.0, 90.0]);
    }

    #[test]
    fn a_long_gap_in_the_past_is_remembered() {
        let rhythm = Rhythm::of(&visits(&[0, 90, 180, 900, 990]), USUAL).unwrap();
        assert!(rhythm.longest_gap > 5.0);
        let returned = Return {
            on: day(900),
            away_days: 720,
            visits_since: 2,
        };
        assert_eq!(rhythm.returned, Some(returned));
        let steady = Rhythm::of(&visits(&[0, 90, 180, 270]), USUAL).unwrap();
        assert_eq!(steady.returned, None);
    }

    #[test]
    fn the_group_lends_more_where_customers_are_alike() {
        let alike: Vec<Vec<f64>> = (0..50)
            .map(|index| vec![100.0, 200.0 + f64::from(index % 7), 140.0])
            .collect();
        let different: Vec<Vec<f64>> = (1..50)
            .map(|index| vec![10.0 * f64::from(index); 3])
            .collect();
        let (alike, different) = (
            UsualInterval::of(&alike).unwrap(),
            UsualInterval::of(&different).unwrap(),
        );
        assert!(
            alike.strength > 5.0 && different.strength < 1.0,
            "{alike:?} {different:?}"
        );
        assert_eq!(UsualInterval::of(&[]), None);
    }

    proptest! {
        #[test]
        fn shares_and_lateness_stay_in_range(days in proptest::collection::vec(0_u64..2_000, 1..30), later in 0_u64..1_000) {
            let rhythm = Rhythm::of(&visits(&days), USUAL).unwrap();
            let today = day(days.iter().max().unwrap() + later);
            prop_assert!(rhythm.lateness(today) >= 0.0 && rhythm.interval_days >= 1.0);
            prop_assert!((0.0..=1.0).contains(&rhythm.kept_share(today)));
        }
    }
}
