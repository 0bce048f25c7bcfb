//! The four degrees of a customer and of a dealer: satisfaction, contribution, loyalty, dependence, each 0 to 100.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::rhythm::Rhythm;

/// The four degrees (R-LOY-2). `None` where nothing is known: an unknown degree is not a zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Degrees {
    /// What he says: surveys, lowered by complaints.
    pub satisfaction: Option<f64>,
    /// What he brings: his spend a year beside others of his kind.
    pub contribution: Option<f64>,
    /// What he does: visits made of those expected, and whether he buys and recommends.
    pub loyalty: Option<f64>,
    /// How much of his need he covers here.
    pub dependence: Option<f64>,
}

/// What the degrees are computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conduct {
    /// Mean of his surveys of the last two years and of what he said of the handling of complaints, 1 to 5.
    pub mean_survey: Option<f64>,
    /// Complaints of the last two years.
    pub complaints: u32,
    /// Of those, closed to his satisfaction.
    pub settled_complaints: u32,
    /// His rank by spend a year among customers of his kind: 0 for the least, 1 for the most.
    pub spend_rank: Option<f64>,
    /// Vehicles bought.
    pub purchases: u32,
    /// Buyers he brought.
    pub referrals: u32,
    /// Visits here, of all visits of his vehicles known in the network.
    pub visits_here: u32,
    /// All known visits of his vehicles.
    pub visits_known: u32,
    /// Distance driven between visits over what the plan allows: above 1, services are done elsewhere or not at all.
    pub interval_over_plan: Option<f64>,
}

/// What an unsettled complaint takes off the satisfaction; a settled one takes a third, since it is still a complaint.
const COMPLAINT: f64 = 15.0;
/// Satisfaction of who complained and was never asked: from the middle.
const NEVER_ASKED: f64 = 50.0;

impl Degrees {
    /// The degrees of one customer, overall or at one dealer (with the visits and surveys there).
    pub fn of(conduct: &Conduct, rhythm: Option<&Rhythm>, today: NaiveDate) -> Self {
        Self {
            satisfaction: satisfaction(conduct),
            contribution: conduct.spend_rank.map(|rank| 100.0 * rank.clamp(0.0, 1.0)),
            loyalty: rhythm.map(|rhythm| loyalty(conduct, rhythm, today)),
            dependence: dependence(conduct),
        }
    }

