//! Learning further from what stewards decided.

use serde::{Deserialize, Serialize};

use super::model::{ClassModel, LevelModel, Model};
use super::weights::LEAST_BITS;
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

/// As if of every level so many words of either opinion had been heard before, whatever its m: one word more moves no weight by
/// more than log2(1 + 1/20), seven hundredths of a bit.
const HEARD_BEFORE: f64 = 20.0;
/// So many words of one opinion may be chance or one steward's habit: they move nothing, so that what waits for the same reason
/// is not joined on the strength of a few.
const CHANCE: f64 = 12.0;
/// Stewards see hard pairs, not random ones: all that they say moves a weight by so many bits at most.
const MOST_BITS: f64 = 4.0;

/// How often pairs that showed a level were called what.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    same: f64,
    different: f64,
}

impl Tally {
    fn hear(&mut self, decision: Decision) {
        match decision {
            Decision::Same => self.same += 1.0,
            Decision::Different => self.different += 1.0,
        }
    }

    /// By how many bits the weight of the level moves.
    fn shift_bits(self) -> f64 {
        let told = (HEARD_BEFORE + self.same) / (HEARD_BEFORE + self.different);
        let chance = (HEARD_BEFORE + CHANCE) / HEARD_BEFORE;
        let (told, chance) = (told.log2(), chance.log2());
        (told.abs() - chance).clamp(0.0, MOST_BITS).copysign(told)
    }
}

impl Model {
    /// Moves the weight of each level by how much oftener pairs that showed it were called the same than different. Nothing
    /// moves by the first dozen words of one opinion, by no word more than a little, and by all words never more than four
    /// bits. A level that no word is of stays as it is: what moves is its m alone, so that those of a field need not add up
    /// to 1 any more.
    ///
    /// `decisions` are the words that stand since the model was trained, in any order, each with the outcome of comparing
    /// the pair then.
    pub fn learn(&mut self, decisions: &[(Outcome, Decision)]) {
        for (class_at, class) in self.classes.iter_mut().enumerate() {
            let of_class = decisions
                .iter()
                .filter(|(outcome, _)| usize::from(outcome.class) == class_at);
            let words: Vec<&(Outcome, Decision)> = of_class.collect();
            hear(class, &words);
        }
        self.provenance.decisions += decisions.len() as u64;
    }
}

fn hear(class: &mut ClassModel, words: &[&(Outcome, Decision)]) {
    for (field_at, field) in class.fields.iter_mut().enumerate() {
        let mut tallies = vec![Tally::default(); field.levels.len()];
        for (outcome, decision) in words {
            let level = outcome.levels[field_at];
            if level == MISSING {
                continue;
            }
            if let Some(tally) = tallies.get_mut(usize::from(level) - 1) {
                tally.hear(*decision);
            }
        }
        for (level, tally) in field.levels.iter_mut().zip(tallies) {
            shift(level, tally.shift_bits());
        }
    }
}

fn shift(level: &mut LevelModel, bits: f64) {
    // What weighs less than a finding may does not have to be lifted to there first.
    let least = level.u * f64::from(LEAST_BITS).exp2();
    let from = if bits > 0.0 {
        level.m.max(least)
    } else {
        level.m
    };
    level.m = (from * bits.exp2()).min(1.0);
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy;

    use super::*;
    use crate::dealer;

    fn taught(words: &[(Outcome, Decision)]) -> Model {
        let mut model = dealer::default_model();
        model.learn(words);
        model
    }

    /// What each level weighs, in bits.
    fn weights(model: &Model) -> Vec<f64> {
        let fields = model.classes.iter().flat_map(|class| &class.fields);
        let levels = fields.flat_map(|field| &field.levels);
        levels
            .map(|level| (level.m / level.u).log2().max(f64::from(LEAST_BITS)))
            .collect()
    }

    /// A pair whose cars differ.
    fn other_cars() -> Outcome {
        let mut outcome = Outcome::default();
        outcome.set(4, 5);
        outcome
    }

    /// The least probable finding of all: the same characters of a name in another order.
    fn another_order() -> Outcome {
        let mut outcome = Outcome::default();
        outcome.set(0, 6);
        outcome
    }

    /// What weighs so much against a pair that its m says less than a finding may.
    fn other_homes() -> Outcome {
        let mut outcome = Outcome::default();
        outcome.set(5, 4);
        outcome
    }

    fn word() -> impl Strategy<Value = (Outcome, Decision)> {
        let levels = proptest::array::uniform16(0_u8..4);
        (0_u8..2, levels, proptest::bool::ANY).prop_map(|(class, levels, is_same)| {
            let outcome = Outcome {
                class,
                levels,
                ..Outcome::default()
            };
            let decision = if is_same {
                Decision::Same
            } else {
                Decision::Different
            };
            (outcome, decision)
        })
    }

    #[test]
    fn decisions_move_the_weights_their_way() {
        let evidence = |model: &Model| model.weights().evidence(&other_cars());
        let mut model = taught(&[]);
        let before = evidence(&model);
        model.learn(&vec![(other_cars(), Decision::Same); 100]);
        let after = evidence(&model);
        assert!(after > before, "{before} {after}");
        model.learn(&vec![(other_cars(), Decision::Different); 100_000]);
        assert!(evidence(&model) < after);
        assert_eq!(model.provenance.decisions, 100_100);
    }

    #[test]
    fn a_dozen_words_move_nothing_and_some_dozens_do_however_rare_the_level_was() {
        for outcome in [another_order(), other_cars(), other_homes()] {
            let evidence = |words: usize| {
                let model = taught(&vec![(outcome, Decision::Same); words]);
                f64::from(model.weights().evidence(&outcome))
            };
            let before = evidence(0);
            for few in [1, 2, 12] {
                assert!((evidence(few) - before).abs() < 1e-6, "{few} words");
            }
            let moved = evidence(48) - before;
            assert!((0.9..1.3).contains(&moved), "{moved}");
            assert!(evidence(100_000) - before <= MOST_BITS + 1e-4);
        }
    }

    #[test]
    fn words_that_contradict_each_other_move_nothing() {
        let both = [Decision::Same, Decision::Different].map(|word| (another_order(), word));
        let disagreeing = taught(&both.repeat(500));
        assert_eq!(disagreeing.classes, taught(&[]).classes);
    }

    proptest::proptest! {
        #[test]
        fn one_word_more_moves_no_weight_by_a_tenth_of_a_bit(
            words in proptest::collection::vec(word(), 0..120),
            last in word(),
        ) {
            let before = weights(&taught(&words));
            let after = weights(&taught(&[words.as_slice(), &[last]].concat()));
            for (before, after) in before.iter().zip(&after) {
                let moved = if last.1 == Decision::Same { after - before } else { before - after };
                proptest::prop_assert!((-1e-9..0.1).contains(&moved), "{moved}");
            }
        }

        #[test]
        fn the_order_of_words_is_all_the_same(words in proptest::collection::vec(word(), 0..60)) {
            let backwards: Vec<_> = words.iter().rev().copied().collect();
            proptest::prop_assert_eq!(taught(&words), taught(&backwards));
        }
    }
}
