//! What one state shows, before it is compared with the others.

use rustc_hash::FxHashSet;

use super::{
    Settings,
    digits::Digits,
    group::{Shape, Shared},
    phones::{Heard, Phonebook},
    state::EntryState,
    streets::Streets,
    trial::Bursts,
};

/// The measures of one dealer or clerk.
#[derive(Default)]
pub(super) struct Measures {
    /// Phones shared by unrelated people: suspicious ones first, the most people first.
    pub(super) phones: Vec<(u64, Shape)>,
    /// How many of them, from the first on, are a showroom's.
    pub(super) showroom: usize,
    pub(super) sequential: FxHashSet<u64>,
    /// ID numbers on several unrelated people.
    pub(super) ids: Vec<(u64, Shape)>,
    /// Area and birth date with three sequence numbers or more on unrelated people, and how many.
    pub(super) id_stems: Vec<(u64, usize)>,
    pub(super) addresses: Vec<(u64, Shape)>,
    pub(super) names: Vec<(u32, Shape)>,
    pub(super) readings: super::readings::Compared,
    /// Phones that other records of the same customers contradict, and phones that could be compared.
    pub(super) disowned: (u64, u64),
    /// Records of the dealer that have a time, where the unit is a clerk.
    pub(super) of_dealer: u64,
    /// Minutes of bursts, in order.
    pub(super) bursts: Vec<u32>,
    /// The last four digits of phones, each phone once and without those that run upwards.
    pub(super) digits: Digits,
}

/// Whether a phone that strangers share is more than a weak sign.
const fn is_suspicious(shape: &Shape) -> bool {
    shape.is_strong() || shape.is_disowned()
}

/// Numbers of mobile phones have more digits than this.
const MOBILE: u64 = 10_000_000_000;

/// So many people of one landline may be of one company that is no customer.
const FEW_PEOPLE: usize = 5;

/// One company and its people are less than one in so many of a dealer's customers, and those of companies that are none themselves one in so
/// many.
const COMPANY_ONE_IN: u64 = 10;
const FEW_ONE_IN: u64 = 20;

/// So many numbers in runs make a block.
const BLOCK: usize = 6;

/// Who makes numbers up one by one begins with these.
const START: u64 = 20;

impl Measures {
    /// For `of_dealer` see [`Bursts::of`].
    pub(super) fn of(state: &EntryState, of_dealer: u64, settings: &Settings) -> Self {
        let mut measures = Self {
            phones: shapes(&state.by_phone, Shared::Phone, |shape| shape.people >= 2),
            ids: shapes(&state.by_id, Shared::Id, |shape| shape.people >= 2),
            addresses: shapes(&state.by_address, Shared::Address, |shape| {
                shape.people >= 4 || shape.is_nearly(settings.address_strangers)
            }),
            names: shapes(&state.by_name, Shared::Name, |shape| shape.people >= 6),
            of_dealer,
            bursts: Bursts::of(&state.by_minute, of_dealer, settings).minutes,
            ..Self::default()
        };
        let addresses: u64 = (state.by_address.values())
            .map(|group| u64::from(group.records))
            .sum();
        measures.addresses.retain(|(address, shape)| {
            let is_usual = u64::from(shape.records) * settings.shared_house_one_in < addresses;
            !(is_usual && state.shared_houses.contains(address))
        });
        let streets = Streets::of(state);
        measures
            .addresses
            .retain(|(address, _)| !streets.explain(state, *address));
        measures.find_stems(state);
        measures
    }

    /// Adds what other records of the same customers say about the phones of this unit, and what follows from that.
    pub(super) fn hear(
        &mut self,
        book: &Phonebook,
        unit: u32,
        state: &EntryState,
        settings: &Settings,
    ) {
        for (phone, shape) in &mut self.phones {
            shape.heard = book.hear(unit, *phone, state.by_phone[phone].people());
        }
        self.phones.retain(|(_, shape)| shape.is_weak());
        self.excuse_landlines(state);
        self.phones.sort_by_key(|(phone, shape)| {
            (
                !is_suspicious(shape),
                std::cmp::Reverse(shape.size()),
                *phone,
            )
        });
        self.showroom = self.showroom_phones(state.entries(), settings);
        self.find_sequences((book, unit), state, settings);
        self.disowned = book.share(unit, state);
        self.count_digits(state);
    }

