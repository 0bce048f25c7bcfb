//! The headers of a file, looked up by what they are called.

use rustc_hash::FxHashMap;

use super::{comparable, without_remarks};
use crate::writer::REASON_COLUMN_PREFIX;

/// The headers not given away yet, by their comparable form.
pub(super) struct Finder {
    exact: FxHashMap<String, usize>,
    places: FxHashMap<String, usize>,
    without_remarks: FxHashMap<String, usize>,
    is_taken: Vec<bool>,
}

impl Finder {
    pub(super) fn new(headers: &[String]) -> Self {
        let mut finder = Self {
            exact: FxHashMap::default(),
            places: FxHashMap::default(),
            without_remarks: FxHashMap::default(),
            is_taken: vec![false; headers.len()],
        };
        for (place, header) in headers.iter().enumerate() {
            if header.starts_with(REASON_COLUMN_PREFIX) {
                finder.is_taken[place] = true;
                continue;
            }
            finder.exact.entry(header.clone()).or_insert(place);
            finder.places.entry(comparable(header)).or_insert(place);
            finder
                .without_remarks
                .entry(comparable(&without_remarks(header)))
                .or_insert(place);
        }
        finder
    }

    pub(super) fn take_mapped(&mut self, header: &str) -> Option<usize> {
        let place = *self
            .exact
            .get(header.trim())
            .or_else(|| self.places.get(&comparable(header)))?;
        self.is_taken[place] = true;
        Some(place)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<usize> {
        let name = comparable(name);
        let candidates = [self.places.get(&name), self.without_remarks.get(&name)];
        let place = candidates
            .into_iter()
            .flatten()
            .copied()
            .find(|place| !self.is_taken[*place])?;
        self.is_taken[place] = true;
        Some(place)
    }

    pub(super) fn into_extras(self, headers: &[String]) -> Vec<(usize, String)> {
        let left = headers
            .iter()
            .enumerate()
            .filter(|(place, _)| !self.is_taken[*place]);
        left.map(|(place, header)| {
            let name = if header.is_empty() {
                format!("column_{}", place + 1)
            } else {
                header.clone()
            };
            (place, name)
        })
        .collect()
    }
}
