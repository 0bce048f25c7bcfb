//! The trained model: probabilities by class, field and level; compiled to weights in bits.

use serde::{Deserialize, Serialize};

use super::{Correlation, FieldSpec, MAX_FIELDS, MISSING, Outcome, Veto};

/// Where a model comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// What it was trained on, in words.
    pub trained_on: String,
    /// How many records.
    pub records: u64,
    /// How many candidate pairs were looked at.
    pub pairs: u64,
    /// How many decisions of stewards went in.
    pub decisions: u64,
}

/// A level's probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelModel {
    /// Name in words.
    pub name: String,
    /// Probability among pairs of one entity.
    pub m: f64,
    /// Probability among pairs of different entities.
    pub u: f64,
    /// True if the weight follows the frequency of the shared value instead of `u`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_frequency: bool,
}

/// A field's levels, level 1 first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldModel {
    /// Name of the field.
    pub name: String,
    /// The group of circumstances it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Correlation>,
    /// Levels from 1 on.
    pub levels: Vec<LevelModel>,
}

/// The weights for one class of pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassModel {
    /// Name of the class, such as `person`.
    pub name: String,
    /// Its fields.
    pub fields: Vec<FieldModel>,
}

/// A trained model; see [`Model::to_toml`] for the file form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Version of the file's layout, 1.
    pub version: u32,
    /// Which comparator it belongs to: `dealer`, or the signature of a general schema.
    pub schema: String,
    /// How many other records of the same entity a record has on average: with the number of records it gives the prior.
    pub matches_per_record: f64,
    /// Where it comes from.
    pub provenance: Provenance,
    /// One set of weights for each class of pairs.
    pub classes: Vec<ClassModel>,
}

impl Model {
    /// The untrained model of a comparator: first guesses of m, and u spread evenly.
    pub fn untrained(schema: &str, fields: &[FieldSpec], classes: &[&str]) -> Self {
        let fields: Vec<FieldModel> = fields.iter().map(untrained_field).collect();
        Self {
            version: 1,
            schema: schema.to_owned(),
            matches_per_record: 1.0,
            provenance: Provenance::default(),
            classes: classes
                .iter()
                .map(|name| ClassModel {
                    name: (*name).to_owned(),
                    fields: fields.clone(),
                })
                .collect(),
        }
    }

    /// log2 of the odds that two records taken at random are one entity, among `records` records.
    pub fn prior_bits(&self, records: f64) -> f32 {
        (self.matches_per_record.max(1e-6) / records.max(2.0)).log2() as f32
    }

    /// The weights ready for scoring.
    pub fn weights(&self) -> Weights {
        Weights::new(self)
    }
}

fn untrained_field(spec: &FieldSpec) -> FieldModel {
    let total: f64 = spec.levels.iter().map(|level| f64::from(level.m)).sum();
    let even = 1.0 / spec.levels.len().max(1) as f64;
    let levels = spec
        .levels
        .iter()
        .map(|level| LevelModel {
            name: level.name.to_owned(),
            m: f64::from(level.m) / total,
            u: even,
            by_frequency: level.by_frequency,
        })
        .collect();
    FieldModel {
        name: spec.name.clone(),
        correlation: spec.correlation,
        levels,
    }
}

/// No single finding may outweigh everything else.
const MOST_BITS: f32 = 24.0;
const LEAST_BITS: f32 = -12.0;

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
    fn new(model: &Model) -> Self {
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
        let mut total = 0.0;
        let mut sides = [[0.0_f32; 4]; 4];
        let mut damping = [1.0_f32; 4];
        for field in 0..self.fields {
            let bits = self.field_bits(outcome, field);
            match self.groups[field] {
                Some(Correlation { group, side, share }) => {
                    sides[usize::from(group & 3)][usize::from(side & 3)] += bits;
                    damping[usize::from(group & 3)] = share;
                }
                None => total += bits,
            }
        }
        for (group, share) in sides.iter().zip(damping) {
            total += combine(group, share);
        }
        total
    }

    fn field_bits(&self, outcome: &Outcome, field: usize) -> f32 {
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
