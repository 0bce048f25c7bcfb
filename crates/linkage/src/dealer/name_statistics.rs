//! How probable a name is, by its characters: a name of rare characters is rare even if the file holds it several times.

use rustc_hash::{FxHashMap, FxHashSet};

use super::name::Kind;
use super::prepared::Prepared;
use crate::text::hash::stable_hash;
use crate::text::sound::syllable;

/// Counts of characters and syllables by place in the name, over the different names of a file.
pub(super) struct NameStatistics {
    characters: FxHashMap<(u8, char), u32>,
    syllables: FxHashMap<(u8, u64), u32>,
    names: u32,
}

/// Longer names are judged by their first characters.
const LONGEST: usize = 4;

impl NameStatistics {
    pub(super) fn new(records: &[Prepared]) -> Self {
        let mut statistics = Self {
            characters: FxHashMap::default(),
            syllables: FxHashMap::default(),
            names: 0,
        };
        let mut seen: FxHashSet<(u64, u32)> = FxHashSet::default();
        for record in records.iter().filter(|record| is_counted(record)) {
            let who = (
                stable_hash(&[record.name.as_bytes()]),
                record.birth.map_or(0, crate::dates::Date::packed),
            );
            if seen.insert(who) {
                statistics.names += 1;
                for (place, character) in record.name.chars().take(LONGEST).enumerate() {
                    *statistics
                        .characters
                        .entry((place as u8, character))
                        .or_default() += 1;
                    *statistics
                        .syllables
                        .entry((place as u8, syllable_hash(character)))
                        .or_default() += 1;
                }
            }
        }
        statistics
    }

    /// The probabilities of the name as written and of its sound; 0 where nothing can be said.
    pub(super) fn shares(&self, record: &Prepared) -> (f32, f32) {
        if !is_counted(record) || self.names == 0 {
            return (0.0, 0.0);
        }
        let names = self.names as f32;
        let share =
            |count: Option<&u32>| (count.map_or(0.0, |count| *count as f32) + 0.5) / (names + 1.0);
        record.name.chars().take(LONGEST).enumerate().fold(
            (1.0, 1.0),
            |(written, spoken), (place, character)| {
                let place = place as u8;
                (
                    written * share(self.characters.get(&(place, character))),
                    spoken * share(self.syllables.get(&(place, syllable_hash(character)))),
                )
            },
        )
    }
}

fn is_counted(record: &Prepared) -> bool {
    record.kind != Kind::Organisation && record.has_full_name()
}

fn syllable_hash(character: char) -> u64 {
    syllable(character).map_or(u64::from(character as u32), |reading| {
        stable_hash(&[reading.as_bytes()])
    })
}
