//! Whether probabilities are true: of those given 30 %, three in ten must happen.

use serde::{Deserialize, Serialize};

/// One bin of the calibration curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Customers in it.
    pub count: usize,
    /// Their mean stated probability.
    pub stated: f64,
    /// The share of whom it came true.
    pub happened: f64,
}

/// A calibration curve and two figures that sum it up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Bins of equal numbers of customers, by rising probability.
    pub bins: Vec<Bin>,
    /// Mean squared difference of probability and outcome; 0 is perfect, 0.25 is a coin.
    pub brier: f64,
    /// Mean distance of stated and happened over the bins, weighted by customers (expected calibration error).
    pub error: f64,
}

impl Calibration {
    /// The bin of customers who were given about as much; `None` of nobody.
    pub fn near(&self, probability: f64) -> Option<Bin> {
        let distance = |bin: &Bin| (bin.stated - probability).abs();
        let bins = self.bins.iter().copied();
        bins.min_by(|left, right| distance(left).total_cmp(&distance(right)))
    }
}

/// The calibration of (probability, whether it happened) in `bins` bins.
pub fn calibration(outcomes: &[(f64, bool)], bins: usize) -> Calibration {
    let mut sorted = outcomes.to_vec();
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    let size = sorted.len().div_ceil(bins.max(1)).max(1);
    let bins: Vec<Bin> = sorted.chunks(size).map(bin).collect();
    let total = sorted.len().max(1) as f64;
    let miss = |&(probability, happened): &(f64, bool)| {
        (probability - f64::from(u8::from(happened))).powi(2)
    };
    let distance = |bin: &Bin| (bin.stated - bin.happened).abs() * bin.count as f64;
    Calibration {
        brier: sorted.iter().map(miss).sum::<f64>() / total,
        error: bins.iter().map(distance).sum::<f64>() / total,
        bins,
    }
}

fn bin(outcomes: &[(f64, bool)]) -> Bin {
    let count = outcomes.len();
    let stated = outcomes.iter().map(|outcome| outcome.0).sum::<f64>() / count as f64;
    let happened = outcomes.iter().filter(|outcome| outcome.1).count() as f64 / count as f64;
    Bin {
        count,
        stated,
        happened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_probabilities_have_no_error_and_wrong_ones_have_theirs() {
        let outcomes = |stated: f64| -> Vec<(f64, bool)> {
            (0..1_000).map(|index| (stated, index % 10 < 3)).collect()
        };
        assert!(calibration(&outcomes(0.3), 10).error < 1e-9);
        assert!((calibration(&outcomes(0.5), 10).error - 0.2).abs() < 1e-9);
        assert!((calibration(&outcomes(0.3), 1).brier - 0.21).abs() < 1e-9);
    }

    #[test]
    fn a_probability_has_the_bin_of_those_given_about_as_much() {
        let outcomes: Vec<(f64, bool)> = (0..100).map(|n| (f64::from(n) / 100.0, n > 50)).collect();
        let found = calibration(&outcomes, 10);
        let near = found.near(0.93).unwrap();
        assert!((near.stated - 0.945).abs() < 1e-9 && near.count == 10);
        assert!(near.happened > 0.99);
        assert_eq!(found.near(2.0).unwrap().stated, near.stated);
        assert_eq!(calibration(&[], 10).near(0.5), None);
    }

    #[test]
    fn nothing_is_calibrated_without_accident() {
        assert_eq!(
            calibration(&[], 10),
            Calibration {
                bins: vec![],
                brier: 0.0,
                error: 0.0
            }
        );
    }
}
