//! Blocking: streams the pairs of records that share a key, each pair once, without ever holding them all.

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::text::hash::join;

/// The keys of all records, by record and kind; 0 = the record has no key of this kind.
pub struct BlockTable {
    kinds: usize,
    keys: Vec<u64>,
    /// Two kinds whose values may stand in either's place, such as a first and a second phone.
    twins: Option<(usize, usize)>,
}

/// What blocking on one kind of key came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BlockingReport {
    /// Name of the kind.
    pub kind: String,
    /// Blocks of two records or more.
    pub blocks: u64,
    /// Pairs in them.
    pub pairs: u64,
    /// Records in the largest block that was accepted.
    pub largest: u64,
    /// Records whose block was too large and was split by a further key.
    pub refined_records: u64,
    /// Pairs given up because even the finest split was too large.
    pub lost_pairs: u64,
}

/// Records of one kind of key, sorted so that blocks lie together.
pub struct SortedKind {
    entries: Vec<(u64, u32)>,
}

impl BlockTable {
    /// An empty table.
    pub fn new(records: usize, kinds: usize) -> Self {
        Self {
            kinds,
            keys: vec![0; records * kinds],
            twins: None,
        }
    }

    /// With two kinds whose values may stand in either's place, the earlier first: blocks of the later one also hold the records
    /// that have its key in the earlier one.
    #[must_use]
    pub fn with_twins(mut self, twins: Option<(usize, usize)>) -> Self {
        self.twins = twins;
        self
    }

    /// How many kinds there are.
    pub fn kinds(&self) -> usize {
        self.kinds
    }

    /// The keys record by record, to be filled in parallel; none if no column is fit for a key.
    pub fn rows_mut(&mut self) -> rayon::slice::ChunksMut<'_, u64> {
        self.keys.par_chunks_mut(self.kinds.max(1))
    }

    fn key(&self, record: u32, kind: usize) -> u64 {
        self.keys[record as usize * self.kinds + kind]
    }

    /// True if the two share a key of an earlier kind, so that the pair has been seen.
    pub fn is_seen(&self, kind: usize, left: u32, right: u32) -> bool {
        let row = |record: u32| &self.keys[record as usize * self.kinds..][..kind];
        let (left, right) = (row(left), row(right));
        let crosses = |first: usize, second: usize| {
            let same = |a: u64, b: u64| a == b && a != 0;
            same(left[first], right[second]) || same(left[second], right[first])
        };
        left.iter().zip(right).any(|(a, b)| a == b && *a != 0)
            || self
                .twins
                .is_some_and(|(first, second)| second < kind && crosses(first, second))
    }

    /// Entries of the earlier twin whose key somebody has in the later one.
    fn add_twins(&self, kind: usize, entries: &mut Vec<(u64, u32)>) {
        let Some((first, _)) = self.twins.filter(|(_, second)| *second == kind) else {
            return;
        };
        let wanted: FxHashSet<u64> = entries.iter().map(|(key, _)| *key).collect();
        if wanted.is_empty() {
            return;
        }
        entries.extend(self.collect(first, |key| wanted.contains(&key)));
        entries.par_sort_unstable();
    }

    /// The records of `kind` in blocks, of those keys only for which `take` is true. Nothing is split.
    pub fn sampled(&self, kind: usize, take: impl Fn(u64) -> bool + Sync) -> SortedKind {
        let mut entries = self.collect(kind, take);
        self.add_twins(kind, &mut entries);
        SortedKind { entries }
    }

    fn collect(&self, kind: usize, take: impl Fn(u64) -> bool + Sync) -> Vec<(u64, u32)> {
        let records = self.keys.len() / self.kinds.max(1);
        let mut entries: Vec<(u64, u32)> = (0..records as u32)
            .into_par_iter()
            .map(|record| (self.key(record, kind), record))
            .filter(|(key, _)| *key != 0 && take(*key))
            .collect();
        entries.par_sort_unstable();
        entries
    }

    /// The records of `kind` in blocks of at most `cap`: a larger block is split by `refine(record, step)` for step 0, 1, …
    /// below `steps`, and given up if that does not suffice. The table is changed to the keys in use, so that
    /// [`BlockTable::is_seen`] stays exact.
    pub fn sorted(
        &mut self,
        kind: usize,
        cap: usize,
        steps: u8,
        refine: impl Fn(u32, u8) -> u64 + Sync,
    ) -> (SortedKind, BlockingReport) {
        let mut report = BlockingReport::default();
        let mut done = Vec::new();
        let mut pending = self.collect(kind, |_| true);
        self.add_twins(kind, &mut pending);
        for step in 0..=steps {
            let mut too_large = Vec::new();
            for block in pending.chunk_by(|a, b| a.0 == b.0) {
                if block.len() <= cap {
                    done.extend_from_slice(block);
                } else {
                    too_large.extend_from_slice(block);
                }
            }
            if step == steps {
                self.give_up(kind, &too_large, &mut report);
                break;
            }
            if step == 0 {
                report.refined_records = too_large.len() as u64;
            }
            pending = self.refine(kind, too_large, |record| refine(record, step));
        }
        if report.refined_records > 0 {
            done.par_sort_unstable();
        }
        let sorted = SortedKind { entries: done };
        for block in sorted.blocks() {
            let size = block.len() as u64;
            report.blocks += 1;
            report.pairs += size * (size - 1) / 2;
            report.largest = report.largest.max(size);
        }
        (sorted, report)
    }

    fn refine(
        &mut self,
        kind: usize,
        entries: Vec<(u64, u32)>,
        finer: impl Fn(u32) -> u64,
    ) -> Vec<(u64, u32)> {
        let mut refined = Vec::with_capacity(entries.len());
        for (before, record) in entries {
            let finer = finer(record);
            let key = if finer == 0 { 0 } else { join(before, finer) };
            self.replace(record, kind, before, key);
            if key != 0 {
                refined.push((key, record));
            }
        }
        refined.sort_unstable();
        refined
    }

    /// Puts a key in another's place; a record that came by its twin's key keeps its own.
    fn replace(&mut self, record: u32, kind: usize, before: u64, key: u64) {
        let slot = &mut self.keys[record as usize * self.kinds + kind];
        if *slot == before {
            *slot = key;
        }
    }

    fn give_up(&mut self, kind: usize, entries: &[(u64, u32)], report: &mut BlockingReport) {
        for block in entries.chunk_by(|a, b| a.0 == b.0) {
            let size = block.len() as u64;
            report.lost_pairs += size * (size - 1) / 2;
            for (key, record) in block {
                self.replace(*record, kind, *key, 0);
            }
        }
    }
}

