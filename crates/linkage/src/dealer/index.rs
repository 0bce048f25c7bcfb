//! The incremental engine: everybody in memory, one record resolved against all in well under a millisecond.

use rustc_hash::FxHashMap;

use super::compare::{Frequencies, name_share};
use super::decide::{Candidate, Decider, Resolution, Verdict};
use super::keys::{KeyKind, key_hash, visit_keys};
use super::prepared::{MAX_PHONES, Prepared};
use super::table::DealerRecords;
use crate::batch::{BatchOptions, link};
use crate::text::hash::stable_hash;

/// Number of a record, given by the index in the order of adding.
pub type RecordId = u32;
/// Number of a customer: the smallest record that founded it.
pub type CustomerId = u32;

/// A change that reconciliation made, to be told to whoever keeps the customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The record.
    pub record: RecordId,
    /// The customer it belonged to.
    pub from: CustomerId,
    /// The customer it belongs to now.
    pub to: CustomerId,
}

struct Entry {
    features: Prepared,
    customer: CustomerId,
}

/// All records with their blocking keys and customers.
pub struct Index {
    decider: Decider,
    records: Vec<Option<Entry>>,
    blocks: FxHashMap<u64, Vec<RecordId>>,
    /// How many records bear a name as written, and by its sound.
    names: FxHashMap<u64, u32>,
    members: FxHashMap<CustomerId, Vec<RecordId>>,
    alive: u32,
}

/// Of a block at most so many records are compared; larger blocks are those of showroom phones and the like.
const MOST_IN_BLOCK: usize = 64;
/// Of a customer at most so many records are compared.
const MOST_MEMBERS: usize = 16;

impl Index {
    /// An empty index deciding by this model.
    pub fn new(decider: Decider) -> Self {
        Self {
            decider,
            records: Vec::new(),
            blocks: FxHashMap::default(),
            names: FxHashMap::default(),
            members: FxHashMap::default(),
            alive: 0,
        }
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.alive as usize
    }

    /// True without records.
    pub fn is_empty(&self) -> bool {
        self.alive == 0
    }

    /// The customer of a record, `None` if the record was removed or never there.
    pub fn customer(&self, record: RecordId) -> Option<CustomerId> {
        self.records
            .get(record as usize)?
            .as_ref()
            .map(|entry| entry.customer)
    }

    /// Decides whose record this is, without adding it.
    pub fn resolve(&self, record: &Prepared) -> Resolution<CustomerId> {
        let mut customers = self.candidates(record);
        customers.sort_unstable();
        customers.dedup();
        let members: Vec<(CustomerId, Vec<Prepared>)> = customers
            .into_iter()
            .map(|customer| (customer, self.features_of(customer)))
            .collect();
        let candidates: Vec<Candidate<'_, CustomerId>> = members
            .iter()
            .map(|(customer, members)| Candidate {
                customer: *customer,
                members,
            })
            .collect();
        self.decider
            .decide(record, &self.frequencies(record), &candidates)
    }

    /// Adds a record; it joins the customer that it surely belongs to, else it founds a new one.
    pub fn add(&mut self, record: Prepared) -> (RecordId, Resolution<CustomerId>) {
        let resolution = self.resolve(&record);
        let id = self.records.len() as RecordId;
        let customer = match &resolution.verdict {
            Verdict::Linked { customer, .. } => *customer,
            Verdict::Likely { .. } | Verdict::New => id,
        };
        self.insert(id, record, customer);
        (id, resolution)
    }

    /// Puts new features in a record's place; it is resolved anew.
    pub fn update(&mut self, id: RecordId, record: Prepared) -> Option<Resolution<CustomerId>> {
        self.remove(id)?;
        let resolution = self.resolve(&record);
        let customer = match &resolution.verdict {
            Verdict::Linked { customer, .. } => *customer,
            Verdict::Likely { .. } | Verdict::New => self.free_customer(id),
        };
        self.insert(id, record, customer);
        Some(resolution)
    }

    /// Takes a record out and gives its features back.
    pub fn remove(&mut self, id: RecordId) -> Option<Prepared> {
        let entry = self.records.get_mut(id as usize)?.take()?;
        for key in hashed_keys(&entry.features) {
            remove_from(&mut self.blocks, key, id);
        }
        for name in name_keys(&entry.features) {
            if let Some(count) = self.names.get_mut(&name) {
                *count = count.saturating_sub(1);
            }
        }
        remove_from(&mut self.members, entry.customer, id);
        self.alive -= 1;
        Some(entry.features)
    }

    /// Runs the batch engine over all records and takes its clusters over: after it the customers are those of the batch,
    /// in whatever order the records came. Returns every record that moved.
    pub fn reconcile(&mut self) -> Vec<Moved> {
        let ids: Vec<RecordId> = (0..self.records.len() as u32)
            .filter(|id| self.records[*id as usize].is_some())
            .collect();
        let features = ids
            .iter()
            .filter_map(|id| {
                self.records[*id as usize]
                    .as_ref()
                    .map(|entry| entry.features.clone())
            })
            .collect();
        let linked = link(
            &DealerRecords::new(features),
            Some(self.decider.model().clone()),
            DealerRecords::options(BatchOptions::default()),
        );
        let mut moved = Vec::new();
        self.members.clear();
        for (at, id) in ids.iter().enumerate() {
            let to = ids[linked.clusters.entity[at] as usize];
            self.members.entry(to).or_default().push(*id);
            if let Some(entry) = self.records[*id as usize]
                .as_mut()
                .filter(|entry| entry.customer != to)
            {
                moved.push(Moved {
                    record: *id,
                    from: entry.customer,
                    to,
                });
                entry.customer = to;
            }
        }
        moved
    }

