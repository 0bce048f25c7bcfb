//! Average-link agglomeration of one connected component, with contradictions and a limit that grows with size.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, hash_map::Entry};

use rustc_hash::FxHashMap;

use super::{Cut, CutReason, Edge};

/// How far clusters may grow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Clusters are joined while their average evidence is at least this, in bits.
    pub join_bits: f32,
    /// Up to this size `join_bits` suffices.
    pub free_size: usize,
    /// Beyond it the average between two groups must be at least this.
    pub large_bits: f32,
    /// From so many records on a cluster is a group.
    pub group_size: usize,
    /// Beyond this size the average must be at least `giant_bits`.
    pub giant_size: usize,
    /// See `giant_size`.
    pub giant_bits: f32,
    /// A single pair counts for no more than so many bits in favour.
    pub most_bits: f32,
    /// A single pair counts for no more than so many bits against, unless it is a contradiction.
    pub least_bits: f32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            join_bits: 0.0,
            free_size: 15,
            large_bits: 0.0,
            group_size: 4,
            giant_size: 100,
            giant_bits: 8.0,
            most_bits: 40.0,
            least_bits: -3.0,
        }
    }
}

/// The clusters of a component, and what was cut.
#[derive(Debug, Default)]
pub struct Agglomeration {
    /// Members of each cluster.
    pub clusters: Vec<Vec<u32>>,
    /// Joins refused.
    pub cuts: Vec<Cut>,
}

/// Evidence between two clusters: the sum over `pairs` scored pairs.
#[derive(Clone, Copy, Default)]
struct Link {
    sum: f32,
    pairs: u32,
}

/// At most so many pairs between two clusters are scored; beyond, an even sample.
const MOST_PAIRS: usize = 400;

#[derive(Clone, Copy, PartialEq)]
struct Proposal {
    bits: f32,
    left: u32,
    right: u32,
    /// Sizes when it was made: a cluster that grew since makes it void.
    sizes: (u32, u32),
}

impl Eq for Proposal {}
impl PartialOrd for Proposal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Proposal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Ties by number, so that the result does not depend on the order of the input.
        self.bits
            .total_cmp(&other.bits)
            .then_with(|| (other.left, other.right).cmp(&(self.left, self.right)))
    }
}

struct State<'a, F> {
    members: Vec<Vec<u32>>,
    links: Vec<FxHashMap<u32, Link>>,
    heap: BinaryHeap<Proposal>,
    limits: Limits,
    score: &'a F,
    cuts: Vec<Cut>,
}

/// Joins the records of `edges` bottom-up. The result does not depend on the order of `edges` beyond ties.
pub fn agglomerate<F: Fn(u32, u32) -> f32>(
    edges: &[Edge],
    limits: Limits,
    score: &F,
) -> Agglomeration {
    let mut state = State::new(edges, limits, score);
    while let Some(proposal) = state.heap.pop() {
        state.consider(proposal);
    }
    Agglomeration {
        clusters: state
            .members
            .into_iter()
            .filter(|members| !members.is_empty())
            .collect(),
        cuts: state.cuts,
    }
}

impl<'a, F: Fn(u32, u32) -> f32> State<'a, F> {
    fn new(edges: &[Edge], limits: Limits, score: &'a F) -> Self {
        let mut records: Vec<u32> = edges
            .iter()
            .flat_map(|edge| [edge.left, edge.right])
            .collect();
        records.sort_unstable();
        records.dedup();
        let position = |record: u32| {
            records
                .binary_search(&record)
                .expect("every end of an edge was collected") as u32
        };
        let mut state = Self {
            links: vec![FxHashMap::default(); records.len()],
            heap: BinaryHeap::with_capacity(edges.len()),
            members: Vec::new(),
            limits,
            score,
            cuts: Vec::new(),
        };
        for edge in edges {
            let (left, right) = (position(edge.left), position(edge.right));
            let link = Link {
                sum: state.clamp(edge.bits),
                pairs: 1,
            };
            state.links[left as usize].insert(right, link);
            state.links[right as usize].insert(left, link);
            state.heap.push(Proposal {
                bits: link.sum,
                left: left.min(right),
                right: left.max(right),
                sizes: (1, 1),
            });
        }
        state.members = records.into_iter().map(|record| vec![record]).collect();
        state
    }

    fn clamp(&self, bits: f32) -> f32 {
        if bits == f32::NEG_INFINITY {
            bits
        } else {
            bits.clamp(self.limits.least_bits, self.limits.most_bits)
        }
    }

    fn size(&self, cluster: u32) -> usize {
        self.members[cluster as usize].len()
    }

