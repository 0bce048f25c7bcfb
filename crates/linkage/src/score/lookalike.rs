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

#[cfg(test)]
mod tests {
    use super::super::{FieldSpec, LevelSpec, Tells, level};
    use super::*;

    #[test]
    fn what_look_alikes_share_weighs_less_and_what_they_do_not_share_weighs_as_before() {
        const LEVELS: &[LevelSpec] = &[level("same", 0.9), level("differs", 0.1)];
        let specs: Vec<FieldSpec> = ["surname", "place", "birthday"]
            .map(|name| FieldSpec {
                name: name.to_owned(),
                correlation: None,
                tells: Tells::Circumstance,
                levels: LEVELS,
            })
            .to_vec();
        let mut model = Model::untrained("test", &specs, &["pair"]);
        model.lookalikes_per_record = 0.5;
        for (field, share) in model.classes[0].fields.iter_mut().zip([0.9, 0.9, 0.0]) {
            (field.levels[0].u, field.levels[1].u) = (0.001, 0.999);
            field.lookalikes_share = Some(share);
        }
        let evidence = |levels: [u8; 3]| {
            let mut outcome = Outcome::default();
            for (field, level) in levels.into_iter().enumerate() {
                outcome.set(field, level);
            }
            let naive = model.weights().evidence(&outcome);
            (naive, model.weights_among(10_000.0).evidence(&outcome))
        };
        let (naive, relatives) = evidence([1, 1, 2]);
        assert!(relatives < naive - 4.0, "{naive} {relatives}");
        let (naive, same_birthday) = evidence([2, 2, 1]);
        assert!(
            (naive - same_birthday).abs() < 0.1,
            "{naive} {same_birthday}"
        );
    }
}
