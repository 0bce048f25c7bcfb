//! Judges single entries in the light of what their dealer's entries look like together.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::{
    Assessment, Kind, Settings,
    entry::Entry,
    group::Shape,
    measure::Measures,
    phones::is_slip,
    state::{EntryState, days},
    trial::{Facet, Passed},
    unit::dealer_and_clerk,
};
use crate::id_document::Doubt;

/// A sign of invention on one entry.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sign {
    /// What it points to.
    pub kind: Kind,
    /// How strong it is, 0 to 1.
    pub strength: f64,
}

/// What is looked for in the entries of one dealer.
#[derive(Default, PartialEq)]
pub(super) struct Marks {
    phones: FxHashMap<u64, (Kind, f64)>,
    /// Those of the phones on so many strangers that a number with a slip is taken for them, by all but their last four digits.
    clear: FxHashMap<u64, Vec<u64>>,
    sequential: FxHashSet<u64>,
    ids: FxHashMap<u64, f64>,
    /// How suspicious the unit's ID numbers are altogether.
    fake_id: Option<f64>,
    /// The same where it is their ID numbers that could not have been issued.
    broken_id: Option<f64>,
    id_stems: FxHashSet<u64>,
    addresses: FxHashMap<u64, f64>,
    names: FxHashSet<u32>,
    contradicted: FxHashSet<(u64, i32, u32)>,
    month_end: Option<f64>,
    mileage: Option<f64>,
    /// Minutes of bursts, in order.
    bursts: Vec<u32>,
    placeholder: f64,
    patterned: Option<f64>,
}

/// A phone on four strangers or more: only of such is a number with a slip taken for it.
const CLEAR: f64 = 0.85;

/// How sure an ID number is made up that no slip leaves so.
const NO_SLIP: f64 = 0.8;

/// A slip is looked for in the last four digits: numbers of different people may well end alike.
const ENDINGS: u64 = 10_000;

impl std::fmt::Debug for Marks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Marks").finish_non_exhaustive()
    }
}

impl Shape {
    /// How sure it is that a shared value is not honest: each further stranger doubles the odds.
    fn strength(&self) -> f64 {
        1.0 - 0.5_f64.powi(self.people.min(12) as i32 - 1)
    }

    /// An address on so many unrelated people, or on one fewer if one in fifty of all addresses is theirs.
    pub(super) fn is_copied(&self, strangers: u64, with_address: u64) -> bool {
        self.people as u64 >= strangers
            || self.is_nearly(strangers) && u64::from(self.records) * 50 > with_address
    }

    /// Whether at most one of so many unrelated people is wanting.
    pub(super) const fn is_nearly(&self, strangers: u64) -> bool {
        self.people as u64 + 1 >= strangers
    }
}

impl Marks {
    pub(super) fn of(measures: Measures, passed: &[Passed], settings: &Settings) -> Self {
        let strength_of = |kind: Kind| {
            let test = passed.iter().find(|test| test.kind == kind);
            test.map(|test| test.strength)
        };
        let strength_about = |facet: Facet| {
            let test = passed.iter().find(|test| test.facet == facet);
            test.map(|test| test.strength)
        };
        let showroom = measures.showroom;
        let shares_phones = strength_of(Kind::ShowroomPhone)
            .or_else(|| strength_of(Kind::StaffPhone))
            .is_some();
        let phone_kind = |i: usize| {
            if i < showroom {
                Kind::ShowroomPhone
            } else {
                Kind::StaffPhone
            }
        };
        let counts = |shape: &Shape| shape.is_strong() || shares_phones && shape.is_likely();
        let phones = measures
            .phones
            .iter()
            .enumerate()
            .filter(|(_, (_, shape))| counts(shape));
        let shares_ids = strength_of(Kind::FakeId).is_some();
        let ids = measures
            .ids
            .iter()
            .filter(|(_, shape)| shape.people >= 3 || shares_ids);
        let copies = strength_of(Kind::CopiedAddress).is_some();
        let addresses = measures
            .addresses
            .iter()
            .filter(|(_, shape)| copies && shape.is_nearly(settings.address_strangers));
        let phones: FxHashMap<u64, (Kind, f64)> = phones
            .map(|(i, (phone, shape))| (*phone, (phone_kind(i), shape.strength())))
            .collect();
        Self {
            clear: clear(&phones),
            phones,
            sequential: measures.sequential.clone(),
            ids: ids.map(|(id, shape)| (*id, shape.strength())).collect(),
            fake_id: strength_of(Kind::FakeId),
            broken_id: strength_about(Facet::BrokenId),
            id_stems: measures.id_stems.iter().map(|(stem, _)| *stem).collect(),
            addresses: addresses
                .map(|(address, shape)| (*address, shape.strength()))
                .collect(),
            names: strength_of(Kind::NameRepetition)
                .map(|_| measures.names.iter().map(|(name, _)| *name).collect())
                .unwrap_or_default(),
            contradicted: strength_of(Kind::FakeMileage)
                .map(|_| measures.readings.blamed.clone())
                .unwrap_or_default(),
            month_end: strength_of(Kind::MonthEndBurst),
            mileage: strength_of(Kind::FakeMileage),
            bursts: strength_of(Kind::EntryBurst)
                .map(|_| measures.bursts)
                .unwrap_or_default(),
            patterned: strength_about(Facet::PatternedPhone),
            placeholder: strength_of(Kind::PlaceholderPhone).unwrap_or(0.6).max(0.6),
        }
    }

