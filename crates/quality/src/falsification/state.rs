//! What is counted of the entries of one dealer or clerk. Adding and merging commute, so that incremental counts and a
//! recount are equal (the states of Deequ's analysers; Schelter et al., VLDB 2018).

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{entry::Entry, group::Group, readings::ByVin};
use crate::id_document::Doubt;

/// How many sequence numbers of one area and birth date are kept.
const SEQUENCES_KEPT: usize = 16;

/// Counters of one dealer's or clerk's entries.
#[derive(Clone, Default, PartialEq)]
pub struct EntryState {
    pub(super) entries: u64,
    pub(super) with_phone: u64,
    pub(super) placeholder_phones: u64,
    pub(super) patterned_phones: u64,
    pub(super) dated: u64,
    pub(super) last_two_days: LastDays,
    pub(super) readings: u64,
    pub(super) invented_readings: u64,
    pub(super) by_phone: FxHashMap<u64, Group>,
    /// Those of the phones that are landlines.
    pub(super) landlines: FxHashSet<u64>,
    /// Entries with an ID number, with one that could not have been issued, with one that no slip leaves so, with one that differs
    /// from their date of birth or gender, and with a decade's first day.
    pub(super) with_id: u64,
    pub(super) broken_ids: u64,
    pub(super) invented_ids: u64,
    pub(super) differing_ids: u64,
    pub(super) default_births: u64,
    pub(super) by_id: FxHashMap<u64, Group>,
    pub(super) by_id_stem: FxHashMap<u64, Stem>,
    pub(super) by_address: FxHashMap<u64, Group>,
    /// The streets of addresses that end with the number of a house.
    pub(super) street_of: FxHashMap<u64, u64>,
    /// Addresses of houses that many people give.
    pub(super) shared_houses: FxHashSet<u64>,
    pub(super) by_name: FxHashMap<u32, Group>,
    pub(super) by_minute: FxHashMap<u32, u32>,
    /// Readings of each car: day and kilometres.
    pub(super) by_vin: ByVin,
}

/// So many entries of other months' ends than that with the fullest day make a habit.
const HABIT: u64 = 3;

/// ID numbers with one area and date of birth.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Stem {
    pub(super) group: Group,
    pub(super) sequences: BTreeSet<u16>,
}

impl EntryState {
    /// Counts one entry.
    pub fn add(&mut self, entry: &Entry) {
        self.entries += 1;
        self.with_phone += u64::from(entry.has_phone);
        self.placeholder_phones += u64::from(entry.placeholder_phone);
        self.patterned_phones += u64::from(entry.patterned_phone);
        self.dated += u64::from(entry.date.is_some());
        if let Some(date) = entry.date.filter(|_| entry.is_on_last_two_days()) {
            self.last_two_days.add(date);
        }
        self.readings += u64::from(entry.odometer.is_some());
        self.invented_readings += u64::from(entry.has_invented_reading());
        let person = entry.person;
        if entry.phone != 0 {
            self.by_phone.entry(entry.phone).or_default().add(person);
        }
        if entry.landline {
            self.landlines.insert(entry.phone);
        }
        self.with_id += u64::from(entry.id != 0);
        self.broken_ids += u64::from(entry.id_doubt != Doubt::None);
        self.invented_ids += u64::from(entry.id_doubt == Doubt::Invented);
        self.differing_ids += u64::from(entry.id_differs);
        self.default_births += u64::from(entry.default_birth);
        if entry.id != 0 {
            self.by_id.entry(entry.id).or_default().add(person);
        }
        if entry.id_stem != 0 {
            let stem = self.by_id_stem.entry(entry.id_stem).or_default();
            stem.group.add(person);
            stem.keep(entry.id_sequence);
        }
        if entry.address != 0 {
            self.by_address
                .entry(entry.address)
                .or_default()
                .add(person);
        }
        if entry.street != 0 {
            self.street_of.insert(entry.address, entry.street);
        }
        if entry.shared_house {
            self.shared_houses.insert(entry.address);
        }
        if person.name != 0 && (person.phone != 0 || person.id != 0) {
            self.by_name.entry(person.name).or_default().add(person);
        }
        if entry.minute != 0 {
            *self.by_minute.entry(entry.minute).or_default() += 1;
        }
        if let (Some(date), Some(km), true) = (entry.date, entry.odometer, entry.vin != 0) {
            self.by_vin
                .entry(entry.vin)
                .or_default()
                .insert((days(date), km));
        }
    }

