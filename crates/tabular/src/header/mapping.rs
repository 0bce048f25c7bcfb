//! Columns that somebody names, since no header tells them.

use std::collections::BTreeMap;

/// Columns named explicitly: canonical name → header of the file. Wins over recognition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    pub(super) headers: BTreeMap<String, String>,
}

impl Mapping {
    /// A mapping of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the canonical column from this header.
    pub fn with(mut self, column: impl Into<String>, header: impl Into<String>) -> Self {
        self.headers.insert(column.into(), header.into());
        self
    }
}

impl<C: Into<String>, H: Into<String>> FromIterator<(C, H)> for Mapping {
    fn from_iter<I: IntoIterator<Item = (C, H)>>(pairs: I) -> Self {
        pairs
            .into_iter()
            .fold(Self::new(), |mapping, (column, header)| {
                mapping.with(column, header)
            })
    }
}