    fn signs(&self, entry: &Entry) -> Vec<Sign> {
        let mut signs = Vec::new();
        let mut add = |kind, strength| signs.push(Sign { kind, strength });
        if entry.placeholder_phone {
            add(Kind::PlaceholderPhone, self.placeholder);
        } else if let Some(strength) = self.patterned.filter(|_| entry.patterned_phone) {
            add(Kind::PlaceholderPhone, strength);
        }
        if let Some((kind, strength)) = self.shared_phone(entry.phone) {
            add(kind, strength);
        }
        if self.sequential.contains(&entry.phone) {
            add(Kind::SequentialPhone, 0.95);
        }
        if let Some(strength) = self.ids.get(&entry.id) {
            add(Kind::FakeId, *strength);
        } else if self.id_stems.contains(&entry.id_stem) {
            add(Kind::FakeId, 0.9);
        } else if let Some(strength) = self.fake_id.filter(|_| entry.default_birth) {
            add(Kind::FakeId, strength);
        } else if let Some(strength) = self.broken_id(entry.id_doubt) {
            add(Kind::FakeId, strength);
        }
        if let Some(strength) = self.addresses.get(&entry.address) {
            add(Kind::CopiedAddress, *strength);
        }
        if let Some(strength) = self.month_end.filter(|_| entry.is_on_last_two_days()) {
            add(Kind::MonthEndBurst, strength);
        }
        if let Some(strength) = self.reading(entry) {
            add(Kind::FakeMileage, strength);
        }
        if self.names.contains(&entry.person.name) {
            add(Kind::NameRepetition, 0.5);
        }
        if self.bursts.binary_search(&entry.minute).is_ok() {
            add(Kind::EntryBurst, 0.5);
        }
        signs
    }

    /// A phone that strangers share, or such a phone with a slip of the pen.
    fn shared_phone(&self, phone: u64) -> Option<(Kind, f64)> {
        if let Some(exact) = self.phones.get(&phone) {
            return Some(*exact);
        }
        let mut near = self.clear.get(&(phone / ENDINGS))?.iter();
        let slipped = near.find(|known| is_slip(**known, phone))?;
        self.phones.get(slipped).copied()
    }

    /// A number that no slip leaves so bears the sign whoever wrote it; one that a slip may have left so, where far more are wrong than usual.
    fn broken_id(&self, doubt: Doubt) -> Option<f64> {
        match doubt {
            Doubt::None => None,
            Doubt::Slip => self.broken_id,
            Doubt::Invented => Some(self.fake_id.unwrap_or(0.0).max(NO_SLIP)),
        }
    }