    /// Leaves out the landlines of companies: one company and the people it employs, who live wherever they do; or, of a company that is no
    /// customer itself, few people none of whom gives another phone elsewhere, as long as such landlines are few.
    fn excuse_landlines(&mut self, state: &EntryState) {
        let is_landline = |(phone, _): &&(u64, Shape)| state.landlines.contains(phone);
        let bound = |one_in: u64| (state.entries() / one_in).max(FEW_PEOPLE as u64 + 1);
        let is_companys = |(phone, shape): &&(u64, Shape)| {
            state.by_phone[phone].is_whole()
                && u64::from(shape.records) <= bound(COMPANY_ONE_IN)
                && shape.heard.contradicted * 2 <= shape.people
                && state.by_phone[phone].has_one_organisation()
        };
        let is_of_few = |(_, shape): &&(u64, Shape)| {
            shape.people <= FEW_PEOPLE && shape.heard.contradicted == 0
        };
        let landlines = || self.phones.iter().filter(is_landline);
        let mut excused: FxHashSet<u64> = landlines()
            .filter(is_companys)
            .map(|(phone, _)| *phone)
            .collect();
        let of_few: Vec<&(u64, Shape)> = landlines()
            .filter(|one| !excused.contains(&one.0))
            .filter(is_of_few)
            .collect();
        let records: u64 = of_few
            .iter()
            .map(|(_, shape)| u64::from(shape.records))
            .sum();
        if records <= bound(FEW_ONE_IN) {
            excused.extend(of_few.iter().map(|(phone, _)| *phone));
        }
        self.phones.retain(|(phone, _)| !excused.contains(phone));
    }

    /// Phones that may be invented by what this unit alone shows of them.
    pub(super) fn doubtful_phones(&self) -> FxHashSet<u64> {
        let strong = self.phones.iter().filter(|(_, shape)| shape.is_strong());
        strong.map(|(phone, _)| *phone).collect()
    }

    fn count_digits(&mut self, state: &EntryState) {
        let mobiles = state.by_phone.keys().filter(|phone| **phone > MOBILE);
        for phone in mobiles.filter(|phone| !self.sequential.contains(phone)) {
            for place in [1, 10, 100, 1000] {
                self.digits.add(phone / place);
            }
        }
    }

    /// How many of the phones are a showroom's: one or two that tower over the others, or stand alone for many records.
    fn showroom_phones(&self, entries: u64, settings: &Settings) -> usize {
        let suspicious = self
            .phones
            .iter()
            .take_while(|(_, shape)| is_suspicious(shape));
        let sizes: Vec<usize> = suspicious.map(|(_, shape)| shape.size()).collect();
        let size = |i: usize| sizes.get(i).copied().unwrap_or(1);
        if sizes.len() <= 2 {
            let is_alone = size(0) >= 3 && size(0) as u64 * settings.showroom_one_in >= entries;
            return if is_alone { sizes.len() } else { 0 };
        }
        let is_strong = |i: usize| self.phones[i].1.is_strong();
        [2, 1]
            .into_iter()
            .find(|k| is_strong(k - 1) && size(k - 1) > 2 * size(*k))
            .unwrap_or(0)
    }

    /// Runs of numbers, each shortly after the one before, on people whom nothing connects. Families and companies do buy
    /// two numbers in a row, so that fewer than three unrelated people must be of different places, have other phones too, or
    /// have three numbers one by one.
    fn find_sequences(
        &mut self,
        (book, unit): (&Phonebook, u32),
        state: &EntryState,
        settings: &Settings,
    ) {
        // One number for many and its slip are no sequence.
        let shared = self.doubtful_phones();
        let mut phones: Vec<u64> = state
            .by_phone
            .keys()
            .copied()
            .filter(|phone| *phone > MOBILE && !shared.contains(phone))
            .collect();
        phones.sort_unstable();
        for run in phones
            .chunk_by(|a, b| b - a <= settings.sequence_gap)
            .filter(|run| run.len() >= 3 || run.len() == 2 && run[1] - run[0] == 1)
        {
            let mut people = super::group::Group::default();
            let mut heard = Heard::default();
            for phone in run {
                let group = &state.by_phone[phone];
                people.merge(group);
                heard = heard.and(book.hear(unit, *phone, group.people()));
            }
            let shape = people.shape(Shared::PhoneRun);
            let is_scattered = shape.is_scattered && heard.confirmed == 0;
            let is_disowned = heard.contradicted > 0 && heard.confirmed == 0;
            let is_row = run.len() >= 3 && run.windows(2).all(|pair| pair[1] - pair[0] == 1);
            // Nobody's two numbers are the first of a block.
            let is_start = run.iter().all(|phone| phone % 10_000 <= START);
            let is_telling = is_scattered || is_disowned || is_row || is_start;
            if shape.people >= 3 || shape.people >= 2 && is_telling {
                self.sequential.extend(run);
            }
        }
        self.fill_gaps(&phones, settings.sequence_reach);
    }

    /// Where runs stand close together, what lies between and beside them is of the same block: a clerk who counts on leaves out
    /// those whose numbers he has.
    fn fill_gaps(&mut self, phones: &[u64], reach: u64) {
        for block in phones.chunk_by(|a, b| b - a <= reach) {
            let known = block
                .iter()
                .filter(|phone| self.sequential.contains(*phone));
            let known = known.count();
            if known >= BLOCK && known * 2 >= block.len() {
                self.sequential.extend(block);
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
