//! Block, train, score, cluster.

use rayon::prelude::*;

use super::training::{refine, trained};
use super::{ClusterReport, Report, reliability};
use crate::blocking::{BlockTable, BlockingReport, for_each_pair};
use crate::cluster::{Clusters, Edge, Limits, cluster};
use crate::score::{Comparator, FieldSpec, Model, Tells, TrainOptions, Weights, probability};

/// A comparator that also says which pairs are worth comparing.
pub trait Blocker: Comparator {
    /// The schema's signature, kept in the model.
    fn schema(&self) -> String;
    /// Names of the kinds of blocking keys, most telling first.
    fn key_kinds(&self) -> Vec<String>;
    /// Two kinds whose values may stand in either's place, the earlier first; see [`BlockTable::with_twins`].
    fn twins(&self) -> Option<(usize, usize)> {
        None
    }
    /// Writes the record's keys, one for each kind, 0 for none.
    fn write_keys(&self, record: u32, row: &mut [u64]);
    /// A finer key for splitting blocks that are too large; 0 = leave the record out of the block.
    fn refine(&self, record: u32, step: u8) -> u64;
}

/// How the batch engine works; the defaults suit all files.
#[derive(Clone, Copy, Debug)]
pub struct BatchOptions {
    /// Largest block that is compared pair by pair.
    pub block_cap: usize,
    /// Pairs of each kind of key that training looks at.
    pub training_pairs: u64,
    /// Random pairs for u.
    pub random_pairs: u64,
    /// When clusters are joined.
    pub limits: Limits,
    /// Up to so many records every pair is compared.
    pub compare_all: usize,
    /// Whether look-alikes are learnt as a third kind of pairs, between one entity and strangers.
    pub lookalikes: bool,
    /// How often a model is learnt again from the clusters found.
    pub refinements: usize,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            block_cap: 60,
            training_pairs: 150_000,
            random_pairs: 600_000,
            limits: Limits::default(),
            compare_all: 0,
            lookalikes: false,
            refinements: 0,
        }
    }
}

impl BatchOptions {
    pub(super) fn training(&self, fields: &[FieldSpec]) -> TrainOptions {
        let which = |tells: Tells| -> u16 {
            let fields = fields.iter().enumerate();
            fields
                .map(|(at, field)| u16::from(field.tells == tells) << at)
                .sum()
        };
        TrainOptions {
            lookalikes: self.lookalikes,
            personal: which(Tells::Person) | which(Tells::GivenName),
            given: which(Tells::GivenName),
            familial: which(Tells::Family),
            ..TrainOptions::default()
        }
    }
}

/// What the batch engine found.
pub struct Linked {
    /// The entity of each record.
    pub clusters: Clusters,
    /// Scored pairs not far below the odds at which clusters are joined.
    pub edges: Vec<Edge>,
    /// The model in use, trained or given.
    pub model: Model,
    /// log2 odds before evidence.
    pub prior_bits: f32,
    /// What blocking came to.
    pub blocking: Vec<BlockingReport>,
    /// Pairs compared.
    pub pairs_compared: u64,
    limits: Limits,
}

/// Pairs below these log2 odds (prior included) are not kept.
const EDGE_FLOOR: f32 = -4.0;

/// With so few steps a block is split before it is given up.
const REFINE_STEPS: u8 = 3;
/// Parts that work is split into, so that both few and many processors are kept busy.
pub(super) const SHARES: usize = 32;

/// Links all records. With a `model` given nothing is trained, only the prior is fitted to this file.
pub fn link<B: Blocker>(records: &B, model: Option<Model>, options: BatchOptions) -> Linked {
    let mut table =
        BlockTable::new(records.len(), records.key_kinds().len()).with_twins(records.twins());
    table
        .rows_mut()
        .enumerate()
        .for_each(|(record, row)| records.write_keys(record as u32, row));
    let (run, model) = match model {
        Some(model) => by_given(records, &mut table, model, &options),
        None => by_trained(records, table, &options),
    };
    Linked {
        clusters: run.clusters,
        edges: run.edges,
        prior_bits: model.prior_bits(records.len() as f64),
        model,
        blocking: run.blocking,
        pairs_compared: run.pairs_compared,
        limits: options.limits,
    }
}