    /// See [`Assessment::borne`].
    fn borne(&self, kind: Kind, clerk: &EntryState) -> Option<Kind> {
        let is_borne = match kind {
            Kind::ShowroomPhone | Kind::StaffPhone => {
                let phones = clerk.by_phone.keys();
                let kinds: Vec<Kind> = phones
                    .filter_map(|phone| Some(self.shared_phone(*phone)?.0))
                    .collect();
                return kinds
                    .iter()
                    .copied()
                    .find(|k| *k == kind)
                    .or(kinds.first().copied());
            }
            Kind::PlaceholderPhone => {
                clerk.placeholder_phones > 0
                    || self.patterned.is_some() && clerk.patterned_phones > 0
            }
            Kind::SequentialPhone => any(&self.sequential, &clerk.by_phone),
            Kind::FakeId => {
                clerk.invented_ids > 0
                    || self.broken_id.is_some() && clerk.broken_ids > 0
                    || self.fake_id.is_some() && clerk.default_births > 0
                    || self.ids.keys().any(|id| clerk.by_id.contains_key(id))
                    || any(&self.id_stems, &clerk.by_id_stem)
            }
            Kind::CopiedAddress => {
                (self.addresses.keys()).any(|address| clerk.by_address.contains_key(address))
            }
            Kind::MonthEndBurst => self.month_end.is_some(),
            Kind::FakeMileage => self.mileage.is_some(),
            Kind::NameRepetition => any(&self.names, &clerk.by_name),
            Kind::EntryBurst => (self.bursts.iter()).any(|at| clerk.by_minute.contains_key(at)),
            // Of digits no record bears a sign, at dealers neither.
            Kind::DigitPattern => true,
            Kind::EvenMileage | Kind::BareVisit | Kind::EqualCalls => false,
        };
        is_borne.then_some(kind)
    }

    fn reading(&self, entry: &Entry) -> Option<f64> {
        let is_contradicted = || {
            entry
                .odometer
                .zip(entry.date)
                .is_some_and(|(km, date)| self.contradicted.contains(&(entry.vin, days(date), km)))
        };
        match self.mileage {
            Some(strength) if entry.has_invented_reading() || is_contradicted() => Some(strength),
            None if entry.has_sentinel_reading() => Some(0.5),
            _ => None,
        }
    }
}

/// Whether any of the marked values is among those counted.
fn any<K: Eq + std::hash::Hash, V>(marked: &FxHashSet<K>, counted: &FxHashMap<K, V>) -> bool {
    marked.iter().any(|value| counted.contains_key(value))
}

/// The phones that slips are taken for, in an order that does not depend on the map.
fn clear(phones: &FxHashMap<u64, (Kind, f64)>) -> FxHashMap<u64, Vec<u64>> {
    let mut clear: FxHashMap<u64, Vec<u64>> = FxHashMap::default();
    for (phone, (_, strength)) in phones {
        if *strength >= CLEAR {
            clear.entry(phone / ENDINGS).or_default().push(*phone);
        }
    }
    for alike in clear.values_mut() {
        alike.sort_unstable();
    }
    clear
}

impl Assessment {
    /// Whether both judge every entry of a unit alike.
    pub fn judges_like(&self, other: &Self, unit: &str) -> bool {
        self.marks.get(unit) == other.marks.get(unit)
    }

    /// The minute since 1970 in which a unit had its last burst of entries.
    pub fn burst_minute(&self, unit: &str) -> Option<u32> {
        self.marks.get(unit)?.bursts.last().copied()
    }

    /// The kind whose sign some of a clerk's entries bear at his dealer, for one that was found of the clerk alone: nothing where
    /// none does. Which of two kinds a phone that strangers share is of, the dealer's records say.
    pub(super) fn borne(&self, unit: &str, kind: Kind, clerk: &EntryState) -> Option<Kind> {
        let marks = self.marks.get(dealer_and_clerk(unit).0)?;
        marks.borne(kind, clerk)
    }

    /// The signs of invention on one entry of a unit that was assessed, strongest kinds as found.
    pub fn signs(&self, unit: &str, entry: &Entry) -> Vec<Sign> {
        self.marks
            .get(unit)
            .map(|marks| marks.signs(entry))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::phones::Heard, *};

    #[test]
    fn on_how_many_strangers_an_address_is_copied_is_a_setting() {
        let shape = |people: usize| Shape {
            records: people as u32,
            people,
            is_scattered: false,
            is_local: false,
            is_sampled: false,
            heard: Heard::default(),
        };
        for (people, strangers, with_address, is_copied) in [
            (5, 5, 10_000, true),
            (4, 5, 10_000, false),
            (4, 5, 199, true),
            (3, 5, 199, false),
            (6, 8, 10, false),
            (4, 4, 10_000, true),
        ] {
            let found = shape(people).is_copied(strangers, with_address);
            assert_eq!(found, is_copied, "{people} of {strangers}");
        }
    }
}
