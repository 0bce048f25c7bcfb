//! A model compiled for scoring: evidence in bits, and its explanation field by field.

use serde::{Deserialize, Serialize};

use super::lookalike::Lookalikes;
use super::model::Model;
use super::{Correlation, MAX_FIELDS, MISSING, Outcome, Veto};

/// No single finding may outweigh everything else.
const MOST_BITS: f32 = 24.0;
pub(super) const LEAST_BITS: f32 = -12.0;

#[derive(Clone, Copy, Default)]
struct Cell {
    log_m: f32,
    bits: f32,
}

/// A model compiled for scoring.
#[derive(Clone)]
pub struct Weights {
    classes: Vec<[[Cell; 16]; MAX_FIELDS]>,
    groups: Vec<Option<Correlation>>,
    fields: usize,
    lookalikes: Option<Lookalikes>,
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The field.
    pub field: String,
    /// The level in words.
    pub finding: String,
    /// Evidence in bits: positive for one entity, negative against; already discounted for correlation.
    pub bits: f32,
}

impl Weights {
    /// Compiles a model; with `records` given look-alikes are taken into account, as many as a file of that size holds.
    pub(super) fn new(model: &Model, records: Option<f64>) -> Self {
        let mut classes = Vec::with_capacity(model.classes.len());
        for class in &model.classes {
            let mut table = [[Cell::default(); 16]; MAX_FIELDS];
            for (field, row) in class.fields.iter().zip(&mut table) {
                for (level, cell) in field.levels.iter().zip(row.iter_mut().skip(1)) {
                    let log_m = level.m.max(1e-7).log2() as f32;
                    let bits =
                        (log_m - level.u.max(1e-12).log2() as f32).clamp(LEAST_BITS, MOST_BITS);
                    *cell = Cell { log_m, bits };
                }
            }
            classes.push(table);
        }
        let fields = model
            .classes
            .first()
            .map_or(0, |class| class.fields.len().min(MAX_FIELDS));
        let groups = model.classes.first().map_or(Vec::new(), |class| {
            class.fields.iter().map(|field| field.correlation).collect()
        });
        Self {
            classes,
            groups,
            fields,
            lookalikes: records.map(|records| Lookalikes::new(model, records)),
        }
    }

    /// The evidence in bits, prior left out; minus infinity for a veto.
    pub fn bits(&self, outcome: &Outcome) -> f32 {
        if outcome.veto.is_some() {
            return f32::NEG_INFINITY;
        }
        self.evidence(outcome)
    }

    /// As [`Weights::bits`], vetoes left out of account.
    pub fn evidence(&self, outcome: &Outcome) -> f32 {
        let (same, alike) = self.both(outcome);
        same - alike.map_or(0.0, log2_one_plus)
    }

    /// The evidence for one entity against strangers and, where look-alikes are known, the log2 odds of look-alikes against
    /// strangers.
    pub(super) fn both(&self, outcome: &Outcome) -> (f32, Option<f32>) {
        let mut bits = [0.0; MAX_FIELDS];
        for (field, bits) in bits.iter_mut().enumerate().take(self.fields) {
            *bits = self.field_bits(outcome, field);
        }
        let same = self.sum(&bits);
        let alike = self.lookalikes.as_ref().map(|lookalikes| {
            lookalikes.prior_bits + self.sum(&lookalikes.field_bits(outcome, &bits))
        });
        (same, alike)
    }

    /// The sum of the fields' bits, correlated ones discounted.
    fn sum(&self, bits: &[f32; MAX_FIELDS]) -> f32 {
        let mut total = 0.0;
        let mut sides = [[0.0_f32; 4]; 4];
        let mut damping = [1.0_f32; 4];
        for (bits, group) in bits.iter().zip(&self.groups) {
            match group {
                Some(Correlation { group, side, share }) => {
                    sides[usize::from(group & 3)][usize::from(side & 3)] += bits;
                    damping[usize::from(group & 3)] = *share;
                }
                None => total += bits,
            }
        }
        for (group, share) in sides.iter().zip(damping) {
            total += combine(group, share);
        }
        total
    }

