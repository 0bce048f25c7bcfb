//! Retention and churn by dealer, model or cohort, and who is half-trusting, lost or won back.

use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use super::reason::{Circumstances, LATE, LUKEWARM};

/// Where a customer stands between coming and staying away (R-LOY-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Trust {
    /// He comes in his rhythm and nothing speaks against it.
    Trusting,
    /// He may go either way: first visits, a lukewarm survey, an open complaint, or late.
    HalfTrusting,
    /// He has stayed away for more than [`LOST`] of his own intervals, or his car is gone.
    Lost,
    /// He was lost, and came again.
    WonBack,
}

/// From here on a customer counts as lost: three of his own intervals without a visit.
pub const LOST: f64 = 3.0;

/// Where a customer stands; `None` of who neither bought nor came and said nothing, since nothing speaks for or against him.
/// `was_lost` says whether an earlier gap of his reached [`LOST`] before the last visit.
pub fn trust(circumstances: &Circumstances, was_lost: bool) -> Option<Trust> {
    match circumstances {
        gone if gone.has_sold_car || gone.lateness >= LOST => Some(Trust::Lost),
        _ if was_lost => Some(Trust::WonBack),
        doubtful if is_doubtful(doubtful) => Some(Trust::HalfTrusting),
        known => known.has_come.then_some(Trust::Trusting),
    }
}

fn is_doubtful(circumstances: &Circumstances) -> bool {
    let is_lukewarm = circumstances
        .last_survey
        .is_some_and(|survey| survey <= LUKEWARM);
    circumstances.has_come && circumstances.visits <= 2
        || circumstances.open_complaints > 0
        || circumstances.repeated_complaints > 0
        || circumstances.lateness >= LATE
        || is_lukewarm
}

/// How sure it is that a customer is won back: one coming does not make him a regular one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WonBack {
    /// He came back once, or something speaks against him that would make others half-trusting.
    Tentative,
    /// He came once more since, and nothing speaks against him.
    Likely,
    /// He came twice more at least, and nothing speaks against him.
    Settled,
}

impl WonBack {
    /// How sure it is of a customer who has come so many times since, the return included.
    pub fn of(circumstances: &Circumstances, visits_since: u32) -> Self {
        match visits_since {
            _ if is_doubtful(circumstances) => Self::Tentative,
            ..=1 => Self::Tentative,
            2 => Self::Likely,
            3.. => Self::Settled,
        }
    }
}

/// Retention of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Customers at the start of the period.
    pub start: u64,
    /// Of those, how many came in it.
    pub retained: u64,
}

impl Retention {
    /// Share that came, 0 to 1; `None` for a group of nobody.
    pub fn rate(self) -> Option<f64> {
        (self.start > 0).then(|| self.retained as f64 / self.start as f64)
    }

    /// Share that did not; the two add up to 1.
    pub fn churn(self) -> Option<f64> {
        self.rate().map(|rate| 1.0 - rate)
    }
}

/// Retention by any key: a dealer, a model, the month of the first purchase, or a tuple of them.
pub fn retention<Key: Ord>(
    customers: impl IntoIterator<Item = (Key, bool)>,
) -> BTreeMap<Key, Retention> {
    let mut groups: BTreeMap<Key, Retention> = BTreeMap::new();
    for (key, came) in customers {
        let group = groups.entry(key).or_default();
        group.start += 1;
        group.retained += u64::from(came);
    }
    groups
}

