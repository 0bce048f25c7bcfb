//! The calibration run: fits curves and priors to a population and freezes them under a new version.
//!
//! After it, a customer's points say where he stands among the others, and one customer can be rescored without touching
//! anybody else, because the curves no longer move.

use super::{Curve, CurveError, Facts, Feature, Indicator, Model, ModelError, Prior, Term};

/// Fewer customers than this with a known feature leave its curve as it was.
pub const FEWEST_CUSTOMERS: usize = 100;

/// The quantiles at which knots are set: close at the top, where the tiers are decided.
const QUANTILES: [f64; 13] = [
    0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0,
];

/// Why a calibration gave no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// The result would be no valid model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A fitted curve is impossible.
    #[error(transparent)]
    Curve(#[from] CurveError),
}

/// Fits every curve and prior of `start` to the population and names the result `version`.
///
/// Scales, weights, the choice of features and the direction of each curve stay as they are; a feature known of fewer than
/// [`FEWEST_CUSTOMERS`] keeps its curve, and so does one that rises and falls (a car's age), since ranks cannot tell that.
///
/// # Errors
/// When the version is empty.
pub fn calibrate(
    start: &Model,
    version: &str,
    population: &[Facts],
) -> Result<Model, CalibrationError> {
    let mut terms: [Vec<Term>; Indicator::COUNT] = Default::default();
    for indicator in Indicator::ALL {
        for term in start.terms(indicator) {
            terms[indicator as usize].push(fit_term(term, population)?);
        }
    }
    Ok(Model::new(
        version.to_owned(),
        start.neutral(),
        start.weights().clone(),
        terms,
    )?)
}

fn fit_term(term: &Term, population: &[Facts]) -> Result<Term, CurveError> {
    let prior = term
        .prior
        .map(|start| fit_prior(term.feature, population).unwrap_or(start));
    let values = population
        .iter()
        .filter_map(|facts| term.feature.value(facts, prior.unwrap_or(Prior::NONE)));
    let mut values: Vec<f64> = values.collect();
    if values.len() < FEWEST_CUSTOMERS || !is_monotone(&term.curve) {
        return Ok(term.clone());
    }
    values.sort_unstable_by(f64::total_cmp);
    let knots = quantile_knots(&values, term.curve.is_rising());
    if knots.len() < 2 {
        return Ok(term.clone());
    }
    let curve = Curve::new(term.curve.scale(), knots)?;
    Ok(Term {
        prior,
        curve,
        ..term.clone()
    })
}

/// Knots (value, 1 + 99 · mid-rank): a value shared by many stands at the middle of their ranks, so that the half of the
/// population without referrals lies at 25 and not at 1 or at 50.
fn quantile_knots(sorted: &[f64], rising: bool) -> Vec<(f64, f64)> {
    let last = sorted.len() - 1;
    let mut knots: Vec<(f64, f64)> = Vec::new();
    for quantile in QUANTILES {
        let value = sorted[(quantile * last as f64).round() as usize];
        if knots.last().is_some_and(|&(before, _)| before >= value) {
            continue;
        }
        let below = sorted.partition_point(|&other| other < value);
        let not_above = sorted.partition_point(|&other| other <= value);
        let is_end = value == sorted[0] && not_above == 1 || value == sorted[last] && below == last;
        let middle = if is_end {
            below as f64 / last as f64
        } else {
            (below + not_above) as f64 / 2.0 / sorted.len() as f64
        };
        let rank = if rising { middle } else { 1.0 - middle };
        knots.push((value, (1.0 + 99.0 * rank).clamp(1.0, 100.0)));
    }
    knots
}

