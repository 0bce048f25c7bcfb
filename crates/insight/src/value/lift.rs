//! What would lift a customer to the next tier: each indicator alone, and the facts that would do it.

use super::{Feature, Indicator, Inputs, Model, Points, Prior, WeightedSum};

/// One indicator that alone would carry a customer over a border.
#[derive(Clone, Debug, PartialEq)]
pub struct Lift {
    /// The indicator that would have to rise.
    pub indicator: Indicator,
    /// Its points now.
    pub points: Points,
    /// The points it needs, to the hundredth, as curves give them; at most 100.
    pub needed: f64,
    /// Features that alone would bring those points, with their value now and then. Empty where the indicator was given as
    /// points or no single feature suffices.
    pub features: Vec<FeatureLift>,
}

/// One feature that alone would bring an indicator to the needed points.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureLift {
    /// Which.
    pub feature: Feature,
    /// Its value now, if known.
    pub now: Option<f64>,
    /// The value it needs.
    pub needed: f64,
}

/// Every single indicator that could lift the customer to `border`, the sum that enters the next tier
/// ([`LiveRanks::sum_to_enter`](crate::rank::LiveRanks::sum_to_enter)), the smallest rise first. Empty when he is there already, is
/// unscored, or no indicator alone suffices.
pub fn lifts(model: &Model, inputs: &Inputs, border: WeightedSum) -> Vec<Lift> {
    let Some(assessment) = model.assess(inputs) else {
        return Vec::new();
    };
    let missing = border.0 - assessment.sum.0;
    if missing <= 0 {
        return Vec::new();
    }
    let mut lifts: Vec<Lift> = Indicator::ALL
        .into_iter()
        .filter_map(|indicator| {
            let points = assessment.points[indicator as usize];
            let needed = enough(points, missing, model.weights().units(indicator))?.as_f64();
            Some(Lift {
                indicator,
                points,
                needed,
                features: feature_lifts(model, inputs, indicator, needed),
            })
        })
        .collect();
    lifts.sort_by(|left, right| {
        (left.needed - left.points.as_f64()).total_cmp(&(right.needed - right.points.as_f64()))
    });
    lifts
}

/// The fewest points, to the hundredth, with which an indicator of so many units makes up for what is missing of the sum; `None` if
/// no points do.
fn enough(points: Points, missing: i64, units: i64) -> Option<Points> {
    const HUNDREDTH: i64 = Points::ONE / 100;
    if units == 0 {
        return None;
    }
    let least = points.nanos() + steps(missing, units);
    Points::from_nanos(steps(least, HUNDREDTH) * HUNDREDTH)
}

/// How many steps of a length make a distance or more.
fn steps(distance: i64, length: i64) -> i64 {
    (distance + length - 1) / length
}

fn feature_lifts(
    model: &Model,
    inputs: &Inputs,
    indicator: Indicator,
    needed: f64,
) -> Vec<FeatureLift> {
    if inputs.given[indicator as usize].is_some() {
        return Vec::new();
    }
    let terms = model.terms(indicator);
    let weight: f64 = terms.iter().map(|term| term.weight).sum();
    let value_and_points: Vec<(Option<f64>, f64)> = terms
        .iter()
        .map(|term| {
            let value = term
                .feature
                .value(&inputs.facts, term.prior.unwrap_or(Prior::NONE));
            (
                value,
                value.map_or(model.neutral().as_f64(), |value| term.curve.points(value)),
            )
        })
        .collect();
    let sum: f64 = terms
        .iter()
        .zip(&value_and_points)
        .map(|(term, (_, points))| term.weight * points)
        .sum();
    let lift = |(term, &(now, points)): (&super::Term, &(Option<f64>, f64))| {
        let needed_points = points + (needed * weight - sum) / term.weight;
        let needed = term.curve.feature_for(needed_points, now.unwrap_or(0.0))?;
        Some(FeatureLift {
            feature: term.feature,
            now,
            needed,
        })
    };
    terms
        .iter()
        .zip(&value_and_points)
        .filter_map(lift)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Fact, Facts};
    use super::*;

    fn inputs(amount: f64) -> Inputs {
        Inputs {
            facts: Facts::default().with(Fact::PurchaseAmount, amount),
            ..Inputs::default()
        }
    }

    #[test]
    fn paying_what_the_lift_says_reaches_the_border() {
        let model = Model::shipped();
        let border = model.assess(&inputs(900_000.0)).unwrap().sum;
        let lifts = lifts(&model, &inputs(60_000.0), border);
        let lift = lifts
            .iter()
            .find(|lift| lift.indicator == Indicator::TransactionAmount)
            .unwrap();
        let needed = lift.features[0].needed;
        assert!((needed / 900_000.0 - 1.0).abs() < 0.01, "needs {needed}");
    }

    #[test]
    fn given_points_are_lifted_by_points_alone() {
        let model = Model::shipped();
        let at = |text: &str| Inputs {
            given: [Points::parse(text.as_bytes()).ok(); 6],
            ..Inputs::default()
        };
        let border = model.assess(&at("60")).unwrap().sum;
        let lifts = lifts(&model, &at("58"), border);
        let needed: Vec<(Indicator, f64)> = lifts
            .iter()
            .map(|lift| (lift.indicator, lift.needed.round()))
            .collect();
        assert_eq!(needed[0], (Indicator::TransactionAmount, 68.0));
        assert_eq!(needed[5], (Indicator::Credit, 78.0));
        assert!(lifts.iter().all(|lift| lift.features.is_empty()));
    }

    #[test]
    fn what_is_needed_is_enough_though_the_least_step_is_missing() {
        let model = Model::shipped();
        let mut tied = Inputs {
            given: [Points::parse(b"60").ok(); 6],
            ..Inputs::default()
        };
        let sum = model.assess(&tied).unwrap().sum;
        let lifts = lifts(&model, &tied, WeightedSum(sum.0 + 1));
        assert_eq!(lifts.len(), 6);
        for lift in lifts {
            assert_eq!(lift.needed, 60.01);
            let needed = Points::parse(lift.needed.to_string().as_bytes()).ok();
            let before = std::mem::replace(&mut tied.given[lift.indicator as usize], needed);
            assert!(model.assess(&tied).unwrap().sum > sum);
            tied.given[lift.indicator as usize] = before;
        }
    }

    #[test]
    fn nobody_is_lifted_past_a_hundred_or_from_above() {
        let model = Model::shipped();
        let low = Inputs {
            given: [Some(Points::MIN); 6],
            ..Inputs::default()
        };
        let high = Inputs {
            given: [Some(Points::MAX); 6],
            ..Inputs::default()
        };
        let top = model.assess(&high).unwrap().sum;
        assert!(lifts(&model, &low, top).is_empty());
        assert!(lifts(&model, &high, top).is_empty());
    }
}
