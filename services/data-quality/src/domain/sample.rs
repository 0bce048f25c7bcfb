//! Drawing records to be verified: stratified by dealer and department, and the same records for the same seed.

use std::collections::BTreeMap;

use uuid::Uuid;

/// A record that may be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) id: Uuid,
    pub(crate) dealer: String,
    pub(crate) department: String,
}

/// The records of a dealer by department.
type Departments = BTreeMap<String, Vec<Candidate>>;

/// Draws `size` records, or all if there are no more: as many of each dealer, so that each can be judged, and of those who have more what
/// others lack; within a dealer as many of each department as its share, so that his rate needs no weights. Which ones follows from the
/// seed alone.
pub(crate) fn draw(candidates: Vec<Candidate>, size: usize, seed: u64) -> Vec<Candidate> {
    let mut dealers: BTreeMap<String, Departments> = BTreeMap::new();
    for candidate in candidates {
        let departments = dealers.entry(candidate.dealer.clone()).or_default();
        let department = departments.entry(candidate.department.clone());
        department.or_default().push(candidate);
    }
    let stocks = dealers
        .iter()
        .map(|(dealer, own)| (dealer.as_str(), stock(own)));
    let shares = shares(stocks.collect(), size, seed);
    let mut drawn = Vec::new();
    for (departments, wanted) in dealers.values_mut().zip(shares) {
        let all = stock(departments);
        let mut of_dealer = Vec::new();
        for of_department in departments.values_mut() {
            let count = (wanted * of_department.len()).div_ceil(all);
            of_department.sort_by_key(|candidate| (scramble(seed, candidate.id), candidate.id));
            of_department.truncate(count);
            of_dealer.append(of_department);
        }
        // Rounding up drew at most one too many a department.
        of_dealer.sort_by_key(|candidate| (scramble(seed, candidate.id), candidate.id));
        of_dealer.truncate(wanted);
        drawn.extend(of_dealer);
    }
    drawn
}

fn stock(departments: &Departments) -> usize {
    departments.values().map(Vec::len).sum()
}

/// How many records are drawn of each dealer, in their order, by how many he has: as many of each, and what the smaller ones lack of the
/// others. What cannot be divided goes to some by the seed, so that the same ones are not passed over each time.
fn shares(stocks: Vec<(&str, usize)>, size: usize, seed: u64) -> Vec<usize> {
    let mut shares = vec![0; stocks.len()];
    let mut turns: Vec<usize> = (0..stocks.len()).collect();
    let turn = |dealer: &str| scramble(seed, Uuid::new_v5(&Uuid::nil(), dealer.as_bytes()));
    turns.sort_by_key(|at| (turn(stocks[*at].0), *at));
    let mut left = size;
    while left > 0 {
        turns.retain(|at| shares[*at] < stocks[*at].1);
        if turns.is_empty() {
            break;
        }
        let each = (left / turns.len()).max(1);
        for at in &turns {
            let more = each.min(stocks[*at].1 - shares[*at]).min(left);
            shares[*at] += more;
            left -= more;
        }
    }
    shares
}

/// A number that looks random and follows from seed and id (SplitMix64; Steele, Lea and Flood 2014).
fn scramble(seed: u64, id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    let mut mixed = seed;
    for part in [high, low] {
        mixed = (mixed ^ part).wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates() -> Vec<Candidate> {
        let of = |i: u128| Candidate {
            id: Uuid::from_u128(i * 7919),
            dealer: format!("D{}", i % 3),
            department: if i.is_multiple_of(4) {
                "service"
            } else {
                "sales"
            }
            .to_owned(),
        };
        (0..300).map(of).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_and_every_dealer_alike() {
        let drawn = draw(candidates(), 60, 7);
        let mut reversed = candidates();
        reversed.reverse();
        assert_eq!(draw(reversed, 60, 7), drawn);
        assert_ne!(draw(candidates(), 60, 8), drawn);
        for dealer in ["D0", "D1", "D2"] {
            let own: Vec<_> = drawn.iter().filter(|c| c.dealer == dealer).collect();
            let service = own.iter().filter(|c| c.department == "service").count();
            assert_eq!(own.len(), 20);
            assert!((4..=6).contains(&service), "{service}");
        }
    }

    #[test]
    fn what_a_small_dealer_lacks_is_drawn_of_the_others_and_never_more_than_asked() {
        let sizes = [1, 3, 40, 400];
        let of = |(dealer, records): (usize, u128)| {
            (0..records).map(move |i| Candidate {
                id: Uuid::from_u128(dealer as u128 * 1_000_003 + i * 7919),
                dealer: format!("D{dealer}"),
                department: if i.is_multiple_of(3) {
                    "service"
                } else {
                    "sales"
                }
                .to_owned(),
            })
        };
        let all: Vec<Candidate> = sizes.into_iter().enumerate().flat_map(of).collect();
        for (size, expected) in [
            (1, None),
            (3, None),
            (4, Some([1, 1, 1, 1])),
            (44, Some([1, 3, 20, 20])),
            (84, Some([1, 3, 40, 40])),
            (200, Some([1, 3, 40, 156])),
            (1_000, Some([1, 3, 40, 400])),
        ] {
            let drawn = draw(all.clone(), size, 7);
            assert_eq!(drawn.len(), size.min(444));
            let own = |n: usize| {
                let dealer = format!("D{n}");
                drawn.iter().filter(move |one| one.dealer == dealer)
            };
            let counts = [0, 1, 2, 3].map(|n| own(n).count());
            assert!(
                expected.is_none_or(|expected| counts == expected),
                "{size}: {counts:?}"
            );
        }
    }

    #[test]
    fn of_dealers_too_many_for_the_list_others_are_drawn_by_another_seed() {
        let drawn: std::collections::BTreeSet<String> = (0..100)
            .flat_map(|seed| draw(candidates(), 1, seed))
            .map(|one| one.dealer)
            .collect();
        assert_eq!(drawn.len(), 3);
    }

    #[test]
    fn no_more_are_drawn_than_there_are() {
        assert_eq!(draw(candidates(), 10_000, 1).len(), 300);
        assert!(draw(Vec::new(), 10, 1).is_empty());
    }
}