/// Mean and strength of the rates over the population, by the method of moments.
///
/// With events Poisson around each customer's own rate, the variance of observed rates is that of the true rates plus
/// mean / exposure; what is left after taking the second away says how much customers differ, hence how far a thin record
/// is to be trusted (Robbins' empirical Bayes).
fn fit_prior(feature: Feature, population: &[Facts]) -> Option<Prior> {
    let seen: Vec<(f64, f64)> = population
        .iter()
        .filter_map(|facts| feature.events(facts))
        .filter(|&(_, exposure)| exposure > 0.0)
        .collect();
    if seen.len() < FEWEST_CUSTOMERS {
        return None;
    }
    let (events, exposure) = seen
        .iter()
        .fold((0.0, 0.0), |sums, each| (sums.0 + each.0, sums.1 + each.1));
    let mean = events / exposure;
    let spread: f64 = seen
        .iter()
        .map(|&(events, time)| time * (events / time - mean).powi(2))
        .sum::<f64>()
        / exposure;
    let noise = match feature {
        Feature::Punctuality => mean * (1.0 - mean) * seen.len() as f64 / exposure,
        _ => mean * seen.len() as f64 / exposure,
    };
    let between = (spread - noise).max(mean * mean * 0.01);
    let strength = (mean / between).clamp(0.1, 20.0);
    (mean > 0.0).then_some(Prior {
        events: mean * strength,
        exposure: strength,
    })
}

fn is_monotone(curve: &Curve) -> bool {
    let points = curve.knot_points();
    let rising = curve.is_rising();
    points.windows(2).all(|pair| {
        if rising {
            pair[0] <= pair[1]
        } else {
            pair[0] >= pair[1]
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Fact, Inputs};
    use super::*;

    /// A population whose amounts run evenly over the logarithm and whose visit rates are 0.5, 1.5 or 2.5 a year.
    fn population() -> Vec<Facts> {
        (0..2_000_u32)
            .map(|index| {
                let months = f64::from(6 + index % 90);
                let rate = f64::from(index % 3) + 0.5;
                Facts::default()
                    .with(
                        Fact::PurchaseAmount,
                        (f64::from(index) / 200.0).exp2() * 100.0,
                    )
                    .with(Fact::MonthsSinceFirst, months)
                    .with(Fact::VisitCount, (rate * months / 12.0).round())
                    .with(Fact::OverdueDays, f64::from(index % 10) * 5.0)
            })
            .collect()
    }

    #[test]
    fn after_calibration_the_points_are_the_rank_in_the_population() {
        let model = calibrate(&Model::shipped(), "test", &population()).unwrap();
        let facts = population();
        for (index, expected) in [(0, 1.0), (1_000, 50.5), (1_800, 90.1), (1_999, 100.0)] {
            let amount = Facts::default().with(
                Fact::PurchaseAmount,
                facts[index].get(Fact::PurchaseAmount).unwrap(),
            );
            let points = model
                .assess(&Inputs {
                    facts: amount,
                    ..Inputs::default()
                })
                .unwrap()
                .points[0]
                .as_f64();
            assert!(
                (points - expected).abs() < 1.0,
                "customer {index} has {points}"
            );
        }
    }

    #[test]
    fn the_prior_finds_the_mean_and_spread_of_the_rates() {
        let prior = fit_prior(Feature::VisitRate, &population()).unwrap();
        let (mean, between) = (
            prior.events / prior.exposure,
            prior.events / prior.exposure / prior.exposure,
        );
        assert!((mean - 1.5).abs() < 0.05, "mean {mean}");
        assert!(
            between > 0.05 && between < 0.8,
            "true rates vary by 2/3, less Poisson noise that is not there: {between}"
        );
    }

    #[test]
    fn falling_curves_stay_falling_and_unknown_ones_stay() {
        let start = Model::shipped();
        let model = calibrate(&start, "test", &population()).unwrap();
        let overdue = model
            .terms(Indicator::Credit)
            .iter()
            .find(|term| term.feature == Feature::Overdue)
            .unwrap();
        assert!(overdue.curve.points(0.0) > overdue.curve.points(45.0));
        assert_eq!(
            model.terms(Indicator::SocialInfluence),
            start.terms(Indicator::SocialInfluence)
        );
        assert_eq!(model.version(), "test");
    }

    #[test]
    fn a_handful_of_customers_changes_nothing_but_the_version() {
        let start = Model::shipped();
        let model = calibrate(&start, "few", &population()[..50]).unwrap();
        assert!(
            Indicator::ALL
                .into_iter()
                .all(|each| model.terms(each) == start.terms(each))
        );
    }
}
