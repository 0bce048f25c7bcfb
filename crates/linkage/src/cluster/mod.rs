//! From scored pairs to entities.
//!
//! Connected components chain strangers together; here clusters are joined in the order of their *average* evidence, the
//! pairs that blocking did not bring included, and never across a contradiction.

mod agglomerate;
mod union_find;

pub use agglomerate::{Agglomeration, Limits, agglomerate};
pub use union_find::UnionFind;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A scored pair; bits include the prior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// The smaller record number.
    pub left: u32,
    /// The larger record number.
    pub right: u32,
    /// log2 odds that the two are one entity.
    pub bits: f32,
}

/// A cluster that was refused, for a steward to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Records on the one side.
    pub left_size: usize,
    /// Records on the other side.
    pub right_size: usize,
    /// The average evidence between them in bits.
    pub bits: f32,
    /// One record of each side.
    pub records: (u32, u32),
    /// Why they were not joined.
    pub why: CutReason,
}

/// Why two clusters that evidence draws together were not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutReason {
    /// The whole would be large, and evidence is too weak for so large a cluster.
    TooLargeForItsEvidence,
    /// Some pair across contradicts.
    Contradiction,
}

/// Which entity each record belongs to: the smallest record number of its cluster; with what was cut.
#[derive(Clone, Debug, Default)]
pub struct Clusters {
    /// By record.
    pub entity: Vec<u32>,
    /// Everything that was cut.
    pub cuts: Vec<Cut>,
}

impl Clusters {
    /// The sizes of the clusters, largest first.
    pub fn sizes(&self) -> Vec<usize> {
        let mut counts = vec![0_usize; self.entity.len()];
        for entity in &self.entity {
            counts[*entity as usize] += 1;
        }
        counts.retain(|count| *count > 0);
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts
    }
}

/// Clusters `records` records by `edges`; `score(a, b)` gives the bits (prior included) of any pair.
pub fn cluster(
    records: usize,
    edges: &[Edge],
    limits: Limits,
    score: impl Fn(u32, u32) -> f32 + Sync,
) -> Clusters {
    let mut sets = UnionFind::new(records);
    for edge in edges {
        sets.union(edge.left, edge.right);
    }
    let mut by_component: Vec<(u32, Edge)> = edges
        .iter()
        .map(|edge| (sets.find(edge.left), *edge))
        .collect();
    by_component.par_sort_unstable_by_key(|(root, edge)| (*root, edge.left, edge.right));
    let components: Vec<&[(u32, Edge)]> = by_component.chunk_by(|a, b| a.0 == b.0).collect();
    let parts: Vec<Agglomeration> = components
        .par_iter()
        .with_min_len(16)
        .map(|component| {
            let edges: Vec<Edge> = component.iter().map(|(_, edge)| *edge).collect();
            agglomerate(&edges, limits, &score)
        })
        .collect();
    let mut clusters = Clusters {
        entity: (0..records as u32).collect(),
        cuts: Vec::new(),
    };
    for part in parts {
        for members in part.clusters {
            let entity = members
                .iter()
                .copied()
                .min()
                .expect("a cluster has members");
            for member in members {
                clusters.entity[member as usize] = entity;
            }
        }
        clusters.cuts.extend(part.cuts);
    }
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(left: u32, right: u32, bits: f32) -> Edge {
        Edge { left, right, bits }
    }

    #[test]
    fn a_single_bridge_does_not_chain_two_groups() {
        let mut edges = Vec::new();
        for base in [0, 4] {
            for a in 0..4 {
                for b in a + 1..4 {
                    edges.push(edge(base + a, base + b, 10.0));
                }
            }
        }
        edges.push(edge(3, 4, 8.0));
        let score = |a: u32, b: u32| {
            edges
                .iter()
                .find(|e| (e.left, e.right) == (a.min(b), a.max(b)))
                .map_or(-15.0, |e| e.bits)
        };
        let clusters = cluster(8, &edges, Limits::default(), score);
        assert_eq!(clusters.entity, [0, 0, 0, 0, 4, 4, 4, 4]);
    }

    #[test]
    fn a_contradiction_is_never_joined_and_comes_to_light() {
        let edges = [edge(0, 1, 20.0), edge(1, 2, 20.0)];
        let clusters = cluster(3, &edges, Limits::default(), |a, b| {
            if (a, b) == (0, 2) {
                f32::NEG_INFINITY
            } else {
                20.0
            }
        });
        assert_eq!(clusters.sizes(), [2, 1]);
        assert_eq!(clusters.cuts.len(), 1);
        assert_eq!(clusters.cuts[0].why, CutReason::Contradiction);
    }

    #[test]
    fn two_groups_are_not_chained_into_a_large_cluster_by_middling_evidence() {
        let limits = Limits {
            large_bits: 3.0,
            ..Limits::default()
        };
        let bits = |a: u32, b: u32| if a / 10 == b / 10 { 9.0 } else { 1.0 };
        let edges = |records: u32| -> Vec<Edge> {
            (0..records)
                .flat_map(|a| (a + 1..records).map(move |b| edge(a, b, bits(a, b))))
                .collect()
        };
        let clusters = cluster(20, &edges(20), limits, bits);
        assert_eq!(clusters.sizes(), [10, 10]);
        assert_eq!(clusters.cuts[0].why, CutReason::TooLargeForItsEvidence);
        // A single record may still join.
        assert_eq!(cluster(11, &edges(11), limits, bits).sizes(), [11]);
    }

    #[test]
    fn a_giant_of_weak_evidence_is_cut_and_reported() {
        let edges: Vec<Edge> = (0..150)
            .flat_map(|a| (a + 1..150).map(move |b| edge(a, b, 0.5)))
            .collect();
        let clusters = cluster(150, &edges, Limits::default(), |_, _| 0.5);
        assert!(clusters.sizes()[0] <= Limits::default().giant_size);
        assert!(
            clusters
                .cuts
                .iter()
                .any(|cut| cut.why == CutReason::TooLargeForItsEvidence)
        );
    }
}
