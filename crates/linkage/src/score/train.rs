//! Training without labels: u from pairs taken at random, m by expectation–maximisation over the blocked pairs.
//!
//! After Fellegi and Sunter (1969) and Winkler (1988). The pairs that blocking brings hold nearly all matches; all other
//! pairs of the file count as non-matches. So the share of matches is that among *all* pairs, u comes from random pairs,
//! and blocking does not bias m.

use rustc_hash::FxHashMap;

use super::household;
use super::model::Model;
use super::sample::{Counted, Sample};

use super::weights::Weights;
use super::{MAX_FIELDS, MISSING, Outcome};

/// How training goes.
#[derive(Clone, Copy, Debug)]
pub struct TrainOptions {
    /// Rounds of expectation–maximisation at most.
    pub rounds: usize,
    /// How many pairs each first guess of m counts for.
    pub guess_pairs: f64,
    /// Whether look-alikes are learnt as a third kind of pairs.
    pub lookalikes: bool,
    /// The fields that tell of a person, one bit each.
    pub personal: u16,
    /// That of the given name among them.
    pub given: u16,
    /// The fields that tell of a family.
    pub familial: u16,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            rounds: 30,
            guess_pairs: 30.0,
            lookalikes: false,
            personal: 0,
            given: 0,
            familial: 0,
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
    set_u(model, random, blocked);
    let patterns = blocked.ordered();
    let anchor = Anchor::guesses(model, options.guess_pairs);
    let untrained = model.clone();
    rounds(model, &anchor, &patterns, records, options);
    if options.lookalikes && household::was_learnt(model, options.personal, options.given) {
        household::begin(model, &untrained, options.personal);
        for _ in 0..options.rounds {
            let moved = round(model, &anchor, &patterns, records as f64);
            household::hold(model, options.personal | options.familial);
            household::call_apart(model, options.given);
            if moved < 1e-4 {
                break;
            }
        }
    } else if options.lookalikes {
        with_lookalikes(model, &anchor, &patterns, records, options);
    }
    model.provenance.records = records as u64;
    model.provenance.pairs = blocked.pairs();
}

/// Learns again, now that clusters are known: all pairs of one cluster, those that no key brought included, are of one entity;
/// `rest` are pairs across clusters that looked promising. What one entity's records differ in comes to light only so.
pub fn retrain(
    model: &mut Model,
    clustered: &Sample,
    rest: &Sample,
    records: usize,
    options: TrainOptions,
) {
    let mut anchor = Anchor::guesses(model, options.guess_pairs);
    anchor.add(clustered);
    let patterns = rest.ordered();
    // Look-alikes stay as they were learnt: across clusters their most telling pairs are missing.
    let lookalikes = model.clone();
    for _ in 0..options.rounds {
        let moved = round(model, &anchor, &patterns, records as f64);
        model.keep_lookalikes_of(&lookalikes);
        household::hold(model, options.personal | options.familial);
        if moved < 1e-4 {
            break;
        }
    }
}

fn rounds(
    model: &mut Model,
    anchor: &Anchor,
    patterns: &[(u8, bool, Counted)],
    records: usize,
    options: TrainOptions,
) {
    for _ in 0..options.rounds {
        if round(model, anchor, patterns, records as f64) < 1e-4 {
            break;
        }
    }
}

/// Tries look-alikes as a third kind of pairs; the model stays as it was if there are none.
fn with_lookalikes(
    model: &mut Model,
    anchor: &Anchor,
    patterns: &[(u8, bool, Counted)],
    records: usize,
    options: TrainOptions,
) {
    let without = model.clone();
    model.lookalikes_per_record = model.matches_per_record;
    for field in model.classes.iter_mut().flat_map(|class| &mut class.fields) {
        field.lookalikes_share = Some(FIRST_SHARE);
    }
    rounds(model, anchor, patterns, records, options);
    if !are_told_apart(model) {
        *model = without;
    }
}

