//! What training looks at: patterns of agreement, counted.

use rustc_hash::FxHashMap;

use super::{MAX_FIELDS, Outcome};

/// Patterns of agreement and how often they came.
#[derive(Clone, Default)]
pub struct Sample {
    patterns: FxHashMap<(u8, u64, bool), Counted>,
    pairs: u64,
}

/// Pairs of one pattern.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    pub(super) levels: [u8; MAX_FIELDS],
    pub(super) count: f64,
    /// Sum of log2 of the value shares, by field.
    pub(super) log_share: [f32; MAX_FIELDS],
}

impl Sample {
    /// Adds a pair that stands for `weight` pairs.
    pub fn add(&mut self, outcome: &Outcome, weight: f64) {
        self.pairs += 1;
        let key = (outcome.class, outcome.pattern(), outcome.veto.is_some());
        let counted = self.patterns.entry(key).or_insert(Counted {
            levels: outcome.levels,
            count: 0.0,
            log_share: [0.0; MAX_FIELDS],
        });
        counted.count += weight;
        for (sum, share) in counted.log_share.iter_mut().zip(outcome.share) {
            *sum += if share > 0.0 {
                share.log2() * weight as f32
            } else {
                0.0
            };
        }
    }

    /// Adds all pairs of another sample.
    pub fn merge(&mut self, other: &Self) {
        self.pairs += other.pairs;
        for (key, theirs) in &other.patterns {
            let ours = self.patterns.entry(*key).or_insert(Counted {
                count: 0.0,
                log_share: [0.0; MAX_FIELDS],
                ..*theirs
            });
            ours.count += theirs.count;
            for (sum, more) in ours.log_share.iter_mut().zip(theirs.log_share) {
                *sum += more;
            }
        }
    }

    /// How many pairs it holds.
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// The patterns in a fixed order, so that sums do not depend on the map's order.
    pub(super) fn ordered(&self) -> Vec<(u8, bool, Counted)> {
        let mut all: Vec<_> = self
            .patterns
            .iter()
            .map(|(key, counted)| (*key, *counted))
            .collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all.into_iter()
            .map(|((class, _, vetoed), counted)| (class, vetoed, counted))
            .collect()
    }
}
