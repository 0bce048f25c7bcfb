//! What one state shows, before it is compared with the others.

use rustc_hash::FxHashSet;

use super::{
    group::{Shape, Shared},
    state::EntryState,
};

/// The measures of one dealer or clerk.
#[derive(Default)]
pub(super) struct Measures {
    /// Phones shared by unrelated people, the most people first; weak ones behind.
    pub(super) phones: Vec<(u64, Shape)>,
    pub(super) sequential: FxHashSet<u64>,
    /// ID numbers on several unrelated people.
    pub(super) ids: Vec<(u64, Shape)>,
    /// Area and birth date with three sequence numbers or more on unrelated people, and how many.
    pub(super) id_stems: Vec<(u64, usize)>,
    pub(super) addresses: Vec<(u64, Shape)>,
    pub(super) names: Vec<(u32, Shape)>,
    pub(super) readings: super::readings::Compared,
    /// The fullest minute.
    pub(super) burst: Option<(u32, u32)>,
}

/// Numbers this close together on different people are a sequence.
const GAP: u64 = 5;

impl Measures {
    pub(super) fn of(state: &EntryState) -> Self {
        let mut measures = Self {
            phones: shapes(&state.by_phone, Shared::Phone, Shape::is_weak),
            ids: shapes(&state.by_id, Shared::Id, |shape| shape.people >= 2),
            addresses: shapes(&state.by_address, Shared::Address, |shape| {
                shape.people >= 4
            }),
            names: shapes(&state.by_name, Shared::Name, |shape| shape.people >= 6),
            burst: state
                .by_minute
                .iter()
                .map(|(minute, records)| (*minute, *records))
                .max_by_key(|(minute, records)| (*records, *minute)),
            ..Self::default()
        };
        measures.find_sequences(state);
        measures.find_stems(state);
        measures
    }

    /// Runs of three numbers or more, each at most [`GAP`] after the one before, on at least two surnames.
    fn find_sequences(&mut self, state: &EntryState) {
        let mut phones: Vec<u64> = state
            .by_phone
            .keys()
            .copied()
            .filter(|phone| *phone > 10_000_000_000)
            .collect();
        phones.sort_unstable();
        for run in phones
            .chunk_by(|a, b| b - a <= GAP)
            .filter(|run| run.len() >= 3)
        {
            let mut people = super::group::Group::default();
            for phone in run {
                people.merge(&state.by_phone[phone]);
            }
            if people.shape(Shared::Phone).people >= 3 {
                self.sequential.extend(run);
            }
        }
    }

    fn find_stems(&mut self, state: &EntryState) {
        let series = state
            .by_id_stem
            .iter()
            .filter(|(_, stem)| stem.sequences.len() >= 3);
        self.id_stems = series
            .filter(|(_, stem)| stem.group.shape(Shared::Id).people >= 3)
            .map(|(key, stem)| (*key, stem.sequences.len()))
            .collect();
        self.id_stems.sort_unstable();
    }
}

/// The groups of a map whose shape matters, largest first, in an order that does not depend on the map.
fn shapes<K: Copy + Ord + std::hash::Hash>(
    groups: &rustc_hash::FxHashMap<K, super::group::Group>,
    shared: Shared,
    matters: impl Fn(&Shape) -> bool,
) -> Vec<(K, Shape)> {
    let shaped = groups
        .iter()
        .filter(|(_, group)| group.records >= 2)
        .map(|(key, group)| (*key, group.shape(shared)));
    let mut found: Vec<(K, Shape)> = shaped.filter(|(_, shape)| matters(shape)).collect();
    found.sort_by_key(|(key, shape)| (std::cmp::Reverse(shape.size()), *key));
    found
}
