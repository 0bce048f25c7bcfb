//! Features: what a curve reads, computed from facts and corrected for exposure.

use serde::{Deserialize, Serialize};

use super::fact::{Fact, Facts};

/// A quantity computed from one or more facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Purchases and service together, in yuan; one of the two is enough.
    TotalAmount,
    /// Repeat purchases a year since the first, shrunk to the prior.
    PurchaseRate,
    /// Visits a year since the first contact, shrunk to the prior.
    VisitRate,
    /// Interactions and complaints a year over at most the last twelve months, shrunk to the prior.
    InteractionRate,
    /// Assessed standing.
    Standing,
    /// Buyers he brought.
    Referrals,
    /// Estimated probability to buy.
    PurchaseProbability,
    /// Stated intention to buy.
    Intention,
    /// Age of the youngest vehicle.
    VehicleAge,
    /// Share of payments made in time, shrunk to the prior.
    Punctuality,
    /// Days overdue.
    Overdue,
}

/// What is believed of a rate before anything is seen: `events` in `exposure`, the mean and the strength of a Gamma or
/// Beta prior.
///
/// A customer of two months who has not come back yet has an observed rate of zero; with a prior of 2 events in 2 years
/// he is put at 2 / 2.17 a year, next to the average, and not at the bottom (R-SCORE-1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// Events seen in the imagined exposure.
    pub events: f64,
    /// Years (or payments, for a share).
    pub exposure: f64,
}

impl Prior {
    /// No belief at all: the observed rate itself.
    pub const NONE: Self = Self {
        events: 0.0,
        exposure: 0.0,
    };

    fn rate(self, events: f64, exposure: f64) -> Option<f64> {
        let exposure = exposure + self.exposure;
        (exposure > 0.0).then(|| (events + self.events) / exposure)
    }
}

impl Feature {
    /// All features.
    pub const ALL: [Self; 11] = [
        Self::TotalAmount,
        Self::PurchaseRate,
        Self::VisitRate,
        Self::InteractionRate,
        Self::Standing,
        Self::Referrals,
        Self::PurchaseProbability,
        Self::Intention,
        Self::VehicleAge,
        Self::Punctuality,
        Self::Overdue,
    ];

    /// The name in model files and on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::TotalAmount => "total_amount",
            Self::PurchaseRate => "purchase_rate",
            Self::VisitRate => "visit_rate",
            Self::InteractionRate => "interaction_rate",
            Self::Standing => "standing",
            Self::Referrals => "referrals",
            Self::PurchaseProbability => "purchase_probability",
            Self::Intention => "intention",
            Self::VehicleAge => "vehicle_age",
            Self::Punctuality => "punctuality",
            Self::Overdue => "overdue",
        }
    }

    /// The facts it is computed from.
    pub fn facts(self) -> &'static [Fact] {
        match self {
            Self::TotalAmount => &[Fact::PurchaseAmount, Fact::ServiceAmount],
            Self::PurchaseRate => &[Fact::PurchaseCount, Fact::MonthsSinceFirst],
            Self::VisitRate => &[Fact::VisitCount, Fact::MonthsSinceFirst],
            Self::InteractionRate => &[
                Fact::InteractionCount,
                Fact::ComplaintCount,
                Fact::MonthsSinceFirst,
            ],
            Self::Standing => &[Fact::StandingLevel],
            Self::Referrals => &[Fact::ReferralCount],
            Self::PurchaseProbability => &[Fact::PurchaseProbability],
            Self::Intention => &[Fact::IntentionLevel],
            Self::VehicleAge => &[Fact::VehicleAgeYears],
            Self::Punctuality => &[Fact::OnTimeCount, Fact::PaymentCount],
            Self::Overdue => &[Fact::OverdueDays],
        }
    }

    /// Events and exposure of a rate; `None` for features that are no rate or whose facts are missing.
    pub fn events(self, facts: &Facts) -> Option<(f64, f64)> {
        let years = facts
            .get(Fact::MonthsSinceFirst)
            .map(|months| months / 12.0);
        match self {
            Self::PurchaseRate => Some(((facts.get(Fact::PurchaseCount)? - 1.0).max(0.0), years?)),
            Self::VisitRate => Some((facts.get(Fact::VisitCount)?, years?)),
            Self::InteractionRate => {
                let contacts = sum_of_known(facts, Fact::InteractionCount, Fact::ComplaintCount)?;
                Some((contacts, years.map_or(1.0, |years| years.min(1.0))))
            }
            Self::Punctuality => {
                let payments = facts.get(Fact::PaymentCount)?;
                Some((facts.get(Fact::OnTimeCount)?.min(payments), payments))
            }
            _ => None,
        }
    }

    /// The feature's value, if the facts it needs are known.
    pub fn value(self, facts: &Facts, prior: Prior) -> Option<f64> {
        match self {
            Self::TotalAmount => sum_of_known(facts, Fact::PurchaseAmount, Fact::ServiceAmount),
            Self::PurchaseRate | Self::VisitRate | Self::InteractionRate | Self::Punctuality => {
                let (events, exposure) = self.events(facts)?;
                prior.rate(events, exposure)
            }
            Self::Standing
            | Self::Referrals
            | Self::PurchaseProbability
            | Self::Intention
            | Self::VehicleAge
            | Self::Overdue => facts.get(self.facts()[0]),
        }
    }
}

/// The sum of two facts of which one may be missing.
fn sum_of_known(facts: &Facts, left: Fact, right: Fact) -> Option<f64> {
    match (facts.get(left), facts.get(right)) {
        (None, None) => None,
        (left, right) => Some(left.unwrap_or(0.0) + right.unwrap_or(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior {
        events: 2.0,
        exposure: 2.0,
    };

    #[test]
    fn a_customer_of_two_months_is_not_punished_for_not_having_come_back() {
        let visits = |count, months| {
            let facts = Facts::default()
                .with(Fact::VisitCount, count)
                .with(Fact::MonthsSinceFirst, months);
            Feature::VisitRate.value(&facts, PRIOR).unwrap()
        };
        let (fresh, long_gone, regular) = (visits(0.0, 2.0), visits(0.0, 60.0), visits(10.0, 60.0));
        assert!(
            fresh > 0.9 && long_gone < 0.3 && regular > 1.7,
            "{fresh} {long_gone} {regular}"
        );
    }

    #[test]
    fn a_feature_needs_its_facts_and_no_more() {
        let only_service = Facts::default().with(Fact::ServiceAmount, 800.0);
        assert_eq!(
            Feature::TotalAmount.value(&only_service, Prior::NONE),
            Some(800.0)
        );
        for feature in Feature::ALL {
            assert_eq!(feature.value(&Facts::default(), PRIOR), None, "{feature:?}");
        }
    }

    #[test]
    fn no_exposure_and_no_prior_is_no_rate() {
        let facts = Facts::default()
            .with(Fact::VisitCount, 0.0)
            .with(Fact::MonthsSinceFirst, 0.0);
        assert_eq!(Feature::VisitRate.value(&facts, Prior::NONE), None);
    }
}