    /// Adds the counts of another state of the same dealer or clerk.
    pub fn merge(&mut self, other: &Self) {
        self.entries += other.entries;
        self.with_phone += other.with_phone;
        self.placeholder_phones += other.placeholder_phones;
        self.patterned_phones += other.patterned_phones;
        self.dated += other.dated;
        self.last_two_days.merge(&other.last_two_days);
        self.readings += other.readings;
        self.invented_readings += other.invented_readings;
        self.with_id += other.with_id;
        self.broken_ids += other.broken_ids;
        self.invented_ids += other.invented_ids;
        self.differing_ids += other.differing_ids;
        self.default_births += other.default_births;
        self.street_of.extend(&other.street_of);
        self.shared_houses.extend(&other.shared_houses);
        self.landlines.extend(&other.landlines);
        merge_groups(&mut self.by_phone, &other.by_phone);
        merge_groups(&mut self.by_id, &other.by_id);
        merge_groups(&mut self.by_address, &other.by_address);
        merge_groups(&mut self.by_name, &other.by_name);
        for (stem, theirs) in &other.by_id_stem {
            let ours = self.by_id_stem.entry(*stem).or_default();
            ours.group.merge(&theirs.group);
            for sequence in &theirs.sequences {
                ours.keep(*sequence);
            }
        }
        for (minute, records) in &other.by_minute {
            *self.by_minute.entry(*minute).or_default() += records;
        }
        for (vin, readings) in &other.by_vin {
            self.by_vin.entry(*vin).or_default().extend(readings);
        }
    }

    /// How many entries were counted.
    pub const fn entries(&self) -> u64 {
        self.entries
    }
}

/// Entries of the last two days of months, by day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LastDays(FxHashMap<i32, u64>);

impl LastDays {
    /// Counts an entry of one of these days.
    pub(super) fn add(&mut self, date: chrono::NaiveDate) {
        *self.0.entry(days(date)).or_default() += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (day, entries) in &other.0 {
            *self.0.entry(*day).or_default() += entries;
        }
    }

    /// Entries of these days, and of all `dated`, where the fullest day counts no more than the second fullest: a file that
    /// was taken over from another system on one day is no habit.
    pub(super) fn of(&self, dated: u64) -> (u64, u64) {
        let (mut first, mut second, mut sum) = (0, 0, 0);
        for entries in self.0.values().copied() {
            sum += entries;
            second = second.max(entries.min(first));
            first = first.max(entries);
        }
        let beyond = first - second;
        (sum - beyond, dated.saturating_sub(beyond))
    }

    /// Whether they are of more than one month's end: who came at the end of a month, or stood in then once, has no habit.
    pub(super) fn is_habit(&self) -> bool {
        // The last two days of a month and of the next lie four weeks apart at least.
        let fullest = self
            .0
            .iter()
            .max_by_key(|(day, entries)| (**entries, **day));
        let Some((fullest, _)) = fullest else {
            return false;
        };
        let others = (self.0.iter()).filter(|(day, _)| day.abs_diff(*fullest) > 1);
        others.map(|(_, entries)| entries).sum::<u64>() >= HABIT
    }
}

impl Stem {
    fn keep(&mut self, sequence: u16) {
        self.sequences.insert(sequence);
        if self.sequences.len() > SEQUENCES_KEPT {
            self.sequences.pop_last();
        }
    }
}

/// Days since 1970, as a small key.
pub(super) fn days(date: chrono::NaiveDate) -> i32 {
    chrono::Datelike::num_days_from_ce(&date)
}

fn merge_groups<K: Copy + Eq + std::hash::Hash>(
    ours: &mut FxHashMap<K, Group>,
    theirs: &FxHashMap<K, Group>,
) {
    for (key, group) in theirs {
        ours.entry(*key).or_default().merge(group);
    }
}

impl std::fmt::Debug for EntryState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("EntryState")
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}
