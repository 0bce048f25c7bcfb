//! Records side by side, ready to be weighed.

use std::cmp::Reverse;

use marque_core::SourceRecordId;
use marque_linkage::dealer::{Frequencies, Prepared};

/// Records with what is compared of each and how common its values are. They are in the order of their ids, and not as they
/// came: of two that are as near, the same one goes first in whatever order they came.
pub(super) struct Weighed {
    pub(super) ids: Vec<SourceRecordId>,
    pub(super) seqs: Vec<i64>,
    pub(super) features: Vec<Prepared>,
    pub(super) frequencies: Vec<Frequencies>,
}

impl Weighed {
    /// Those at some places.
    fn at(&self, places: &[usize]) -> Self {
        Self {
            ids: places.iter().map(|at| self.ids[*at]).collect(),
            seqs: places.iter().map(|at| self.seqs[*at]).collect(),
            features: places.iter().map(|at| self.features[*at].clone()).collect(),
            frequencies: places.iter().map(|at| self.frequencies[*at]).collect(),
        }
    }

    /// Those at some places, and the features at all others.
    pub(super) fn split_at(&self, places: &[usize]) -> (Self, Vec<Prepared>) {
        let others = self.features.iter().enumerate();
        let others = others.filter(|(at, _)| !places.contains(at));
        let outside = others.map(|(_, features)| features.clone()).collect();
        (self.at(places), outside)
    }

    /// The newest, so many.
    pub(super) fn newest(&self, most: usize) -> Self {
        let mut places: Vec<usize> = (0..self.seqs.len()).collect();
        places.sort_unstable_by_key(|at| Reverse(self.seqs[*at]));
        places.truncate(most);
        places.sort_unstable_by_key(|at| self.ids[*at]);
        self.at(&places)
    }

    /// The newest of these and another's, as they would be weighed were the two one.
    pub(super) fn with(&self, other: &Self, most: usize) -> Self {
        let (features, others) = (self.features.iter(), other.features.iter());
        let (frequencies, common) = (self.frequencies.iter(), other.frequencies.iter());
        let both = Self {
            ids: self.ids.iter().chain(&other.ids).copied().collect(),
            seqs: self.seqs.iter().chain(&other.seqs).copied().collect(),
            features: features.chain(others).cloned().collect(),
            frequencies: frequencies.chain(common).copied().collect(),
        };
        both.newest(most)
    }
}
