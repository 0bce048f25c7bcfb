//! Columns of a file that mean the same.

use rustc_hash::FxHashMap;

use super::{comparable, without_remarks};
use crate::schema::Schema;

/// A column of the file that means what another one was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rival {
    /// Place of the column in the schema.
    pub(super) column: usize,
    /// Place of the header among its names.
    pub(super) rank: usize,
    /// Place in the file.
    pub(super) source: usize,
}

/// The columns left over whose headers mean a column of the schema too.
pub(super) fn rivals(extras: &[(usize, String)], schema: &Schema) -> Vec<Rival> {
    if extras.is_empty() {
        return Vec::new();
    }
    let mut known: FxHashMap<String, (usize, usize)> = FxHashMap::default();
    for (place, column) in schema.columns.iter().enumerate() {
        let names = std::iter::once(column.name).chain(column.aliases());
        for (rank, name) in names.enumerate() {
            known.entry(comparable(name)).or_insert((place, rank));
        }
    }
    let rival = |(source, header): &(usize, String)| {
        let (column, rank) = *known.get(&comparable(&without_remarks(header)))?;
        Some(Rival {
            column,
            rank,
            source: *source,
        })
    };
    let mut rivals: Vec<Rival> = extras.iter().filter_map(rival).collect();
    rivals.sort_unstable();
    rivals
}