    fn consider(&mut self, proposal: Proposal) {
        let Proposal {
            bits,
            left,
            right,
            sizes,
        } = proposal;
        let is_void = (self.size(left), self.size(right)) != (sizes.0 as usize, sizes.1 as usize);
        if is_void || bits < self.limits.join_bits {
            return;
        }
        let Some(link) = self.links[left as usize].get(&right).copied() else {
            return;
        };
        let wanted = self.pairs_between(left, right);
        if (link.pairs as usize) < wanted {
            let exact = self.scored_link(left, right);
            self.put_link(left, right, exact);
            self.propose(left, right, exact, proposal);
            return;
        }
        let whole = self.size(left) + self.size(right);
        // A record that joins a large cluster adds itself; two groups that join may be two entities chained by one mistake.
        let are_groups = self.size(left).min(self.size(right)) >= self.limits.group_size;
        let is_weak =
            (whole > self.limits.free_size && are_groups && bits < self.limits.large_bits)
                || (whole > self.limits.giant_size && bits < self.limits.giant_bits);
        if is_weak {
            self.note_cut(left, right, bits, CutReason::TooLargeForItsEvidence);
            return;
        }
        self.join(left, right);
    }

    /// Proposes again with the exact average, or notes why not.
    fn propose(&mut self, left: u32, right: u32, exact: Link, before: Proposal) {
        let bits = exact.sum / exact.pairs as f32;
        if bits == f32::NEG_INFINITY {
            self.note_cut(left, right, before.bits, CutReason::Contradiction);
        } else {
            self.heap.push(Proposal { bits, ..before });
        }
    }

    fn pairs_between(&self, left: u32, right: u32) -> usize {
        (self.size(left) * self.size(right)).min(MOST_PAIRS)
    }

    fn scored_link(&self, left: u32, right: u32) -> Link {
        let (left, right) = (&self.members[left as usize], &self.members[right as usize]);
        let all = left.len() * right.len();
        let step = all.div_ceil(MOST_PAIRS).max(1);
        let mut link = Link::default();
        for at in (0..all).step_by(step) {
            let (a, b) = (left[at / right.len()], right[at % right.len()]);
            link.sum += self.clamp((self.score)(a.min(b), a.max(b)));
        }
        // A sample stands for all pairs.
        let scored = all.div_ceil(step);
        link.sum *= all.min(MOST_PAIRS) as f32 / scored as f32;
        link.pairs = all.min(MOST_PAIRS) as u32;
        link
    }

    fn put_link(&mut self, left: u32, right: u32, link: Link) {
        self.links[left as usize].insert(right, link);
        self.links[right as usize].insert(left, link);
    }

    fn note_cut(&mut self, left: u32, right: u32, bits: f32, why: CutReason) {
        self.cuts.push(Cut {
            left_size: self.size(left),
            right_size: self.size(right),
            bits,
            records: (
                self.members[left as usize][0],
                self.members[right as usize][0],
            ),
            why,
        });
    }

    /// Joins the cluster with fewer links into the other.
    fn join(&mut self, left: u32, right: u32) {
        let (keep, drop) = if self.links[left as usize].len() >= self.links[right as usize].len() {
            (left, right)
        } else {
            (right, left)
        };
        let moved = std::mem::take(&mut self.members[drop as usize]);
        self.members[keep as usize].extend(moved);
        let dropped_links = std::mem::take(&mut self.links[drop as usize]);
        self.links[keep as usize].remove(&drop);
        for (other, link) in dropped_links {
            if other == keep {
                continue;
            }
            self.links[other as usize].remove(&drop);
            match self.links[keep as usize].entry(other) {
                Entry::Occupied(mut entry) => {
                    let joined = entry.get_mut();
                    joined.sum += link.sum;
                    joined.pairs += link.pairs;
                }
                Entry::Vacant(entry) => {
                    entry.insert(link);
                }
            }
        }
        self.renew_proposals(keep);
    }

    fn renew_proposals(&mut self, keep: u32) {
        let mut neighbours: Vec<(u32, Link)> = self.links[keep as usize]
            .iter()
            .map(|(other, link)| (*other, *link))
            .collect();
        neighbours.sort_unstable_by_key(|(other, _)| *other);
        for (other, link) in neighbours {
            self.links[other as usize].insert(keep, link);
            let bits = link.sum / link.pairs as f32;
            let (left, right) = (keep.min(other), keep.max(other));
            let sizes = (self.size(left) as u32, self.size(right) as u32);
            if bits >= self.limits.join_bits {
                self.heap.push(Proposal {
                    bits,
                    left,
                    right,
                    sizes,
                });
            }
        }
    }
}