/// Where learning begins: look-alikes share half of everything.
const FIRST_SHARE: f64 = 0.5;
/// So many pairs are assumed of which half share a field.
const SHARE_GUESS_PAIRS: f64 = 20.0;
/// Some telling field must be shared by fewer look-alikes than this: else they are pairs of one entity, split off by chance.
const MOST_SHARED: f64 = 0.8;
/// With fewer look-alikes for each match they are noise.
const LEAST_PER_MATCH: f64 = 0.005;
/// With more of them they are rather the unlike part of one entity's own pairs: people under two names, firms that moved.
const MOST_PER_MATCH: f64 = 0.2;
/// A field is telling if its disagreement weighs at least so many bits.
const TELLING_BITS: f64 = 1.0;

/// One look-alike must tell itself from a pair of one entity by so many bits on average.
const LEAST_TOLD_BITS: f64 = 1.0;

/// How far look-alikes differ from pairs of one entity in whether fields agree: the divergence of the two, in bits.
fn told_bits(class: &super::ClassModel) -> f64 {
    let divergence = |field: &super::FieldModel| {
        let differs = field.levels.last().map_or(0.5, |level| level.m);
        let (agree, share) = (1.0 - differs, field.lookalikes_share.unwrap_or(0.0));
        let part = |p: f64, q: f64| {
            if p <= 0.0 {
                0.0
            } else {
                p * (p / q.max(1e-3)).log2()
            }
        };
        part(share, agree) + part(1.0 - share, differs)
    };
    class.fields.iter().map(divergence).sum()
}