impl SortedKind {
    /// The blocks of two records or more.
    pub fn blocks(&self) -> impl Iterator<Item = &[(u64, u32)]> {
        self.entries
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|block| block.len() > 1)
    }

    /// Runs `work` over about equal shares of the blocks in parallel and returns what each share came to, in order.
    pub fn map_shares<T: Send>(
        &self,
        shares: usize,
        work: impl Fn(&[(u64, u32)]) -> T + Sync,
    ) -> Vec<T> {
        let mut bounds = vec![0];
        for share in 1..shares {
            let mut at = self.entries.len() * share / shares;
            while at > 0 && at < self.entries.len() && self.entries[at - 1].0 == self.entries[at].0
            {
                at += 1;
            }
            bounds.push(at.max(*bounds.last().expect("bounds begin with 0")));
        }
        bounds.push(self.entries.len());
        bounds
            .par_windows(2)
            .map(|bound| work(&self.entries[bound[0]..bound[1]]))
            .collect()
    }
}

/// Calls `visit` for every pair within the blocks of a share, smaller record number first.
pub fn for_each_pair(share: &[(u64, u32)], mut visit: impl FnMut(u32, u32)) {
    for block in share.chunk_by(|a, b| a.0 == b.0) {
        for (at, (_, left)) in block.iter().enumerate() {
            for (_, right) in &block[at + 1..] {
                visit((*left).min(*right), (*left).max(*right));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_its_twins_place_and_the_pair_is_new_only_there() {
        let mut table = BlockTable::new(4, 3).with_twins(Some((0, 1)));
        let keys = [[7, 0, 5], [8, 7, 5], [8, 0, 0], [9, 9, 0]];
        table
            .rows_mut()
            .zip(keys)
            .for_each(|(row, keys): (&mut [u64], [u64; 3])| row.copy_from_slice(&keys));
        let mut fresh = |kind: usize| {
            let (sorted, _) = table.sorted(kind, 10, 0, |_, _| 0);
            let mut pairs = Vec::new();
            sorted.blocks().for_each(|block| {
                for_each_pair(block, |a, b| {
                    if a != b && !table.is_seen(kind, a, b) {
                        pairs.push((a, b));
                    }
                });
            });
            pairs
        };
        assert_eq!(fresh(0), [(1, 2)]);
        assert_eq!(fresh(1), [(0, 1)]);
        assert_eq!(fresh(2), []);
    }

    #[test]
    fn each_pair_comes_once_and_large_blocks_are_split_or_reported() {
        let mut table = BlockTable::new(30, 2);
        table.rows_mut().enumerate().for_each(|(record, row)| {
            row[0] = if record < 3 { 7 } else { 0 };
            row[1] = if record < 20 { 9 } else { record as u64 + 100 };
        });
        let (first, report) = table.sorted(0, 10, 1, |_, _| 0);
        assert_eq!((report.pairs, report.blocks), (3, 1));
        let mut seen = 0;
        first
            .map_shares(3, |share| {
                let mut pairs = 0;
                for_each_pair(share, |a, b| pairs += u32::from(a < b));
                pairs
            })
            .into_iter()
            .for_each(|pairs| seen += pairs);
        assert_eq!(seen, 3);
        let (second, report) = table.sorted(1, 10, 1, |record, _| u64::from(record % 4) + 1);
        assert_eq!(
            (report.refined_records, report.largest, report.lost_pairs),
            (20, 5, 0)
        );
        let mut fresh = 0;
        second.blocks().for_each(|block| {
            for_each_pair(block, |a, b| fresh += u32::from(!table.is_seen(1, a, b)));
        });
        assert_eq!(fresh, 40);
        let (_, report) = table.sorted(1, 2, 0, |_, _| 1);
        assert!(report.lost_pairs > 0);
        assert!(!table.is_seen(2, 4, 8));
    }
}