/// A cohort table: rows by cohort, column `n` how many of the cohort were seen in the n-th period after they joined.
///
/// `seen` holds (cohort, customer, period since joining); seeing a customer twice in a period counts once.
pub fn cohorts<Cohort: Ord, Id: Ord>(
    seen: impl IntoIterator<Item = (Cohort, Id, usize)>,
) -> BTreeMap<Cohort, Vec<u64>> {
    let seen: std::collections::BTreeSet<(Cohort, usize, Id)> = seen
        .into_iter()
        .map(|(cohort, id, period)| (cohort, period, id))
        .collect();
    let mut table: BTreeMap<Cohort, Vec<u64>> = BTreeMap::new();
    for (cohort, period, _) in seen {
        let row = table.entry(cohort).or_default();
        if row.len() <= period {
            row.resize(period + 1, 0);
        }
        row[period] += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regular() -> Circumstances {
        Circumstances {
            lateness: 0.8,
            has_come: true,
            visits: 9,
            last_survey: Some(4.5),
            ..Circumstances::default()
        }
    }

    #[test]
    fn trust_follows_the_circumstances() {
        for (circumstances, was_lost, expected) in [
            (regular(), false, Trust::Trusting),
            (regular(), true, Trust::WonBack),
            (
                Circumstances {
                    visits: 1,
                    ..regular()
                },
                false,
                Trust::HalfTrusting,
            ),
            (
                Circumstances {
                    open_complaints: 1,
                    ..regular()
                },
                false,
                Trust::HalfTrusting,
            ),
            (
                Circumstances {
                    last_survey: Some(3.0),
                    ..regular()
                },
                false,
                Trust::HalfTrusting,
            ),
            (
                Circumstances {
                    lateness: 1.5,
                    ..regular()
                },
                false,
                Trust::HalfTrusting,
            ),
            (
                Circumstances {
                    lateness: 3.0,
                    ..regular()
                },
                true,
                Trust::Lost,
            ),
            (
                Circumstances {
                    has_sold_car: true,
                    ..regular()
                },
                false,
                Trust::Lost,
            ),
        ] {
            assert_eq!(
                trust(&circumstances, was_lost),
                Some(expected),
                "{circumstances:?}"
            );
        }
    }

    #[test]
    fn of_whom_nothing_happened_there_is_no_trust_until_he_says_something() {
        let stranger = Circumstances::default();
        let complains = Circumstances {
            open_complaints: 1,
            ..stranger
        };
        let is_lukewarm = Circumstances {
            last_survey: Some(2.0),
            ..stranger
        };
        let is_content = Circumstances {
            last_survey: Some(5.0),
            ..stranger
        };
        let has_bought = Circumstances {
            has_come: true,
            ..stranger
        };
        for (circumstances, expected) in [
            (stranger, None),
            (is_content, None),
            (complains, Some(Trust::HalfTrusting)),
            (is_lukewarm, Some(Trust::HalfTrusting)),
            (has_bought, Some(Trust::HalfTrusting)),
        ] {
            assert_eq!(trust(&circumstances, false), expected, "{circumstances:?}");
        }
    }

    #[test]
    fn one_coming_back_is_tentative_and_doubts_keep_it_so() {
        for (circumstances, visits_since, expected) in [
            (regular(), 1, WonBack::Tentative),
            (regular(), 2, WonBack::Likely),
            (regular(), 3, WonBack::Settled),
            (
                Circumstances {
                    open_complaints: 1,
                    ..regular()
                },
                5,
                WonBack::Tentative,
            ),
            (
                Circumstances {
                    lateness: 2.0,
                    ..regular()
                },
                5,
                WonBack::Tentative,
            ),
        ] {
            assert_eq!(WonBack::of(&circumstances, visits_since), expected);
        }
    }

    #[test]
    fn retention_and_churn_add_up_by_group() {
        let groups = retention([
            ("north", true),
            ("north", false),
            ("south", true),
            ("north", true),
        ]);
        assert_eq!(
            groups["north"],
            Retention {
                start: 3,
                retained: 2
            }
        );
        assert_eq!(groups["south"].churn(), Some(0.0));
        assert_eq!(Retention::default().rate(), None);
    }

    #[test]
    fn a_cohort_counts_each_customer_once_a_period() {
        let table = cohorts([
            ("2024", 1, 0),
            ("2024", 2, 0),
            ("2024", 1, 2),
            ("2024", 1, 2),
            ("2025", 3, 0),
        ]);
        assert_eq!(table["2024"], [2, 0, 1]);
        assert_eq!(table["2025"], [1]);
    }
}
