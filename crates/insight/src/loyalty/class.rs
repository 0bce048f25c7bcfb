//! Loyalty classes and the ladder of a customer's relationship.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::rhythm::Rhythm;
use crate::churn::{LATE, LOST, LUKEWARM};

/// How loyal a customer is, with one model or overall (R-LOY-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoyaltyClass {
    /// He keeps his rhythm, and has kept it over at least [`LOYAL_VISITS`] visits.
    Loyal,
    /// He comes, though not yet often enough or not regularly enough.
    General,
    /// He is late, or leaves out every second visit.
    Marginal,
    /// Three of his intervals have passed without him, or his car is gone.
    Lost,
}

/// Visits from which regularity can be told from chance.
pub const LOYAL_VISITS: u32 = 4;
/// Share of expected visits a loyal customer makes.
const LOYAL_SHARE: f64 = 0.75;
/// Share below which a customer is marginal.
const MARGINAL_SHARE: f64 = 0.5;

impl LoyaltyClass {
    /// The class of a rhythm, `None` for who never came. For the class with one model take the visits of that model's
    /// vehicles, for the class overall all visits. `has_vehicle` is false when the car (or, overall, every car) is sold.
    pub fn of(rhythm: Option<&Rhythm>, has_vehicle: bool, today: NaiveDate) -> Option<Self> {
        let rhythm = rhythm?;
        let (lateness, kept) = (rhythm.lateness(today), rhythm.kept_share(today));
        Some(match () {
            () if !has_vehicle || lateness >= LOST => Self::Lost,
            () if lateness >= LATE || kept < MARGINAL_SHARE => Self::Marginal,
            () if rhythm.visits >= LOYAL_VISITS && kept >= LOYAL_SHARE => Self::Loyal,
            () => Self::General,
        })
    }

    /// The name on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::Loyal => "loyal",
            Self::General => "general",
            Self::Marginal => "marginal",
            Self::Lost => "lost",
        }
    }
}

/// The rung a customer stands on (R-LOY-1). Each needs the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Known, has bought nothing.
    Potential,
    /// Has bought; nothing is known yet of how he likes it.
    New,
    /// Says that he is satisfied, and no complaint of his is open.
    Satisfied,
    /// Satisfied, and keeps coming in his rhythm.
    Retained,
    /// Retained, and bought again or brought others.
    Loyal,
}

/// What the ladder asks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Relationship {
    /// Vehicles bought.
    pub purchases: u32,
    /// His last survey, 1 to 5.
    pub last_survey: Option<f64>,
    /// Complaints not closed.
    pub open_complaints: u32,
    /// Buyers he brought.
    pub referrals: u32,
    /// His loyalty class overall.
    pub class: Option<LoyaltyClass>,
    /// Visits on different days.
    pub visits: u32,
}

/// Visits after which coming back says more than a survey that was never answered.
const SATISFIED_BY_DEEDS: u32 = 3;
/// Visits a retained customer has made.
const RETAINED_VISITS: u32 = 3;

impl Rung {
    /// The rung of a customer. A survey above [`LUKEWARM`] shows satisfaction; of who never answered one, three visits do.
    pub fn of(customer: &Relationship) -> Self {
        if customer.purchases == 0 && customer.visits == 0 {
            return Self::Potential;
        }
        let says_so = customer
            .last_survey
            .map_or(customer.visits >= SATISFIED_BY_DEEDS, |survey| {
                survey > LUKEWARM
            });
        if !says_so || customer.open_complaints > 0 {
            return Self::New;
        }
        let keeps_coming = matches!(
            customer.class,
            Some(LoyaltyClass::Loyal | LoyaltyClass::General)
        );
        if !keeps_coming || customer.visits < RETAINED_VISITS {
            return Self::Satisfied;
        }
        let speaks_by_deeds = customer.purchases >= 2 || customer.referrals > 0;
        if speaks_by_deeds {
            Self::Loyal
        } else {
            Self::Retained
        }
    }

    /// The name on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::Potential => "potential",
            Self::New => "new",
            Self::Satisfied => "satisfied",
            Self::Retained => "retained",
            Self::Loyal => "loyal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rhythm::tests::{USUAL, day, visits};
    use super::*;

    #[test]
    fn classes_follow_the_rhythm() {
        for (days, today, has_vehicle, expected) in [
            (
                &[0, 180, 360, 540][..],
                600,
                true,
                Some(LoyaltyClass::Loyal),
            ),
            (&[0, 180, 360, 540], 600, false, Some(LoyaltyClass::Lost)),
            (&[0, 180], 300, true, Some(LoyaltyClass::General)),
            (&[0, 180, 360, 540], 830, true, Some(LoyaltyClass::Marginal)),
            (&[0, 180, 360, 540], 1_200, true, Some(LoyaltyClass::Lost)),
            (&[], 10, true, None),
        ] {
            let rhythm = Rhythm::of(&visits(days), USUAL);
            assert_eq!(
                LoyaltyClass::of(rhythm.as_ref(), has_vehicle, day(today)),
                expected,
                "{days:?} on {today}"
            );
        }
    }

    #[test]
    fn every_rung_needs_the_one_before() {
        let base = Relationship {
            purchases: 1,
            ..Relationship::default()
        };
        let satisfied = Relationship {
            last_survey: Some(4.5),
            visits: 1,
            ..base
        };
        let retained = Relationship {
            visits: 5,
            class: Some(LoyaltyClass::General),
            ..satisfied
        };
        let loyal = Relationship {
            referrals: 1,
            class: Some(LoyaltyClass::Loyal),
            ..retained
        };
        for (customer, rung) in [
            (Relationship::default(), Rung::Potential),
            (base, Rung::New),
            (satisfied, Rung::Satisfied),
            (retained, Rung::Retained),
            (loyal, Rung::Loyal),
            (
                Relationship {
                    purchases: 2,
                    ..retained
                },
                Rung::Loyal,
            ),
            (
                Relationship {
                    open_complaints: 1,
                    ..loyal
                },
                Rung::New,
            ),
            (
                Relationship {
                    last_survey: Some(2.0),
                    ..loyal
                },
                Rung::New,
            ),
            (
                Relationship {
                    last_survey: None,
                    ..loyal
                },
                Rung::Loyal,
            ),
            (
                Relationship {
                    class: Some(LoyaltyClass::Lost),
                    ..loyal
                },
                Rung::Satisfied,
            ),
        ] {
            assert_eq!(Rung::of(&customer), rung, "{customer:?}");
        }
    }
}