    /// The degrees of a dealer: the mean over his customers of whom each is known.
    pub fn mean(customers: &[Self]) -> Self {
        let mean = |degree: fn(&Self) -> Option<f64>| {
            let known: Vec<f64> = customers.iter().filter_map(degree).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        Self {
            satisfaction: mean(|each| each.satisfaction),
            contribution: mean(|each| each.contribution),
            loyalty: mean(|each| each.loyalty),
            dependence: mean(|each| each.dependence),
        }
    }
}

fn satisfaction(conduct: &Conduct) -> Option<f64> {
    let said = conduct
        .mean_survey
        .map(|survey| (survey.clamp(1.0, 5.0) - 1.0) * 25.0);
    let complains = conduct.complaints > 0;
    let start = said.or(complains.then_some(NEVER_ASKED))?;
    let settled = conduct.settled_complaints.min(conduct.complaints);
    let unsettled = conduct.complaints - settled;
    Some((start - COMPLAINT * (f64::from(unsettled) + f64::from(settled) / 3.0)).clamp(0.0, 100.0))
}

/// Seventy points for visits made of those expected, fifteen each for buying again and for bringing a buyer.
fn loyalty(conduct: &Conduct, rhythm: &Rhythm, today: NaiveDate) -> f64 {
    // A visit he is late for is one he has not made, though the share counts whole intervals only.
    let fresh = (1.5 / rhythm.lateness(today).max(1.5)).min(1.0);
    let deeds =
        f64::from(u8::from(conduct.purchases >= 2)) + f64::from(u8::from(conduct.referrals > 0));
    70.0 * rhythm.kept_share(today) * fresh + 15.0 * deeds
}

/// The share of his visits made here, lowered when he drives further between them than the plan allows.
fn dependence(conduct: &Conduct) -> Option<f64> {
    if conduct.visits_known == 0 {
        return None;
    }
    let share =
        f64::from(conduct.visits_here.min(conduct.visits_known)) / f64::from(conduct.visits_known);
    let covered = conduct
        .interval_over_plan
        .map_or(1.0, |ratio| 1.0 / ratio.max(1.0));
    Some(100.0 * share * covered)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::rhythm::tests::{USUAL, day, visits};
    use super::*;

    #[test]
    fn unknown_is_not_zero() {
        assert_eq!(
            Degrees::of(&Conduct::default(), None, day(0)),
            Degrees::default()
        );
        assert_eq!(Degrees::mean(&[]), Degrees::default());
    }

    #[test]
    fn a_good_customer_is_high_in_all_four() {
        let rhythm = Rhythm::of(&visits(&[0, 180, 360, 540]), USUAL).unwrap();
        let conduct = Conduct {
            mean_survey: Some(5.0),
            spend_rank: Some(0.9),
            purchases: 2,
            referrals: 1,
            visits_here: 4,
            visits_known: 4,
            interval_over_plan: Some(0.9),
            ..Conduct::default()
        };
        let degrees = Degrees::of(&conduct, Some(&rhythm), day(600));
        assert_eq!(degrees.satisfaction, Some(100.0));
        assert_eq!(degrees.contribution, Some(90.0));
        assert_eq!(degrees.loyalty, Some(100.0));
        assert_eq!(degrees.dependence, Some(100.0));
    }

    #[test]
    fn complaints_lower_satisfaction_and_settling_them_gives_most_back() {
        let with = |complaints, settled_complaints| {
            satisfaction(&Conduct {
                mean_survey: Some(4.0),
                complaints,
                settled_complaints,
                ..Conduct::default()
            })
        };
        assert_eq!(with(0, 0), Some(75.0));
        assert_eq!(with(1, 0), Some(60.0));
        assert_eq!(with(1, 1), Some(70.0));
        assert_eq!(with(9, 0), Some(0.0));
        assert_eq!(
            satisfaction(&Conduct {
                complaints: 1,
                ..Conduct::default()
            }),
            Some(35.0)
        );
    }

    #[test]
    fn who_drives_past_the_plan_depends_less() {
        let with = |visits_here, interval_over_plan| {
            dependence(&Conduct {
                visits_here,
                visits_known: 4,
                interval_over_plan,
                ..Conduct::default()
            })
        };
        assert_eq!(with(4, None), Some(100.0));
        assert_eq!(with(2, None), Some(50.0));
        assert_eq!(with(4, Some(2.0)), Some(50.0));
    }

    #[test]
    fn a_dealer_is_the_mean_of_whom_he_knows() {
        let of = |satisfaction| Degrees {
            satisfaction,
            ..Degrees::default()
        };
        assert_eq!(
            Degrees::mean(&[of(Some(60.0)), of(None), of(Some(80.0))]).satisfaction,
            Some(70.0)
        );
    }

    proptest! {
        #[test]
        fn degrees_stay_between_0_and_100(
            days in proptest::collection::vec(0_u64..2_000, 1..20),
            survey in proptest::option::of(0.0_f64..6.0),
            counts in proptest::array::uniform6(0_u32..20),
            spend in proptest::option::of(-1.0_f64..2.0),
            ratio in proptest::option::of(0.0_f64..9.0),
        ) {
            let conduct = Conduct {
                mean_survey: survey,
                complaints: counts[0],
                settled_complaints: counts[1],
                spend_rank: spend,
                purchases: counts[2],
                referrals: counts[3],
                visits_here: counts[4],
                visits_known: counts[5],
                interval_over_plan: ratio,
            };
            let rhythm = Rhythm::of(&visits(&days), USUAL);
            let degrees = Degrees::of(&conduct, rhythm.as_ref(), day(2_500));
            let all = [degrees.satisfaction, degrees.contribution, degrees.loyalty, degrees.dependence];
            prop_assert!(all.into_iter().flatten().all(|degree| (0.0..=100.0).contains(&degree)));
        }
    }
}