/// True if look-alikes differ plainly from pairs of one entity.
fn are_told_apart(model: &Model) -> bool {
    let is_telling = |field: &super::FieldModel| {
        field
            .levels
            .last()
            .is_some_and(|differ| (differ.u / differ.m.max(1e-9)).log2() >= TELLING_BITS)
    };
    let per_match = model.lookalikes_per_record / model.matches_per_record;
    (LEAST_PER_MATCH..=MOST_PER_MATCH).contains(&per_match)
        && model
            .classes
            .iter()
            .all(|class| told_bits(class) >= LEAST_TOLD_BITS)
        && model.classes.iter().all(|class| {
            class.fields.iter().any(|field| {
                is_telling(field)
                    && field
                        .lookalikes_share
                        .is_some_and(|share| share < MOST_SHARED)
            })
        })
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

/// What is taken as given before expectation: pairs of one entity by class, field and level, and how many they are in all.
struct Anchor {
    same: Vec<Vec<Vec<f64>>>,
    matches: f64,
}

impl Anchor {
    /// The model's m as first guesses, counting for so many pairs that are no pairs of the file.
    fn guesses(model: &Model, pairs: f64) -> Self {
        let fields = |class: &super::ClassModel| {
            let levels = |field: &super::FieldModel| {
                field.levels.iter().map(|level| level.m * pairs).collect()
            };
            class.fields.iter().map(levels).collect()
        };
        Self {
            same: model.classes.iter().map(fields).collect(),
            matches: 0.0,
        }
    }

    /// Adds pairs known to be of one entity.
    fn add(&mut self, clustered: &Sample) {
        for (class, _, counted) in clustered.ordered() {
            self.matches += counted.count;
            for (field, level) in known_levels(&typical(class, &counted)) {
                self.same[usize::from(class)][field][level] += counted.count;
            }
        }
    }
}

/// What a round of expectation found.
struct Tally {
    /// By class, field and level: pairs of one entity.
    same: Vec<Vec<Vec<f64>>>,
    /// By class and field: look-alikes that share it, and all of which it is known.
    alike: Vec<Vec<(f64, f64)>>,
    matches: f64,
    lookalikes: f64,
}

/// One round; returns how far m moved.
fn round(
    model: &mut Model,
    anchor: &Anchor,
    patterns: &[(u8, bool, Counted)],
    records: f64,
) -> f64 {
    let tally = expect(model, anchor, patterns, records);
    model.matches_per_record = (2.0 * tally.matches / records).clamp(1e-3, 64.0);
    if model.lookalikes_per_record > 0.0 {
        model.lookalikes_per_record = (2.0 * tally.lookalikes / records).clamp(1e-6, 64.0);
        for (class, alike) in model.classes.iter_mut().zip(&tally.alike) {
            for (field, (shared, known)) in class.fields.iter_mut().zip(alike) {
                let share = (shared + 0.5 * SHARE_GUESS_PAIRS) / (known + SHARE_GUESS_PAIRS);
                field.lookalikes_share = Some(share.clamp(0.0, 0.999));
            }
        }
    }
    replace_m(model, &tally.same)
}

fn expect(model: &Model, anchor: &Anchor, patterns: &[(u8, bool, Counted)], records: f64) -> Tally {
    let weights = model.weights_among(records);
    let prior = model.prior_bits(records);
    let mut tally = Tally {
        same: anchor.same.clone(),
        alike: model
            .classes
            .iter()
            .map(|class| vec![(0.0, 0.0); class.fields.len()])
            .collect(),
        matches: anchor.matches,
        lookalikes: 0.0,
    };
    for (class, _, counted) in patterns.iter().filter(|(_, vetoed, _)| !vetoed) {
        let outcome = typical(*class, counted);
        let (same, alike) = weights.both(&outcome);
        let odds = f64::from(same + prior).exp2();
        let alike_odds = alike.map_or(0.0, |bits| f64::from(bits).exp2());
        let whole = 1.0 + odds + alike_odds;
        let matched = counted.count * odds / whole;
        tally.matches += matched;
        let class = usize::from(*class);
        for (field, level) in known_levels(&outcome) {
            tally.same[class][field][level] += matched;
        }
        if alike_odds > 0.0 {
            let lookalike = counted.count * alike_odds / whole;
            tally.lookalikes += lookalike;
            tally.add_shares(&weights, model, &outcome, lookalike);
        }
    }
    tally
}

impl Tally {
    fn add_shares(&mut self, weights: &Weights, model: &Model, outcome: &Outcome, pairs: f64) {
        let class = usize::from(outcome.class);
        for (field, _) in known_levels(outcome) {
            let share = model.classes[class].fields[field]
                .lookalikes_share
                .unwrap_or(0.0);
            let as_one = share * f64::from(weights.field_bits(outcome, field)).exp2();
            let slot = &mut self.alike[class][field];
            slot.0 += pairs * as_one / (as_one + 1.0 - share);
            slot.1 += pairs;
        }
    }
}

/// The outcome that stands for all pairs of a pattern: values as common as theirs on the geometric mean.
fn typical(class: u8, counted: &Counted) -> Outcome {
    let share = counted.log_share.map(|sum| {
        if sum == 0.0 {
            0.0
        } else {
            (sum / counted.count as f32).exp2()
        }
    });
    Outcome {
        class,
        levels: counted.levels,
        share,
        veto: None,
    }
}

/// The fields known on both sides, with the place of their level among the model's.
fn known_levels(outcome: &Outcome) -> impl Iterator<Item = (usize, usize)> + '_ {
    outcome
        .levels
        .iter()
        .enumerate()
        .filter(|(_, level)| **level != MISSING)
        .map(|(field, level)| (field, usize::from(*level) - 1))
}

impl Model {
    fn keep_lookalikes_of(&mut self, other: &Self) {
        self.lookalikes_per_record = other.lookalikes_per_record;
        for (class, theirs) in self.classes.iter_mut().zip(&other.classes) {
            for (field, theirs) in class.fields.iter_mut().zip(&theirs.fields) {
                field.lookalikes_share = theirs.lookalikes_share;
            }
        }
    }
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
    use super::super::{FieldSpec, Tells, by_frequency, level};
    use super::*;

    #[test]
    fn m_and_u_are_found_again() {
        const LEVELS: &[super::super::LevelSpec] =
            &[by_frequency("same", 0.7), level("differs", 0.3)];
        let specs: Vec<FieldSpec> = (0..4)
            .map(|at| FieldSpec {
                name: format!("field {at}"),
                correlation: None,
                tells: Tells::Circumstance,
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
