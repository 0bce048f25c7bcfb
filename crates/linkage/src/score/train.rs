//! Training without labels: u from pairs taken at random, m by expectation–maximisation over the blocked pairs.
//!
//! After Fellegi and Sunter (1969) and Winkler (1988). The pairs that blocking brings hold nearly all matches; all other
//! pairs of the file count as non-matches. So the share of matches is that among *all* pairs, u comes from random pairs,
//! and blocking does not bias m.

use rustc_hash::FxHashMap;

use super::model::{Model, probability};
use super::{MAX_FIELDS, MISSING, Outcome};

/// Patterns of agreement and how often they came.
#[derive(Clone, Default)]
pub struct Sample {
    patterns: FxHashMap<(u8, u64, bool), Counted>,
    pairs: u64,
}

#[derive(Clone, Copy)]
struct Counted {
    levels: [u8; MAX_FIELDS],
    count: f64,
    /// Sum of log2 of the value shares, by field.
    log_share: [f32; MAX_FIELDS],
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
    fn ordered(&self) -> Vec<(u8, bool, Counted)> {
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

/// How training goes.
#[derive(Clone, Copy, Debug)]
pub struct TrainOptions {
    /// Rounds of expectation–maximisation at most.
    pub rounds: usize,
    /// How many pairs each first guess of m counts for.
    pub guess_pairs: f64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            rounds: 30,
            guess_pairs: 30.0,
        }
    }
}

/// Learns m, u and the share of matches in place. `random` are pairs taken at random, `blocked` those that blocking brings,
/// each once, among `records` records.
pub fn train(
    model: &mut Model,
    random: &Sample,
    blocked: &Sample,
    records: usize,
    options: TrainOptions,
) {
    let guesses = model.clone();
    set_u(model, random, blocked);
    let patterns = blocked.ordered();
    for _ in 0..options.rounds {
        let moved = round(
            model,
            &guesses,
            &patterns,
            records as f64,
            options.guess_pairs,
        );
        if moved < 1e-4 {
            break;
        }
    }
    model.provenance.records = records as u64;
    model.provenance.pairs = blocked.pairs();
}

/// u of plain levels from random pairs, of levels by frequency the geometric mean of the values' shares.
fn set_u(model: &mut Model, random: &Sample, blocked: &Sample) {
    let random = random.ordered();
    let mut shares: FxHashMap<(u8, usize, u8), (f64, f64)> = FxHashMap::default();
    for (class, _, counted) in blocked.ordered() {
        for field in 0..MAX_FIELDS {
            let sum = f64::from(counted.log_share[field]);
            if sum != 0.0 {
                let entry = shares
                    .entry((class, field, counted.levels[field]))
                    .or_default();
                *entry = (entry.0 + sum, entry.1 + counted.count);
            }
        }
    }
    for (class_at, class) in model.classes.iter_mut().enumerate() {
        for (field_at, field) in class.fields.iter_mut().enumerate() {
            let mut counts = vec![0.0; field.levels.len() + 1];
            for (pair_class, _, counted) in &random {
                if usize::from(*pair_class) == class_at {
                    counts[usize::from(counted.levels[field_at])] += counted.count;
                }
            }
            let known: f64 = counts[1..].iter().sum();
            let levels = field.levels.len() as f64;
            for (at, level) in field.levels.iter_mut().enumerate() {
                let by_share = shares
                    .get(&(class_at as u8, field_at, at as u8 + 1))
                    .filter(|_| level.by_frequency);
                level.u = match by_share {
                    Some((sum, count)) => (sum / count).exp2().clamp(1e-9, 0.9),
                    None => ((counts[at + 1] + 0.5) / (known + 0.5 * levels)).clamp(1e-9, 0.999),
                };
            }
        }
    }
}

/// One round; returns how far m moved.
fn round(
    model: &mut Model,
    guesses: &Model,
    patterns: &[(u8, bool, Counted)],
    records: f64,
    guess_pairs: f64,
) -> f64 {
    let weights = model.weights();
    let prior = model.prior_bits(records);
    let mut tallies: Vec<Vec<Vec<f64>>> = guesses
        .classes
        .iter()
        .map(|class| {
            class
                .fields
                .iter()
                .map(|field| {
                    field
                        .levels
                        .iter()
                        .map(|level| level.m * guess_pairs)
                        .collect()
                })
                .collect()
        })
        .collect();
    let mut matched = 0.0;
    for (class, _, counted) in patterns.iter().filter(|(_, vetoed, _)| !vetoed) {
        let share = counted.log_share.map(|sum| {
            if sum == 0.0 {
                0.0
            } else {
                (sum / counted.count as f32).exp2()
            }
        });
        let outcome = Outcome {
            class: *class,
            levels: counted.levels,
            share,
            veto: None,
        };
        let expected = counted.count * f64::from(probability(weights.evidence(&outcome) + prior));
        matched += expected;
        for (field, level) in outcome
            .levels
            .iter()
            .enumerate()
            .filter(|(_, level)| **level != MISSING)
        {
            tallies[usize::from(*class)][field][usize::from(*level) - 1] += expected;
        }
    }
    model.matches_per_record = (2.0 * matched / records).clamp(1e-3, 64.0);
    replace_m(model, &tallies)
}

fn replace_m(model: &mut Model, tallies: &[Vec<Vec<f64>>]) -> f64 {
    let mut moved = 0.0_f64;
    for (class, class_tally) in model.classes.iter_mut().zip(tallies) {
        for (field, tally) in class.fields.iter_mut().zip(class_tally) {
            let total: f64 = tally.iter().sum();
            for (level, count) in field.levels.iter_mut().zip(tally) {
                let learnt = (count / total).clamp(1e-6, 1.0);
                moved = moved.max((learnt - level.m).abs());
                level.m = learnt;
            }
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::super::{FieldSpec, by_frequency, level};
    use super::*;

    #[test]
    fn m_and_u_are_found_again() {
        const LEVELS: &[super::super::LevelSpec] =
            &[by_frequency("same", 0.7), level("differs", 0.3)];
        let specs: Vec<FieldSpec> = (0..4)
            .map(|at| FieldSpec {
                name: format!("field {at}"),
                correlation: None,
                levels: LEVELS,
            })
            .collect();
        let outcome = |bits: u32| {
            let mut outcome = Outcome::default();
            for field in 0..4 {
                outcome.set_shared(field, if bits & (1 << field) != 0 { 1 } else { 2 }, 0.0);
            }
            outcome
        };
        let (mut random, mut blocked) = (Sample::default(), Sample::default());
        for pattern in 0..16_u32 {
            let agreements = pattern.count_ones();
            let expected =
                |p: f64| p.powi(agreements as i32) * (1.0 - p).powi(4 - agreements as i32);
            random.add(&outcome(pattern), 1_000_000.0 * expected(0.01));
            blocked.add(
                &outcome(pattern),
                1_000_000.0 * expected(0.01) + 700.0 * expected(0.9),
            );
        }
        let mut model = Model::untrained("test", &specs, &["pair"]);
        train(
            &mut model,
            &random,
            &blocked,
            1_400,
            TrainOptions::default(),
        );
        for field in &model.classes[0].fields {
            assert!((field.levels[0].m - 0.9).abs() < 0.02, "{:?}", field.levels);
            assert!(
                (field.levels[0].u - 0.01).abs() < 0.002,
                "{:?}",
                field.levels
            );
        }
        assert!(
            (model.matches_per_record - 1.0).abs() < 0.1,
            "{}",
            model.matches_per_record
        );
    }
}
