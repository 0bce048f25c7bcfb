//! Pairs that merely look alike: relatives under one roof, namesakes of one town, sites of one firm.
//!
//! Besides pairs of one entity and pairs of strangers there is a third kind, whose fields agree together without being one
//! entity; taken for strangers, they make independent evidence of what has one cause. Of each field one number is
//! learnt: the probability that look-alikes share it as if they were one. What they do not share is as with strangers.

use super::model::Model;
use super::{MAX_FIELDS, MISSING, Outcome};

/// What is known of look-alikes, compiled for scoring.
#[derive(Clone)]
pub(super) struct Lookalikes {
    /// By class and field: the probability that look-alikes share it.
    shares: Vec<[f32; MAX_FIELDS]>,
    /// log2 odds that two records taken at random are look-alikes.
    pub(super) prior_bits: f32,
}

impl Lookalikes {
    pub(super) fn new(model: &Model, records: f64) -> Self {
        let shares = model
            .classes
            .iter()
            .map(|class| {
                let mut shares = [0.0; MAX_FIELDS];
                for (share, field) in shares.iter_mut().zip(&class.fields) {
                    *share = field.lookalikes_share.unwrap_or(0.0) as f32;
                }
                shares
            })
            .collect();
        Self {
            shares,
            prior_bits: (model.lookalikes_per_record.max(1e-9) / records.max(2.0)).log2() as f32,
        }
    }

    /// The bits for look-alikes against strangers, field by field, given those for one entity.
    pub(super) fn field_bits(
        &self,
        outcome: &Outcome,
        same: &[f32; MAX_FIELDS],
    ) -> [f32; MAX_FIELDS] {
        let class = usize::from(outcome.class).min(self.shares.len() - 1);
        let mut bits = [0.0; MAX_FIELDS];
        for (field, bits) in bits.iter_mut().enumerate() {
            if outcome.levels[field] != MISSING {
                let share = self.shares[class][field];
                *bits = (share * same[field].exp2() + 1.0 - share).log2();
            }
        }
        bits
    }
}
