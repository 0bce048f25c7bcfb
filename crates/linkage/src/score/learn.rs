//! Learning further from what stewards decided.

use serde::{Deserialize, Serialize};

use super::model::Model;
use super::{MISSING, Outcome};

/// A steward's word on a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// One entity.
    Same,
    /// Two entities.
    Different,
}

/// For how many decisions the present m counts: about so many are needed to move a weight half-way.
const TRUST_IN_MODEL: f64 = 200.0;

impl Model {
    /// Moves m of each level towards what stewards said is the same; decisions "different" move u of plain levels, but only
    /// a little: stewards see hard pairs, not random ones.
    ///
    /// `decisions` are all decisions since the model was trained, each with the outcome of comparing the pair now.
    pub fn learn(&mut self, decisions: &[(Outcome, Decision)]) {
        for (class_at, class) in self.classes.iter_mut().enumerate() {
            for (field_at, field) in class.fields.iter_mut().enumerate() {
                let mut same = vec![0.0; field.levels.len()];
                let mut different = vec![0.0; field.levels.len()];
                for (outcome, decision) in decisions
                    .iter()
                    .filter(|(outcome, _)| usize::from(outcome.class) == class_at)
                {
                    let level = outcome.levels[field_at];
                    if level == MISSING || usize::from(level) > field.levels.len() {
                        continue;
                    }
                    let tally = if *decision == Decision::Same {
                        &mut same
                    } else {
                        &mut different
                    };
                    tally[usize::from(level) - 1] += 1.0;
                }
                let (n_same, n_different): (f64, f64) = (same.iter().sum(), different.iter().sum());
                for ((level, same), different) in field.levels.iter_mut().zip(&same).zip(&different)
                {
                    level.m = (level.m * TRUST_IN_MODEL + same) / (TRUST_IN_MODEL + n_same);
                    if !level.by_frequency {
                        // One hard pair stands for few of the very many random pairs that u describes.
                        let trust = 50.0 * TRUST_IN_MODEL;
                        level.u = (level.u * trust + different) / (trust + n_different);
                    }
                }
            }
        }
        self.provenance.decisions += decisions.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dealer;

    #[test]
    fn decisions_move_the_weights_their_way() {
        let mut model = dealer::default_model();
        let mut outcome = Outcome::default();
        outcome.set(4, 5);
        let before = model.weights().evidence(&outcome);
        model.learn(&vec![(outcome, Decision::Same); 100]);
        let after = model.weights().evidence(&outcome);
        assert!(after > before, "{before} {after}");
        model.learn(&vec![(outcome, Decision::Different); 100_000]);
        assert!(model.weights().evidence(&outcome) < after);
        assert_eq!(model.provenance.decisions, 100_100);
        let total: f64 = model.classes[0].fields[4]
            .levels
            .iter()
            .map(|level| level.m)
            .sum();
        assert!((total - 1.0).abs() < 0.05);
    }
}
