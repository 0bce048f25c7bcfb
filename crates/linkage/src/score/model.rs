//! The trained model: probabilities by class, field and level; what a model file holds.

use serde::{Deserialize, Serialize};

use super::weights::Weights;
use super::{Correlation, FieldSpec};

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
    /// Probability that two look-alikes (see [`Model::lookalikes_per_record`]) share what this field tells of, as if they
    /// were one entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookalikes_share: Option<f64>,
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
    /// How many look-alikes a record has on average: records of other entities that share some circumstances with it, such
    /// as relatives, namesakes of one town, or sites of one firm. 0 where none were learnt.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lookalikes_per_record: f64,
    /// Where it comes from.
    pub provenance: Provenance,
    /// One set of weights for each class of pairs.
    pub classes: Vec<ClassModel>,
    /// What was learnt before clusters were known, where learning went on from them: it picks the pairs that are worth weighing,
    /// so that a file gives the same answer by its model as it gave in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Box<Model>>,
}

impl Model {
    /// The untrained model of a comparator: first guesses of m, and u spread evenly.
    pub fn untrained(schema: &str, fields: &[FieldSpec], classes: &[&str]) -> Self {
        let fields: Vec<FieldModel> = fields.iter().map(untrained_field).collect();
        Self {
            version: 1,
            schema: schema.to_owned(),
            matches_per_record: 1.0,
            lookalikes_per_record: 0.0,
            provenance: Provenance::default(),
            classes: classes
                .iter()
                .map(|name| ClassModel {
                    name: (*name).to_owned(),
                    fields: fields.clone(),
                })
                .collect(),
            first: None,
        }
    }

    /// log2 of the odds that two records taken at random are one entity, among `records` records.
    pub fn prior_bits(&self, records: f64) -> f32 {
        (self.matches_per_record.max(1e-6) / records.max(2.0)).log2() as f32
    }

    /// The model itself and what was learnt before it.
    pub(super) fn stages(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.first.as_deref())
    }

    /// The weights ready for scoring; look-alikes are left out of account.
    pub fn weights(&self) -> Weights {
        Weights::new(self, None)
    }

    /// The weights ready for scoring pairs of a file of `records` records, look-alikes included.
    pub fn weights_among(&self, records: f64) -> Weights {
        let has_lookalikes = self.lookalikes_per_record > 0.0;
        Weights::new(self, has_lookalikes.then_some(records))
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
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
        lookalikes_share: None,
        levels,
    }
}
