//! Records that come several times in one batch, as exports with a line for each change have them.
//!
//! What a record's rows say with one date, or without any, one after the other, is one version of it: the last of them stands. What they say
//! with another date is the next version. It is written in a round of its own, as if it had come in the next file, so that since when a
//! person had a phone or a car does not hang on where batches end. A version that stands in the store already makes those before it moot, so that a
//! file that is sent again changes nothing.

use marque_core::SourceRecordId;
use rustc_hash::FxHashMap;

/// In which order the rows of a batch are written, by their places.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rounds {
    /// For each row the one that stands for it: itself, or a later one of the same record.
    pub(super) stands_for: Vec<usize>,
    /// The rows that stand; in each round every record comes once at most, and its versions come in their order.
    pub(super) rounds: Vec<Vec<usize>>,
}

impl Rounds {
    /// The rounds of rows given by record and date. `is_stored` tells whether a row says what its record says in the store.
    pub(super) fn of<D: PartialEq>(
        rows: &[(SourceRecordId, D)],
        is_stored: impl Fn(usize) -> bool,
    ) -> Self {
        let mut stands_for: Vec<usize> = (0..rows.len()).collect();
        let mut next: FxHashMap<SourceRecordId, usize> = FxHashMap::default();
        for (at, (record, date)) in rows.iter().enumerate().rev() {
            match next.get(record) {
                Some(&later) if rows[later].1 == *date || is_stored(later) => {
                    stands_for[at] = later;
                }
                _ => {
                    next.insert(*record, at);
                }
            }
        }
        let mut rounds: Vec<Vec<usize>> = Vec::new();
        let mut versions: FxHashMap<SourceRecordId, usize> = FxHashMap::default();
        for (at, (record, _)) in rows.iter().enumerate() {
            if stands_for[at] != at {
                continue;
            }
            let round = versions.entry(*record).or_default();
            if *round == rounds.len() {
                rounds.push(Vec::new());
            }
            rounds[*round].push(at);
            *round += 1;
        }
        Self { stands_for, rounds }
    }
}

#[cfg(test)]
mod tests {
    use marque_core::{DealerCode, source_record_id};

    use super::*;

    fn rounds(rows: &[(&str, u32)], is_stored: impl Fn(usize) -> bool) -> Rounds {
        let dealer: DealerCode = "D1".parse().unwrap();
        let row = |(key, date): &(&str, u32)| (source_record_id(&dealer, "dms", key), *date);
        Rounds::of(&rows.iter().map(row).collect::<Vec<_>>(), is_stored)
    }

    #[test]
    fn a_row_with_another_date_is_the_next_version() {
        let rows = [
            ("a", 1),
            ("b", 1),
            ("a", 1),
            ("a", 2),
            ("c", 1),
            ("b", 2),
            ("a", 1),
        ];
        let found = rounds(&rows, |_| false);
        assert_eq!(found.stands_for, [2, 1, 2, 3, 4, 5, 6]);
        assert_eq!(found.rounds, [vec![1, 2, 4], vec![3, 5], vec![6]]);
    }

    #[test]
    fn what_stands_in_the_store_makes_what_came_before_it_moot() {
        let rows = [("a", 1), ("a", 2), ("a", 3), ("b", 1)];
        let again = rounds(&rows, |at| at == 2);
        assert_eq!(again.stands_for, [2, 2, 2, 3]);
        assert_eq!(again.rounds, [[2, 3]]);
        let grown = rounds(&rows, |at| at == 1);
        assert_eq!(grown.stands_for, [1, 1, 2, 3]);
        assert_eq!(grown.rounds, [vec![1, 3], vec![2]]);
    }
}
