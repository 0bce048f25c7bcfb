//! What-if: other weights or curves over the whole population, and who would move, without changing anything.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::{Kind, Tier};
use crate::value::{Inputs, Model, WeightedSum};

/// One customer of the population a question is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Member<Id> {
    /// Breaks ties.
    pub id: Id,
    /// Ranked apart by kind.
    pub kind: Kind,
    /// What is known of him.
    pub inputs: Inputs,
}

/// Rank and tier of a member under a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1, within his kind.
    pub rank: u64,
    /// The tier of that rank.
    pub tier: Tier,
}

/// A customer whose tier would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mover<Id> {
    /// Who.
    pub id: Id,
    /// His kind.
    pub kind: Kind,
    /// Under the first model; `None` when unscored.
    pub from: Option<Place>,
    /// Under the second model; `None` when unscored.
    pub to: Option<Place>,
}

/// The answer to a what-if question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIf<Id> {
    /// How many go from tier (row) to tier (column), in the order of [`Tier::ALL`] and then unscored.
    pub moves: [[u64; 5]; 5],
    /// Everybody whose tier changes, in the order of the population.
    pub movers: Vec<Mover<Id>>,
}

/// Ranks the population under one model, in its order; `None` for the unscored. Ties go to the smaller id.
pub fn rank_population<Id: Copy + Ord + Send + Sync>(
    population: &[Member<Id>],
    model: &Model,
) -> Vec<Option<Place>> {
    let sum = |member: &Member<Id>| {
        model
            .assess(&member.inputs)
            .map(|assessment| assessment.sum)
    };
    let sums: Vec<Option<WeightedSum>> = population.par_iter().map(sum).collect();
    places(population, &sums)
}

/// Compares two models over the same population.
pub fn what_if<Id: Copy + Ord + Send + Sync>(
    population: &[Member<Id>],
    now: &Model,
    then: &Model,
) -> WhatIf<Id> {
    let is_reweighing = now.has_the_curves_of(then);
    let sums = |member: &Member<Id>| {
        let before = now.assess(&member.inputs);
        let after = match &before {
            Some(assessment) if is_reweighing => then.reweigh(assessment),
            _ => then.assess(&member.inputs),
        };
        (
            before.map(|assessment| assessment.sum),
            after.map(|assessment| assessment.sum),
        )
    };
    let (before, after): (Vec<Option<WeightedSum>>, Vec<Option<WeightedSum>>) =
        population.par_iter().map(sums).unzip();
    let (before, after) = rayon::join(
        || places(population, &before),
        || places(population, &after),
    );
    let mut answer = WhatIf {
        moves: [[0; 5]; 5],
        movers: Vec::new(),
    };
    for ((member, from), to) in population.iter().zip(before).zip(after) {
        let row = |place: Option<Place>| place.map_or(4, |place| place.tier as usize);
        answer.moves[row(from)][row(to)] += 1;
        if row(from) != row(to) {
            answer.movers.push(Mover {
                id: member.id,
                kind: member.kind,
                from,
                to,
            });
        }
    }
    answer
}

/// Ranks and tiers of sums, kind by kind, in the order of the population.
fn places<Id: Copy + Ord + Send + Sync>(
    population: &[Member<Id>],
    sums: &[Option<WeightedSum>],
) -> Vec<Option<Place>> {
    let mut places = vec![None; population.len()];
    for kind in Kind::ALL {
        let scored = |(index, (member, sum)): (usize, (&Member<Id>, &Option<WeightedSum>))| {
            let sum = sum.filter(|_| member.kind == kind)?;
            Some((Reverse(sum), member.id, index as u32))
        };
        let members = population.par_iter().zip(sums).enumerate();
        let mut order: Vec<(Reverse<WeightedSum>, Id, u32)> = members.filter_map(scored).collect();
        order.par_sort_unstable();
        let size = order.len() as u64;
        for (rank, (_, _, index)) in (1..).zip(order) {
            let tier = Tier::of(rank, size);
            places[index as usize] = Some(Place { rank, tier });
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Fact, Facts, Weights};

    /// Rich customers with low ids, referring customers with high ones.
    fn population() -> Vec<Member<u32>> {
        (0..200)
            .map(|id| {
                let facts = Facts::default()
                    .with(Fact::PurchaseAmount, f64::from(200 - id) * 5_000.0)
                    .with(Fact::ReferralCount, f64::from(id / 20));
                Member {
                    id,
                    kind: Kind::Person,
                    inputs: Inputs {
                        facts,
                        ..Inputs::default()
                    },
                }
            })
            .collect()
    }

    #[test]
    fn the_same_model_moves_nobody() {
        let model = Model::shipped();
        let answer = what_if(&population(), &model, &model);
        assert!(answer.movers.is_empty());
        assert_eq!(answer.moves.iter().flatten().sum::<u64>(), 200);
        assert_eq!(
            [0, 1, 2, 3].map(|tier| answer.moves[tier][tier]),
            [2, 8, 30, 160]
        );
    }

    #[test]
    fn other_weights_move_those_they_should() {
        let weights = |amount, social| Weights::new([amount, 0.0, 0.0, social, 0.0, 0.0]).unwrap();
        let money = Model::shipped().with_weights("money", weights(1.0, 0.0));
        let friends = Model::shipped().with_weights("friends", weights(0.0, 1.0));
        let answer = what_if(&population(), &money, &friends);
        let first = answer.movers.iter().find(|mover| mover.id == 0).unwrap();
        assert_eq!(
            first.from,
            Some(Place {
                rank: 1,
                tier: Tier::Vip
            })
        );
        assert_eq!(first.to.map(|place| place.tier), Some(Tier::Small));
        let promoted = answer.movers.iter().find(|mover| mover.id == 180).unwrap();
        assert_eq!(
            promoted.to,
            Some(Place {
                rank: 1,
                tier: Tier::Vip
            }),
            "most referrals, smallest id among equals"
        );
    }

    #[test]
    fn reweighing_is_the_same_as_scoring_anew() {
        let weights = Weights::new([5.0, 0.0, 40.0, 30.0, 20.0, 5.0]).unwrap();
        let (now, then) = (
            Model::shipped(),
            Model::shipped().with_weights("then", weights),
        );
        for member in population() {
            let assessment = now.assess(&member.inputs).unwrap();
            assert_eq!(then.reweigh(&assessment), then.assess(&member.inputs));
        }
    }

    #[test]
    fn the_unscored_are_counted_and_not_ranked() {
        let mut population = population();
        population[5].inputs = Inputs::default();
        let places = rank_population(&population, &Model::shipped());
        assert_eq!(places[5], None);
        assert_eq!(
            places.iter().flatten().map(|place| place.rank).max(),
            Some(199)
        );
    }
}
