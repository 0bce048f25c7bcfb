//! Pairwise precision and recall of clusters against a known truth.

use rustc_hash::FxHashMap;
use serde::Serialize;

/// How good a clustering is, by the pairs it implies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Share of the implied pairs that are true.
    pub precision: f64,
    /// Share of the true pairs that are implied.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// True pairs.
    pub true_pairs: u64,
    /// Pairs that the clusters imply.
    pub implied_pairs: u64,
    /// Largest cluster.
    pub max_cluster: u64,
    /// Largest cluster in truth.
    pub max_true_cluster: u64,
}

/// Compares clusters with the truth; both name each record's group by any number.
pub fn evaluate(clusters: &[u32], truth: &[u32]) -> Figures {
    let (implied_pairs, max_cluster) = pairs(clusters.iter().copied());
    let (true_pairs, max_true_cluster) = pairs(truth.iter().copied());
    let (right, _) = pairs(clusters.iter().copied().zip(truth.iter().copied()));
    let share = |part: u64, whole: u64| {
        if whole == 0 {
            1.0
        } else {
            part as f64 / whole as f64
        }
    };
    let (precision, recall) = (share(right, implied_pairs), share(right, true_pairs));
    let f1 = if precision + recall == 0.0 {
        0.0
    } else {
        2.0 * precision * recall / (precision + recall)
    };
    Figures {
        precision,
        recall,
        f1,
        true_pairs,
        implied_pairs,
        max_cluster,
        max_true_cluster,
    }
}

fn pairs<T: Eq + std::hash::Hash>(groups: impl Iterator<Item = T>) -> (u64, u64) {
    let mut sizes: FxHashMap<T, u64> = FxHashMap::default();
    for group in groups {
        *sizes.entry(group).or_default() += 1;
    }
    sizes.values().fold((0, 0), |(pairs, largest), size| {
        (pairs + size * (size - 1) / 2, largest.max(*size))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_as_in_the_literature() {
        let figures = evaluate(&[1, 1, 1, 2, 3], &[7, 7, 8, 8, 9]);
        assert_eq!((figures.true_pairs, figures.implied_pairs), (2, 3));
        assert!(
            (figures.precision - 1.0 / 3.0).abs() < 1e-9 && (figures.recall - 0.5).abs() < 1e-9
        );
        assert_eq!((figures.max_cluster, figures.max_true_cluster), (3, 2));
        assert!((evaluate(&[1, 2], &[1, 2]).f1 - 1.0).abs() < 1e-9);
    }
}
