//! Live ranks against a full sort: after any events, customer by customer.

#[expect(
    dead_code,
    reason = "each test binary uses its part of the shared worlds"
)]
mod common;

use std::cmp::Reverse;
use std::collections::HashMap;

use common::dice::Dice;
use marque_insight::rank::{LiveRanks, Tier};
use marque_insight::value::WeightedSum;
use proptest::prelude::*;

/// Compares every rank, tier, selection and border with a sort of the same sums.
fn assert_equals_full_sort(ranks: &LiveRanks<u64>, truth: &HashMap<u64, i64>) {
    let mut sorted: Vec<(Reverse<i64>, u64)> =
        truth.iter().map(|(&id, &sum)| (Reverse(sum), id)).collect();
    sorted.sort_unstable();
    let size = sorted.len() as u64;
    assert_eq!(ranks.len() as u64, size);
    for (index, &(Reverse(sum), id)) in sorted.iter().enumerate() {
        let rank = index as u64 + 1;
        let standing = ranks
            .standing(id)
            .expect("everybody in the truth is ranked");
        assert_eq!(
            (standing.rank, standing.size, standing.tier),
            (rank, size, Tier::of(rank, size)),
            "customer {id}"
        );
        assert_eq!(ranks.at_rank(rank), Some((id, WeightedSum(sum))));
    }
    assert_eq!(ranks.at_rank(0), None);
    assert_eq!(ranks.at_rank(size + 1), None);
}

#[test]
fn a_million_random_events_leave_the_same_ranks_as_a_full_sort() {
    let mut dice = Dice::new(20_261_121);
    let load: Vec<(u64, i64)> = (0..60_000)
        .map(|id| (id, dice.below(3_000) as i64))
        .collect();
    let mut truth: HashMap<u64, i64> = load.iter().copied().collect();
    let mut ranks = LiveRanks::load(load.iter().map(|&(id, sum)| (id, WeightedSum(sum))));
    for event in 0..1_000_000_u64 {
        let id = dice.below(100_000);
        // The first half grows, the second shrinks, so that blocks split and merge; sums collide by the thousand.
        let removes = dice.below(10) < if event < 500_000 { 2 } else { 7 };
        if removes {
            assert_eq!(ranks.remove(id), truth.remove(&id).is_some());
        } else {
            let sum = dice.below(3_000) as i64;
            truth.insert(id, sum);
            let standing = ranks.place(id, WeightedSum(sum));
            assert_eq!(ranks.sum(id), Some(WeightedSum(sum)));
            assert!(standing.rank >= 1 && standing.rank <= standing.size);
        }
        if event % 250_000 == 249_999 {
            assert_equals_full_sort(&ranks, &truth);
        }
    }
    for id in 0..100_000 {
        assert_eq!(ranks.remove(id), truth.remove(&id).is_some());
    }
    assert!(ranks.is_empty() && ranks.sum_to_enter(Tier::Small, 0).is_none());
}

proptest! {
    #[test]
    fn any_events_leave_the_same_ranks_as_a_full_sort(
        events in proptest::collection::vec((0_u64..40, proptest::option::weighted(0.8, -5_i64..5)), 0..400),
    ) {
        let (mut ranks, mut truth) = (LiveRanks::new(), HashMap::new());
        for (id, sum) in events {
            if let Some(sum) = sum {
                truth.insert(id, sum);
                ranks.place(id, WeightedSum(sum));
            } else {
                prop_assert_eq!(ranks.remove(id), truth.remove(&id).is_some());
            }
        }
        assert_equals_full_sort(&ranks, &truth);
    }

    #[test]
    fn the_sum_to_enter_a_tier_is_the_least_that_does(
        customers in proptest::collection::vec((0_u64..120, -5_i64..5), 1..200),
    ) {
        let truth: HashMap<u64, i64> = customers.into_iter().collect();
        let ranks = LiveRanks::load(truth.iter().map(|(&id, &sum)| (id, WeightedSum(sum))));
        for (&id, tier) in truth.keys().zip(Tier::ALL.into_iter().cycle()) {
            let is_below = ranks.standing(id).unwrap().tier > tier;
            let Some(sum) = ranks.sum_to_enter(tier, id).filter(|_| is_below) else {
                continue;
            };
            let mut moved = ranks.clone();
            prop_assert!(moved.place(id, sum).tier <= tier);
            prop_assert!(moved.place(id, WeightedSum(sum.0 - 1)).tier > tier);
        }
    }

    #[test]
    fn behind_any_place_stands_who_is_sorted_behind_it(
        customers in proptest::collection::vec((0_u64..60, -5_i64..5), 0..60),
        (id, sum) in (0_u64..60, -6_i64..6),
    ) {
        let truth: HashMap<u64, i64> = customers.into_iter().collect();
        let ranks = LiveRanks::load(truth.iter().map(|(&id, &sum)| (id, WeightedSum(sum))));
        let is_not_behind = |&(&other, &of_other): &(&u64, &i64)| (Reverse(of_other), other) <= (Reverse(sum), id);
        let before = truth.iter().filter(is_not_behind).count() as u64;
        prop_assert_eq!(ranks.rank_behind(id, WeightedSum(sum)), before + 1);
    }

    #[test]
    fn loading_is_the_same_as_placing_one_by_one(
        customers in proptest::collection::vec((0_u64..500, -50_i64..50), 0..2_000),
    ) {
        let truth: HashMap<u64, i64> = customers.iter().copied().collect();
        let loaded = LiveRanks::load(customers.iter().map(|&(id, sum)| (id, WeightedSum(sum))));
        assert_equals_full_sort(&loaded, &truth);
    }
}
