//! What-if: other weights or curves over the whole population, and who would move, without changing anything.

use rayon::prelude::*;

use super::{Kind, Tier};
use crate::value::{Inputs, Model};

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
    let sums: Vec<Option<i64>> = population
        .par_iter()
        .map(|member| {
            model
                .assess(&member.inputs)
                .map(|assessment| assessment.sum.0)
        })
        .collect();
    let mut places = vec![None; population.len()];
    for kind in Kind::ALL {
        let of_kind = population
            .iter()
            .zip(&sums)
            .enumerate()
            .filter(|(_, (member, _))| member.kind == kind);
        let mut scored: Vec<(i64, Id, u32)> = of_kind
            .filter_map(|(index, (member, sum))| sum.map(|sum| (-sum, member.id, index as u32)))
            .collect();
        scored.par_sort_unstable();
        let size = scored.len() as u64;
        for (position, &(_, _, index)) in scored.iter().enumerate() {
            let rank = position as u64 + 1;
            places[index as usize] = Some(Place {
                rank,
                tier: Tier::of(rank, size),
            });
        }
    }
    places
}

/// Compares two models over the same population.
pub fn what_if<Id: Copy + Ord + Send + Sync>(
    population: &[Member<Id>],
    now: &Model,
    then: &Model,
) -> WhatIf<Id> {
    let (before, after) = rayon::join(
        || rank_population(population, now),
        || rank_population(population, then),
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