    pub(super) fn field_bits(&self, outcome: &Outcome, field: usize) -> f32 {
        let level = outcome.levels[field];
        if level == MISSING {
            return 0.0;
        }
        let class = usize::from(outcome.class).min(self.classes.len() - 1);
        let cell = self.classes[class][field][usize::from(level & 15)];
        let share = outcome.share[field];
        if share > 0.0 {
            (cell.log_m - share.log2()).clamp(LEAST_BITS, MOST_BITS)
        } else {
            cell.bits
        }
    }

    /// The evidence field by field, strongest first; correlated bits are shown after their discount.
    pub fn reasons(&self, model: &Model, outcome: &Outcome) -> Vec<Reason> {
        let class = usize::from(outcome.class).min(model.classes.len() - 1);
        let mut reasons: Vec<Reason> = (0..self.fields)
            .filter(|field| outcome.levels[*field] != MISSING)
            .map(|field| {
                let described = &model.classes[class].fields[field];
                let finding = described.levels.get(usize::from(outcome.levels[field]) - 1);
                Reason {
                    field: described.name.clone(),
                    finding: finding.map_or_else(String::new, |level| level.name.clone()),
                    bits: self.discounted(outcome, field),
                }
            })
            .collect();
        let alike = self.both(outcome).1.map_or(0.0, log2_one_plus);
        if alike > 0.05 {
            reasons.push(Reason {
                field: "look-alikes".to_owned(),
                finding: "others share as much without being the same".to_owned(),
                bits: -alike,
            });
        }
        reasons.extend(outcome.veto.map(|veto: Veto| Reason {
            field: "contradiction".to_owned(),
            finding: veto.words().to_owned(),
            bits: f32::NEG_INFINITY,
        }));
        reasons.sort_by(|a, b| b.bits.abs().total_cmp(&a.bits.abs()));
        reasons
    }

    fn discounted(&self, outcome: &Outcome, field: usize) -> f32 {
        let bits = self.field_bits(outcome, field);
        let Some(mine) = self.groups[field] else {
            return bits;
        };
        let mut sides = [0.0_f32; 4];
        for other in 0..self.fields {
            if let Some(theirs) = self.groups[other].filter(|theirs| theirs.group == mine.group) {
                sides[usize::from(theirs.side & 3)] += self.field_bits(outcome, other);
            }
        }
        let own = sides[usize::from(mine.side & 3)];
        let is_strongest = sides.iter().all(|side| *side * own.signum() <= own.abs());
        if is_strongest {
            bits
        } else {
            bits * mine.share
        }
    }
}

/// The strongest positive side in full, the others in part; likewise among the negative ones.
fn combine(sides: &[f32; 4], share: f32) -> f32 {
    let one_way = |pick: fn(f32) -> f32| {
        let picked = sides.map(pick);
        let strongest = picked.iter().fold(0.0_f32, |best, side| best.max(*side));
        strongest + share * (picked.iter().sum::<f32>() - strongest)
    };
    one_way(|side| side.max(0.0)) - one_way(|side| (-side).max(0.0))
}

/// log2(1 + 2^bits), without overflow.
fn log2_one_plus(bits: f32) -> f32 {
    if bits > 30.0 {
        bits
    } else {
        bits.exp2().ln_1p() * std::f32::consts::LOG2_E
    }
}

/// The probability of log2 odds.
pub fn probability(bits: f32) -> f32 {
    1.0 / (1.0 + (-bits).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlated_evidence_is_counted_once() {
        assert!((combine(&[10.0, 8.0, 6.0, 0.0], 0.0) - 10.0).abs() < 1e-6);
        assert!((combine(&[10.0, 8.0, 0.0, 0.0], 0.5) - 14.0).abs() < 1e-6);
        assert!((combine(&[10.0, -4.0, -2.0, 0.0], 0.5) - 5.0).abs() < 1e-6);
    }

    #[test]
    fn even_odds_are_one_half() {
        assert!((probability(0.0) - 0.5).abs() < 1e-6);
        assert!(probability(10.0) > 0.999 && probability(f32::NEG_INFINITY) == 0.0);
    }
}
