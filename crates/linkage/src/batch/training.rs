//! What the batch engine learns from: random pairs, pairs that blocking brings, and at last its own clusters.

use rayon::prelude::*;

use super::pipeline::{BatchOptions, Blocker, SHARES, pairs_of};
use crate::blocking::{BlockTable, for_each_pair};
use crate::score::{Model, Sample, retrain, train};
use crate::text::hash::mix;

/// Pairs within clusters that learning looks at.
const CLUSTERED_PAIRS: u64 = 400_000;

/// Learns again from the clusters found: the entity of each record.
pub(super) fn refine<B: Blocker>(
    records: &B,
    entity: &[u32],
    training_pairs: &[TrainingPair],
    model: &mut Model,
    options: &BatchOptions,
) {
    let mut members: Vec<(u64, u32)> = (0..records.len() as u32)
        .map(|record| (u64::from(entity[record as usize]), record))
        .collect();
    members.sort_unstable();
    let pairs: u64 = members
        .chunk_by(|a, b| a.0 == b.0)
        .map(|cluster| pairs_of(cluster.len()))
        .sum();
    let keep_every = pairs.div_ceil(CLUSTERED_PAIRS).max(1);
    let mut within = Vec::new();
    for_each_pair(&members, |left, right| {
        if mix(u64::from(left) << 32 | u64::from(right)).is_multiple_of(keep_every) {
            within.push(TrainingPair {
                left,
                right,
                weight: keep_every as f32,
            });
        }
    });
    let clustered = compared(records, &within, |_| true);
    let rest = compared(records, training_pairs, |pair| {
        entity[pair.left as usize] != entity[pair.right as usize]
    });
    retrain(
        model,
        &clustered,
        &rest,
        records.len(),
        options.training(records.fields()),
    );
}

/// A pair to learn from, and for how many it stands.
#[derive(Clone, Copy)]
pub(super) struct TrainingPair {
    left: u32,
    right: u32,
    weight: f32,
}

/// Compares the pairs for which `take` is true.
fn compared<B: Blocker>(
    records: &B,
    pairs: &[TrainingPair],
    take: impl Fn(&TrainingPair) -> bool + Sync,
) -> Sample {
    let samples: Vec<Sample> = pairs
        .par_chunks(pairs.len().div_ceil(SHARES).max(1))
        .map(|share| {
            let mut sample = Sample::default();
            for pair in share.iter().filter(|pair| take(pair)) {
                sample.add(
                    &records.compare(pair.left, pair.right),
                    f64::from(pair.weight),
                );
            }
            sample
        })
        .collect();
    merged(samples)
}

pub(super) fn trained<B: Blocker>(
    records: &B,
    table: &BlockTable,
    options: &BatchOptions,
) -> (Model, Vec<TrainingPair>) {
    let mut model = Model::untrained(&records.schema(), records.fields(), records.classes());
    let random = random_sample(records, options.random_pairs);
    let pairs: Vec<TrainingPair> = (0..table.kinds())
        .flat_map(|kind| blocked_pairs(records.len(), table, kind, options))
        .collect();
    let blocked = compared(records, &pairs, |_| true);
    train(
        &mut model,
        &random,
        &blocked,
        records.len(),
        options.training(records.fields()),
    );
    (model, pairs)
}

/// Pairs that a fixed sequence picks: the same file always trains the same model.
fn random_sample<B: Blocker>(records: &B, wanted: u64) -> Sample {
    let n = records.len() as u64;
    let all = n * n.saturating_sub(1) / 2;
    let shares: Vec<Sample> = (0..SHARES as u64)
        .into_par_iter()
        .map(|share| {
            let mut sample = Sample::default();
            let count = wanted.min(all) / SHARES as u64;
            for at in share * count..(share + 1) * count {
                let random = mix(at
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    .wrapping_add(0x5851_f42d_4c95_7f2d));
                let (left, right) = (
                    ((random >> 32) * n) >> 32,
                    ((random & 0xffff_ffff) * n) >> 32,
                );
                if left != right {
                    sample.add(
                        &records.compare(left.min(right) as u32, left.max(right) as u32),
                        1.0,
                    );
                }
            }
            sample
        })
        .collect();
    merged(shares)
}

fn merged(shares: Vec<Sample>) -> Sample {
    let mut whole = Sample::default();
    for share in &shares {
        whole.merge(share);
    }
    whole
}

/// The pairs that a kind of key brings and no earlier kind did; of large files only a share, which stands for all.
fn blocked_pairs(
    records: usize,
    table: &BlockTable,
    kind: usize,
    options: &BatchOptions,
) -> Vec<TrainingPair> {
    let every = (records / 100_000).max(1) as u64;
    let blocks = table.sampled(kind, |key| mix(key ^ 0x51).is_multiple_of(every));
    let is_usable = |block: &[(u64, u32)]| block.len() <= options.block_cap * 2;
    let pairs: u64 = blocks
        .blocks()
        .filter(|block| is_usable(block))
        .map(|block| pairs_of(block.len()))
        .sum();
    let keep_every = pairs.div_ceil(options.training_pairs).max(1);
    let weight = (every * keep_every) as f32;
    let shares = blocks.map_shares(SHARES, |share| {
        let mut kept = Vec::new();
        for block in share
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|block| is_usable(block))
        {
            for_each_pair(block, |left, right| {
                let dice = mix(u64::from(left) << 32 | u64::from(right));
                if dice.is_multiple_of(keep_every) && !table.is_seen(kind, left, right) {
                    kept.push(TrainingPair {
                        left,
                        right,
                        weight,
                    });
                }
            });
        }
        kept
    });
    shares.concat()
}