    fn insert(&mut self, id: RecordId, record: Prepared, customer: CustomerId) {
        for key in hashed_keys(&record) {
            self.blocks.entry(key).or_default().push(id);
        }
        for name in name_keys(&record) {
            *self.names.entry(name).or_default() += 1;
        }
        self.members.entry(customer).or_default().push(id);
        let at = id as usize;
        if self.records.len() <= at {
            self.records.resize_with(at + 1, || None);
        }
        self.records[at] = Some(Entry {
            features: record,
            customer,
        });
        self.alive += 1;
    }

    /// The record's own number, unless a customer founded by it lives on without it.
    fn free_customer(&mut self, id: RecordId) -> CustomerId {
        if self.members.contains_key(&id) {
            self.records.push(None);
            return self.records.len() as CustomerId - 1;
        }
        id
    }

    fn candidates(&self, record: &Prepared) -> Vec<CustomerId> {
        hashed_keys(record)
            .iter()
            .filter_map(|key| self.blocks.get(key))
            .flat_map(|block| block.iter().rev().take(MOST_IN_BLOCK))
            .filter_map(|id| self.customer(*id))
            .collect()
    }

    fn features_of(&self, customer: CustomerId) -> Vec<Prepared> {
        let ids = self.members.get(&customer).map_or(&[][..], Vec::as_slice);
        ids.iter()
            .rev()
            .take(MOST_MEMBERS)
            .filter_map(|id| self.records[*id as usize].as_ref())
            .map(|entry| entry.features.clone())
            .collect()
    }

    /// How common the record's values are among the customers held.
    pub fn frequencies(&self, record: &Prepared) -> Frequencies {
        let people = |kind: KeyKind, parts: &[&[u8]]| self.people_with(key_hash(kind, parts));
        let mut frequencies = Frequencies {
            population: self.alive,
            name_share: name_share(record),
            sound_share: 3.0 * name_share(record),
            ..Frequencies::default()
        };
        visit_keys(record, |kind, parts| match kind {
            KeyKind::Identity => frequencies.identity = people(kind, parts),
            KeyKind::Phone => frequencies.phones[0] = people(KeyKind::Phone, parts),
            KeyKind::SecondPhone => {
                frequencies.phones[MAX_PHONES - 1] = people(KeyKind::Phone, parts);
            }
            KeyKind::Vin => frequencies.vin = people(kind, parts),
            KeyKind::Plate => frequencies.plate = people(kind, parts),
            KeyKind::Home => frequencies.address = people(kind, parts),
            _ => {}
        });
        let bearers = name_keys(record).map(|name| self.names.get(&name).copied().unwrap_or(0));
        // Records, not customers, are counted here; a customer has about three.
        (frequencies.name, frequencies.sound) = (1 + bearers[0] / 3, 1 + bearers[1] / 3);
        frequencies
    }

    /// Differently named people in a block.
    fn people_with(&self, key: u64) -> u32 {
        let block = self.blocks.get(&key).map_or(&[][..], Vec::as_slice);
        let mut sounds: Vec<u64> = block
            .iter()
            .rev()
            .take(MOST_IN_BLOCK)
            .filter_map(|id| self.records[*id as usize].as_ref())
            .filter(|entry| entry.features.has_full_name())
            .map(|entry| entry.features.sound)
            .collect();
        sounds.sort_unstable();
        sounds.dedup();
        sounds.len().max(1) as u32
    }
}

fn hashed_keys(record: &Prepared) -> Vec<u64> {
    let mut keys = Vec::with_capacity(KeyKind::ALL.len());
    visit_keys(record, |kind, parts| {
        let kind = if kind == KeyKind::SecondPhone {
            KeyKind::Phone
        } else {
            kind
        };
        keys.push(key_hash(kind, parts));
    });
    keys
}

fn name_keys(record: &Prepared) -> [u64; 2] {
    [
        stable_hash(&[b"name", record.name.as_bytes()]),
        record.sound,
    ]
}

fn remove_from<K: std::hash::Hash + Eq>(
    lists: &mut FxHashMap<K, Vec<RecordId>>,
    key: K,
    id: RecordId,
) {
    if let std::collections::hash_map::Entry::Occupied(mut entry) = lists.entry(key) {
        entry.get_mut().retain(|held| *held != id);
        if entry.get().is_empty() {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DealerRecord, block_keys, default_model, prepare};
    use super::*;

    fn record(name: &str, phone: &str) -> Prepared {
        prepare(&DealerRecord {
            name,
            phones: &[phone],
            ..DealerRecord::default()
        })
    }

    #[test]
    fn records_are_added_updated_and_removed() {
        let mut index = Index::new(Decider::new(default_model()));
        let (first, _) = index.add(record("谭晓岚", "13912345678"));
        let (second, resolution) = index.add(record("谭小岚", "86-13912345678"));
        assert_eq!(index.customer(second), Some(first), "{resolution:?}");
        index
            .update(second, record("周大勇", "15012345679"))
            .unwrap();
        assert_ne!(index.customer(second), Some(first));
        assert!(index.remove(first).is_some() && index.remove(first).is_none());
        assert!(matches!(
            index.resolve(&record("谭晓岚", "13912345678")).verdict,
            Verdict::New
        ));
        assert_eq!(index.len(), 1);
        assert!(block_keys(&record("周大勇", "15012345679")).len() >= 3);
    }

    #[test]
    fn a_founder_that_left_does_not_lend_its_number_twice() {
        let mut index = Index::new(Decider::new(default_model()));
        let (first, _) = index.add(record("谭晓岚", "13912345678"));
        let (second, _) = index.add(record("谭晓岚", "13912345678"));
        index
            .update(first, record("周大勇", "15012345679"))
            .unwrap();
        assert_ne!(index.customer(first), index.customer(second));
    }
}
