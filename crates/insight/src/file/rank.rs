//! Ranking the rows of a file, and finding ids that stand twice.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::read::{Part, Row};
use crate::rank::Kind;
use crate::value::Finer;

/// Rows by their number in the file, over the parts they were read in.
pub(super) struct Rows<'text> {
    pub(super) text: &'text [u8],
    pub(super) parts: Vec<Part>,
    /// Number of the first row of each part.
    starts: Vec<usize>,
}

impl<'text> Rows<'text> {
    pub(super) fn new(text: &'text [u8], parts: Vec<Part>) -> Self {
        let mut count = 0;
        let starts = parts.iter().map(|part| {
            count += part.len();
            count - part.len()
        });
        Self {
            text,
            starts: starts.collect(),
            parts,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// Number of a part's first row.
    pub(super) fn start_of(&self, part: usize) -> usize {
        self.starts[part]
    }

    fn row(&self, number: u32) -> &Row {
        let number = number as usize;
        let part = self.starts.partition_point(|&start| start <= number) - 1;
        &self.parts[part][number - self.starts[part]]
    }

    fn id(&self, number: u32) -> &'text [u8] {
        self.row(number).id(self.text)
    }

    /// Whether each id is above the one before it, byte by byte: then nobody stands twice and ties are in file order.
    fn are_ids_ascending(&self) -> bool {
        let ascend = |left: &Row, right: &Row| left.id(self.text) < right.id(self.text);
        let within = self
            .parts
            .par_iter()
            .all(|part| part.windows(2).all(|pair| ascend(&pair[0], &pair[1])));
        let mut ends = self.parts.iter().filter(|part| !part.is_empty());
        let Some(mut before) = ends.next() else {
            return true;
        };
        within
            && ends.all(|part| {
                let joins = ascend(&before[before.len() - 1], &part[0]);
                before = part;
                joins
            })
    }

    /// The numbers of two rows with one id, if there are such.
    fn duplicate(&self) -> Option<(u32, u32)> {
        let hash = |row: &Row| -> u64 {
            use std::hash::BuildHasher;
            rustc_hash::FxBuildHasher.hash_one(row.id(self.text))
        };
        let mut hashes: Vec<u64> = self
            .parts
            .par_iter()
            .flat_map_iter(|part| part.iter().map(hash))
            .collect();
        hashes.par_sort_unstable();
        let mut suspects: Vec<u64> = hashes
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        if suspects.is_empty() {
            return None;
        }
        suspects.dedup();
        // Few, unless the file is broken: only rows whose hash occurs twice are compared by their ids.
        let mut seen = rustc_hash::FxHashMap::default();
        (0..self.len() as u32).find_map(|number| {
            let row = self.row(number);
            suspects.binary_search(&hash(row)).ok()?;
            seen.insert(row.id(self.text), number)
                .map(|first| (first, number))
        })
    }
}

/// Ranks of all rows, from 1 within their kind, 0 for the unscored; and how many of each kind are ranked.
pub(super) struct Ranks {
    pub(super) ranks: Vec<u32>,
    pub(super) sizes: [u64; 2],
}

/// Ranks by weighted sum, the highest first, ties by id (bytes of its UTF-8). `finer` tells what a row's sum is above its whole
/// units.
///
/// # Errors
/// The byte offsets of two rows with the same id: (first, second).
pub(super) fn rank(
    rows: &Rows<'_>,
    finer: impl Fn(&Row) -> Finer + Sync,
) -> Result<Ranks, (usize, usize)> {
    let are_ascending = rows.are_ids_ascending();
    if !are_ascending && let Some((first, second)) = rows.duplicate() {
        return Err((rows.row(first).start, rows.row(second).start));
    }
    let mut ranks = vec![0; rows.len()];
    let mut sizes = [0; 2];
    for kind in Kind::ALL {
        let order = if are_ascending {
            order_by_row(rows, kind, &finer)
        } else {
            order_by_id(rows, kind, &finer)
        };
        sizes[kind as usize] = order.len() as u64;
        for (position, number) in order.into_iter().enumerate() {
            ranks[number as usize] = position as u32 + 1;
        }
    }
    Ok(Ranks { ranks, sizes })
}

/// The rows of a kind that are scored, as a key made of the row and its number.
fn keys<Key: Send>(rows: &Rows<'_>, kind: Kind, key: impl Fn(&Row, u32) -> Key + Sync) -> Vec<Key> {
    let of_part = |(part, start): (&Part, &usize)| {
        let numbered = part.iter().zip(*start as u32..);
        let chosen = numbered.filter(|(row, _)| row.kind == kind && row.confidence.is_some());
        chosen
            .map(|(row, number)| key(row, number))
            .collect::<Vec<_>>()
    };
    let mut parts: Vec<Vec<Key>> = rows
        .parts
        .par_iter()
        .zip(&rows.starts)
        .map(of_part)
        .collect();
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    for part in &mut parts {
        all.append(part);
    }
    all
}

fn order_by_row(rows: &Rows<'_>, kind: Kind, finer: &(impl Fn(&Row) -> Finer + Sync)) -> Vec<u32> {
    let mut keys = keys(rows, kind, |row, number| (-row.sum, number));
    keys.par_sort_unstable();
    settle(rows, &mut keys, |&(sum, number)| (sum, number), finer);
    keys.into_par_iter().map(|(_, number)| number).collect()
}

/// Sorts by (sum, id) with eight bytes of the id beside the sum, so that most comparisons touch no text. The eight bytes are
/// taken after what all ids have in common, which in `C00000017` is the better part.
fn order_by_id(rows: &Rows<'_>, kind: Kind, finer: &(impl Fn(&Row) -> Finer + Sync)) -> Vec<u32> {
    let skipped = common_prefix(rows);
    let prefix = |row: &Row| {
        let id = &row.id(rows.text)[skipped..];
        let mut bytes = [0; 8];
        bytes[..id.len().min(8)].copy_from_slice(&id[..id.len().min(8)]);
        u64::from_be_bytes(bytes)
    };
    let mut keys = keys(rows, kind, |row, number| (-row.sum, prefix(row), number));
    keys.par_sort_unstable_by(|left, right| {
        let by_key = (left.0, left.1).cmp(&(right.0, right.1));
        by_key.then_with(|| rows.id(left.2).cmp(rows.id(right.2)))
    });
    settle(rows, &mut keys, |&(sum, _, number)| (sum, number), finer);
    keys.into_par_iter().map(|(_, _, number)| number).collect()
}

/// Puts rows whose sums have the same whole units in the order of what their sums are above these. `sum_and_number` takes both out
/// of a key; what agrees to the last decimal stays in the order of the ids.
fn settle<Key: Send>(
    rows: &Rows<'_>,
    keys: &mut [Key],
    sum_and_number: impl Fn(&Key) -> (i64, u32) + Sync + Send,
    finer: &(impl Fn(&Row) -> Finer + Sync),
) {
    let is_any_finer = |part: &Part| part.iter().any(|row| row.is_finer);
    if !rows.parts.par_iter().any(is_any_finer) {
        return;
    }
    let row = |key: &Key| rows.row(sum_and_number(key).1);
    keys.par_chunk_by_mut(|left, right| sum_and_number(left).0 == sum_and_number(right).0)
        .filter(|tied| tied.len() > 1 && tied.iter().any(|key| row(key).is_finer))
        .for_each(|tied| tied.sort_by_cached_key(|key| Reverse(finer(row(key)))));
}

/// How many leading bytes all ids share.
fn common_prefix(rows: &Rows<'_>) -> usize {
    let Some(first) = rows.parts.iter().find_map(|part| part.first()) else {
        return 0;
    };
    let first = first.id(rows.text);
    let shared = |row: &Row| {
        first
            .iter()
            .zip(row.id(rows.text))
            .take_while(|(left, right)| left == right)
            .count()
    };
    rows.parts
        .par_iter()
        .flat_map_iter(|part| part.iter().map(shared))
        .min()
        .unwrap_or(0)
}