fn by_trained<B: Blocker>(
    records: &B,
    mut table: BlockTable,
    options: &BatchOptions,
) -> (Run, Model) {
    let (mut model, training_pairs) = trained(records, &table, options);
    let first = model.clone();
    let mut run = scored_and_clustered(records, &mut table, &mut model, options);
    drop(table);
    if training_pairs.is_empty() || options.refinements == 0 {
        return (run, model);
    }
    for _ in 0..options.refinements {
        refine(
            records,
            &run.clusters.entity,
            &training_pairs,
            &mut model,
            options,
        );
        run.rescore(records, &mut model, options);
    }
    model.first = Some(Box::new(first));
    (run, model)
}

fn by_given<B: Blocker>(
    records: &B,
    table: &mut BlockTable,
    mut model: Model,
    options: &BatchOptions,
) -> (Run, Model) {
    let Some(mut first) = model.first.clone() else {
        let run = scored_and_clustered(records, table, &mut model, options);
        return (run, model);
    };
    let mut run = scored_and_clustered(records, table, &mut first, options);
    run.rescore(records, &mut model, options);
    (run, model)
}

/// Edges and clusters under one model.
struct Run {
    clusters: Clusters,
    edges: Vec<Edge>,
    blocking: Vec<BlockingReport>,
    pairs_compared: u64,
}

fn scored_and_clustered<B: Blocker>(
    records: &B,
    table: &mut BlockTable,
    model: &mut Model,
    options: &BatchOptions,
) -> Run {
    let weights = model.weights_among(records.len() as f64);
    // Generous at first; refitted below from what was found.
    let generous = (4.0 / records.len().max(2) as f32).log2();
    let (edges, blocking, pairs_compared) = scored(records, table, &weights, generous, options);
    let mut run = Run {
        clusters: Clusters::default(),
        edges,
        blocking,
        pairs_compared,
    };
    run.cluster(records, model, &weights, options);
    run
}

impl Run {
    /// Fits the prior to the edges' bits, which are without it, adds it, and clusters.
    fn cluster<B: Blocker>(
        &mut self,
        records: &B,
        model: &mut Model,
        weights: &Weights,
        options: &BatchOptions,
    ) {
        fit_prior(model, &mut self.edges, records.len());
        let prior_bits = model.prior_bits(records.len() as f64);
        self.edges
            .par_iter_mut()
            .for_each(|edge| edge.bits += prior_bits);
        self.edges.retain(|edge| edge.bits >= EDGE_FLOOR);
        let score =
            |left: u32, right: u32| weights.bits(&records.compare(left, right)) + prior_bits;
        let joinable: Vec<Edge> = self
            .edges
            .iter()
            .copied()
            .filter(|edge| edge.bits >= options.limits.join_bits)
            .collect();
        self.clusters = cluster(records.len(), &joinable, options.limits, score);
    }

    /// Scores the same pairs by another model and clusters again.
    fn rescore<B: Blocker>(&mut self, records: &B, model: &mut Model, options: &BatchOptions) {
        let weights = model.weights_among(records.len() as f64);
        self.edges.par_iter_mut().for_each(|edge| {
            edge.bits = weights.bits(&records.compare(edge.left, edge.right));
        });
        self.cluster(records, model, &weights, options);
    }
}

/// Pairs among so many records.
pub(super) fn pairs_of(size: usize) -> u64 {
    size as u64 * (size as u64 - 1) / 2
}

/// Scores every pair of every block once; the bits are without prior, kept above what `generous` lets through.
fn scored<B: Blocker>(
    records: &B,
    table: &mut BlockTable,
    weights: &Weights,
    generous: f32,
    options: &BatchOptions,
) -> (Vec<Edge>, Vec<BlockingReport>, u64) {
    if records.len() <= options.compare_all {
        return scored_all(records, weights, generous);
    }
    let (mut edges, mut reports, mut compared) = (Vec::new(), Vec::new(), 0);
    for (kind, name) in records.key_kinds().into_iter().enumerate() {
        let (sorted, report) =
            table.sorted(kind, options.block_cap, REFINE_STEPS, |record, step| {
                records.refine(record, step)
            });
        let table: &BlockTable = table;
        let shares = sorted.map_shares(SHARES, |share| {
            let (mut found, mut compared) = (Vec::new(), 0_u64);
            for_each_pair(share, |left, right| {
                if !table.is_seen(kind, left, right) {
                    compared += 1;
                    let bits = weights.bits(&records.compare(left, right));
                    if bits + generous >= EDGE_FLOOR {
                        found.push(Edge { left, right, bits });
                    }
                }
            });
            (found, compared)
        });
        let before = edges.len();
        for (found, count) in shares {
            edges.extend(found);
            compared += count;
        }
        if records.twins().is_some_and(|(_, second)| second == kind) {
            // Two records that share two phones crosswise meet in two blocks.
            edges[before..].sort_unstable_by_key(|edge| (edge.left, edge.right));
            edges.dedup_by_key(|edge| (edge.left, edge.right));
        }
        reports.push(BlockingReport {
            kind: name,
            ..report
        });
    }
    (edges, reports, compared)
}

