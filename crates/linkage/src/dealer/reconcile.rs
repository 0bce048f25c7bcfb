//! Looking again at customers as they have become: whether one falls apart, whether two are one.
//!
//! A live record is placed by what was known when it came. Here all records of a customer are weighed, each with how common its
//! values are by now, so that the answer does not depend on the order in which they came.

use super::compare::{Frequencies, Weighed, compare};
use super::decide::{Candidate, Decider, LEAST_BITS, MOST_BITS};
use super::doubt::Tally;
use super::prepared::Prepared;
use super::table::DealerRecords;
use crate::batch::BatchOptions;
use crate::cluster::{Edge, agglomerate};
use crate::score::{Reason, Veto, probability};

/// How two customers compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// log2 odds that they are one.
    pub bits: f32,
    /// The same as a probability, 0..=1.
    pub probability: f32,
    /// The log2 odds of the two records that resemble each other most, alone.
    pub most: f32,
    /// A contradiction between any two of their records: never joined without a steward.
    pub veto: Option<Veto>,
    /// The evidence of the two records that resemble each other most, strongest first.
    pub reasons: Vec<Reason>,
}

impl Decider {
    /// The groups that a customer's records fall into by the batch engine's own measure, each in order, the largest first; of
    /// two that are as large the one with the earlier record. One group if they belong together.
    ///
    /// # Panics
    /// If there are not as many frequencies as records.
    pub fn groups(&self, records: &[Prepared], frequencies: &[Frequencies]) -> Vec<Vec<usize>> {
        assert_eq!(records.len(), frequencies.len(), "one for each record");
        let score = |left: u32, right: u32| {
            let (left, right) = (left as usize, right as usize);
            let outcome = compare(
                &records[left],
                &records[right],
                &frequencies[left],
                &frequencies[right],
            );
            self.weights().bits(&outcome) + self.prior(&frequencies[left])
        };
        let limits = DealerRecords::options(BatchOptions::default()).limits;
        let count = records.len() as u32;
        let edges: Vec<Edge> = (0..count)
            .flat_map(|left| (left + 1..count).map(move |right| (left, right)))
            .map(|(left, right)| Edge {
                left,
                right,
                bits: score(left, right),
            })
            .filter(|edge| edge.bits >= limits.join_bits)
            .collect();
        let mut groups: Vec<Vec<usize>> = agglomerate(&edges, limits, &score)
            .clusters
            .into_iter()
            .map(|members| members.into_iter().map(|at| at as usize).collect())
            .collect();
        let is_linked = |at: &usize| groups.iter().any(|group| group.contains(at));
        let alone: Vec<usize> = (0..records.len()).filter(|at| !is_linked(at)).collect();
        groups.extend(alone.into_iter().map(|at| vec![at]));
        for group in &mut groups {
            group.sort_unstable();
        }
        groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
        groups
    }

    /// Whether two customers are one, the left one's values being so common. A customer of one record is weighed as if the
    /// record came now ([`Decider::decide`]), several as the batch engine joins clusters: by the average over all pairs.
    ///
    /// # Panics
    /// If there are not as many frequencies as records on the left.
    pub fn between(
        &self,
        left: &[Prepared],
        frequencies: &[Frequencies],
        right: &[Prepared],
    ) -> Between {
        assert_eq!(left.len(), frequencies.len(), "one for each record");
        let averaged = self.averaged(left, frequencies, right);
        let ([record], [frequencies]) = (left, frequencies) else {
            return averaged;
        };
        let candidate = Candidate {
            customer: (),
            members: right,
        };
        match self.rank(record, frequencies, &candidate) {
            Some(ranked) => Between {
                bits: ranked.bits,
                probability: ranked.probability,
                veto: ranked.veto,
                reasons: ranked.reasons,
                most: averaged.most,
            },
            None => averaged,
        }
    }

    fn averaged(
        &self,
        left: &[Prepared],
        frequencies: &[Frequencies],
        right: &[Prepared],
    ) -> Between {
        let mut tally = Tally::default();
        let mut best: Option<(Weighed, &Frequencies)> = None;
        for (record, frequencies) in left.iter().zip(frequencies) {
            for other in right {
                let weighed = self.weigh(record, other, frequencies);
                tally.add(&weighed, weighed.bits.clamp(LEAST_BITS, MOST_BITS));
                if best
                    .as_ref()
                    .is_none_or(|(best, _)| weighed.bits > best.bits)
                {
                    best = Some((weighed, frequencies));
                }
            }
        }
        let bits = if best.is_none() {
            f32::NEG_INFINITY
        } else {
            tally.bounded(tally.average())
        };
        Between {
            bits,
            probability: probability(bits),
            most: best
                .as_ref()
                .map_or(f32::NEG_INFINITY, |(best, _)| best.bits),
            veto: tally.veto,
            reasons: best.map_or_else(Vec::new, |(best, frequencies)| {
                self.reasons(&best, frequencies)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DealerRecord, default_model, prepare};
    use super::*;

    fn record(name: &str, phone: &str, id: &str) -> Prepared {
        prepare(&DealerRecord {
            name,
            phones: &[phone],
            id_number: id,
            ..DealerRecord::default()
        })
    }

    fn plain(count: usize) -> Vec<Frequencies> {
        vec![Frequencies::default(); count]
    }

    #[test]
    fn a_customer_of_two_people_falls_into_two() {
        let decider = Decider::new(default_model());
        let one = || record("谭晓岚", "13912345678", "11010519491231002X");
        let other = || record("谭晓岚", "13912345678", "440524188001010014");
        let mixed = [one(), other(), one()];
        assert_eq!(decider.groups(&mixed, &plain(3)), [vec![0, 2], vec![1]]);
        let whole = [one(), record("谭小岚", "13912345678", ""), one()];
        assert_eq!(decider.groups(&whole, &plain(3)), [vec![0, 1, 2]]);
        assert_eq!(decider.groups(&[], &[]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn a_single_record_is_weighed_as_if_it_came_now() {
        let decider = Decider::new(default_model());
        let known = [record("谭晓岚", "13912345678", "")];
        let new = record("谭小岚", "+86 139 1234 5678", "");
        let candidate = Candidate {
            customer: (),
            members: &known,
        };
        let decided = decider.decide(&new, &Frequencies::default(), &[candidate]);
        let between = decider.between(&[new], &plain(1), &known);
        assert_eq!(
            between.probability.to_bits(),
            decided.ranked[0].probability.to_bits()
        );
        assert_eq!(between.reasons, decided.ranked[0].reasons);
        let stranger = [record("周大勇", "15012345679", "")];
        assert!(decider.between(&known, &plain(1), &stranger).probability < 0.3);
    }
}
