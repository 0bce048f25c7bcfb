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

/// Draws about `size` records: as many of each dealer, so that each can be judged; within a dealer as many of each
/// department as its share, so that his rate needs no weights. Which ones follows from the seed alone.
pub(crate) fn draw(candidates: Vec<Candidate>, size: usize, seed: u64) -> Vec<Candidate> {
    let mut dealers: BTreeMap<String, BTreeMap<String, Vec<Candidate>>> = BTreeMap::new();
    for candidate in candidates {
        let departments = dealers.entry(candidate.dealer.clone()).or_default();
        let department = departments.entry(candidate.department.clone());
        department.or_default().push(candidate);
    }
    if dealers.is_empty() {
        return Vec::new();
    }
    let share = size.div_ceil(dealers.len());
    let mut drawn = Vec::new();
    for departments in dealers.into_values() {
        let all: usize = departments.values().map(Vec::len).sum();
        let wanted = share.min(all);
        let mut of_dealer = Vec::new();
        for mut of_department in departments.into_values() {
            let count = (wanted * of_department.len()).div_ceil(all);
            of_department.sort_by_key(|candidate| (scramble(seed, candidate.id), candidate.id));
            of_department.truncate(count);
            of_dealer.extend(of_department);
        }
        // Rounding up drew at most one too many a department.
        of_dealer.sort_by_key(|candidate| (scramble(seed, candidate.id), candidate.id));
        of_dealer.truncate(wanted);
        drawn.extend(of_dealer);
    }
    drawn
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
    fn no_more_are_drawn_than_there_are() {
        assert_eq!(draw(candidates(), 10_000, 1).len(), 300);
        assert!(draw(Vec::new(), 10, 1).is_empty());
    }
}