fn scored_all<B: Blocker>(
    records: &B,
    weights: &Weights,
    generous: f32,
) -> (Vec<Edge>, Vec<BlockingReport>, u64) {
    let n = records.len() as u32;
    let rows: Vec<Vec<Edge>> = (0..n)
        .into_par_iter()
        .map(|left| {
            (left + 1..n)
                .map(|right| Edge {
                    left,
                    right,
                    bits: weights.bits(&records.compare(left, right)),
                })
                .filter(|edge| edge.bits + generous >= EDGE_FLOOR)
                .collect()
        })
        .collect();
    let pairs = pairs_of(records.len().max(1));
    let report = BlockingReport {
        kind: "every pair".to_owned(),
        blocks: 1,
        pairs,
        largest: u64::from(n),
        ..BlockingReport::default()
    };
    (rows.concat(), vec![report], pairs)
}

/// Fits the number of matches a record has: the prior under which the pairs' probabilities add up to it.
fn fit_prior(model: &mut Model, edges: &mut [Edge], records: usize) {
    let mut matches = 1.0_f64;
    for _ in 0..30 {
        model.matches_per_record = matches;
        let prior = model.prior_bits(records as f64);
        let expected: f64 = edges
            .par_chunks(4096)
            .map(|chunk| {
                chunk
                    .iter()
                    .map(|edge| f64::from(probability(edge.bits + prior)))
                    .sum::<f64>()
            })
            .sum();
        let next = (2.0 * expected / records.max(1) as f64).clamp(1e-4, 64.0);
        if (next / matches - 1.0).abs() < 1e-4 {
            break;
        }
        matches = next;
    }
    model.matches_per_record = matches;
}

impl Linked {
    /// The report; `truth` (the true group of each record), where given, is used for calibration only.
    pub fn report(&self, truth: Option<&[u32]>) -> Report {
        let records = self.clusters.entity.len();
        let groups = truth.unwrap_or(&self.clusters.entity);
        let together = |edge: &Edge| groups[edge.left as usize] == groups[edge.right as usize];
        let all_pairs = pairs_of(records.max(1)).max(1);
        Report {
            records,
            entities: self.clusters.sizes().len(),
            pairs_compared: self.pairs_compared,
            reduction: 1.0 - self.pairs_compared as f64 / all_pairs as f64,
            prior_bits: self.prior_bits,
            join_bits: self.limits.join_bits,
            blocking: self.blocking.clone(),
            model: Model {
                first: None,
                ..self.model.clone()
            },
            calibration: reliability(self.edges.iter().map(|edge| (edge.bits, together(edge)))),
            largest: self.largest(10),
            cuts: self.clusters.cuts.clone(),
            sizes: self.size_histogram(),
        }
    }

    fn largest(&self, count: usize) -> Vec<ClusterReport> {
        let mut sizes = vec![0_usize; self.clusters.entity.len()];
        for entity in &self.clusters.entity {
            sizes[*entity as usize] += 1;
        }
        let mut reports: Vec<ClusterReport> = sizes
            .into_iter()
            .enumerate()
            .filter(|(_, size)| *size > 1)
            .map(|(entity, records)| ClusterReport {
                entity: entity as u32 + 1,
                records,
            })
            .collect();
        reports.sort_unstable_by_key(|report| (std::cmp::Reverse(report.records), report.entity));
        reports.truncate(count);
        reports
    }

    fn size_histogram(&self) -> Vec<(usize, usize)> {
        self.clusters
            .sizes()
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len()))
            .collect()
    }
}
