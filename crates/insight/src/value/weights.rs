//! Weights of the indicators, the exact weighted sum, and the score shown to people.

use std::fmt;

use super::{Indicator, Points};

/// How much each indicator counts. Only the proportions matter; they need not add up to 100.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// In ten-thousandths, so that 16.6667 is exact.
    units: [i64; Indicator::COUNT],
    total: i64,
}

/// Why weights cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WeightsError {
    /// A weight is negative, above 100, not finite, or finer than four decimals.
    #[error("weight of {} is {value}; write 0 to 100 with at most four decimals", indicator.key())]
    Invalid {
        /// Whose weight it is.
        indicator: Indicator,
        /// The weight as given.
        value: f64,
    },
    /// Nothing counts.
    #[error("all weights are zero; give at least one indicator a weight")]
    AllZero,
}

/// The weighted sum of six indicators before division by the total weight: what ranks are made by.
///
/// Sums compare only under the same [`Weights`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeightedSum(pub i64);

/// A score as people see it: 1.00 to 100.00, in hundredths, rounded half to even.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(i64);

impl Weights {
    const UNITS_PER_ONE: f64 = 10_000.0;

    /// Weights in the order of [`Indicator::ALL`].
    ///
    /// # Errors
    /// When a weight is out of range or too fine, or all are zero.
    pub fn new(weights: [f64; Indicator::COUNT]) -> Result<Self, WeightsError> {
        let mut units = [0; Indicator::COUNT];
        for ((unit, indicator), value) in units.iter_mut().zip(Indicator::ALL).zip(weights) {
            let scaled = value * Self::UNITS_PER_ONE;
            let is_exact = (scaled - scaled.round()).abs() < 1e-6;
            if !(0.0..=100.0).contains(&value) || !is_exact {
                return Err(WeightsError::Invalid { indicator, value });
            }
            *unit = scaled.round() as i64;
        }
        let total = units.iter().sum();
        if total == 0 {
            Err(WeightsError::AllZero)
        } else {
            Ok(Self { units, total })
        }
    }

    /// The exact sum. At most 600 · 10⁴ · 10¹¹ = 6 · 10¹⁷, which an `i64` holds fifteen times over.
    pub fn sum(&self, points: &[Points; Indicator::COUNT]) -> WeightedSum {
        WeightedSum(
            self.units
                .iter()
                .zip(points)
                .map(|(unit, points)| unit * points.nanos())
                .sum(),
        )
    }

    /// The score of a sum: divided by the total weight, to two decimals, half to even.
    pub fn score(&self, sum: WeightedSum) -> Score {
        self.rounded(sum, false)
    }

    /// The score of a sum, or of what lies above it by less than a unit: then a half is no longer one.
    pub(crate) fn rounded(&self, sum: WeightedSum, is_above: bool) -> Score {
        let hundredth = self.total * (Points::ONE / 100);
        let (quotient, rest) = (sum.0.div_euclid(hundredth), sum.0.rem_euclid(hundredth));
        let rounds_up = match (2 * rest).cmp(&hundredth) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => is_above || quotient % 2 == 1,
            std::cmp::Ordering::Greater => true,
        };
        Score(quotient + i64::from(rounds_up))
    }

    /// One indicator's weight as a share of all, 0 to 1.
    pub fn share(&self, indicator: Indicator) -> f64 {
        self.units[indicator as usize] as f64 / self.total as f64
    }

    /// One indicator's weight as it was given.
    pub fn given(&self, indicator: Indicator) -> f64 {
        self.units[indicator as usize] as f64 / Self::UNITS_PER_ONE
    }

    /// The weight of one indicator in ten-thousandths.
    pub(crate) fn units(&self, indicator: Indicator) -> i64 {
        self.units[indicator as usize]
    }
}

impl Score {
    /// The score in hundredths of a point: 7350 for 73.50.
    pub fn hundredths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seed() -> Weights {
        Weights::new([20.0, 15.0, 15.0, 20.0, 20.0, 10.0]).unwrap()
    }

    fn points(values: [&str; 6]) -> [Points; 6] {
        values.map(|text| Points::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn the_seed_example_gives_73_50() {
        let weights = seed();
        let sum = weights.sum(&points(["80", "60", "70", "50", "90", "100"]));
        assert_eq!(weights.score(sum).to_string(), "73.50");
    }

    #[test]
    fn shown_scores_round_half_to_even_while_sums_stay_apart() {
        let weights = Weights::new([100.0, 0.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
        for (value, shown) in [
            ("50.005", "50.00"),
            ("50.015", "50.02"),
            ("50.0150001", "50.02"),
            ("50.004999999", "50.00"),
        ] {
            let sum = weights.sum(&points([value, "1", "1", "1", "1", "1"]));
            assert_eq!(weights.score(sum).to_string(), shown, "{value}");
        }
        let near = |value| weights.sum(&points([value, "1", "1", "1", "1", "1"]));
        assert!(near("50.000000001") > near("50"));
    }

    #[test]
    fn bad_weights_are_refused_by_name() {
        let refused = |values| Weights::new(values).unwrap_err();
        assert_eq!(refused([0.0; 6]), WeightsError::AllZero);
        for value in [-1.0, 100.1, f64::NAN, f64::INFINITY, 0.000_01] {
            let error = refused([1.0, value, 1.0, 1.0, 1.0, 1.0]);
            assert!(
                error
                    .to_string()
                    .starts_with("weight of transaction_frequency"),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_sum_is_linear_and_the_score_within_half_a_hundredth(
            values in proptest::array::uniform6(100_i64..=10_000),
            weights in proptest::array::uniform6(0_u32..=100),
        ) {
            prop_assume!(weights.iter().any(|&weight| weight > 0));
            let model = Weights::new(weights.map(f64::from)).unwrap();
            let points = values.map(|hundredths| Points::from_curve(hundredths as f64 / 100.0));
            let shown = model.score(model.sum(&points)).hundredths();
            let top: i64 = values.iter().zip(weights).map(|(value, weight)| value * i64::from(weight)).sum();
            let bottom: i64 = weights.iter().map(|&weight| i64::from(weight)).sum();
            prop_assert!((2 * (shown * bottom - top)).abs() <= bottom);
        }
    }
}
