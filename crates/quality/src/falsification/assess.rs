//! Compares all dealers (or clerks) with each other and says where chance is no explanation.

use std::collections::BTreeMap;

use super::{
    Kind, Settings, Suspect,
    alone::{ClerkAssessment, keep_named, stand_out},
    bonds::{Bond, Expected, weak_signs},
    digits,
    group::Shape,
    judge::Marks,
    measure::Measures,
    phones::Phonebook,
    readings,
    state::EntryState,
    stats::{binomial_tail, poisson_tail, usual_share},
    trial::{FEW, Facet, Trial, both, burst, decide, share, timed, usual_month_end},
    unit::dealer_and_clerk,
};

/// Suspects, and what single entries are judged by.
#[derive(Debug, Default)]
pub struct Assessment {
    /// Suspects, strongest evidence first.
    pub suspects: Vec<Suspect>,
    pub(super) marks: BTreeMap<String, Marks>,
    /// Entries of each unit that have a time.
    timed: BTreeMap<String, u64>,
}

/// Of the phones that two strangers share honestly, how many a third shares too.
const THIRD_STRANGER: f64 = 0.02;

/// Addresses on three strangers, an address; and of those on so many, how many are on one more.
const THREE_AT_HOME: f64 = 1e-4;
const ONE_MORE_AT_HOME: f64 = 0.1;
/// ID numbers on a second stranger or with a decade's first day for a birthday, an ID number.
const ODD_ID: f64 = 4e-4;
/// More of them than honest units show once in so many.
const ODD: f64 = 0.05;

/// Assesses dealers or clerks. With fewer than three units, shares are compared with fixed usual ones alone.
pub fn assess(units: &BTreeMap<String, EntryState>, settings: Settings) -> Assessment {
    compare(units, settings, |_| 0).0
}

/// Assesses units, and gives back the tests by which it did, in their order. `of_dealer` says how many of a dealer's entries have a time, where
/// units are clerks.
fn compare(
    units: &BTreeMap<String, EntryState>,
    settings: Settings,
    of_dealer: impl Fn(&str) -> u64,
) -> (Assessment, Vec<Vec<Trial>>) {
    let measured = units
        .iter()
        .map(|(unit, state)| Measures::of(state, of_dealer(unit), &settings));
    let mut measures: Vec<Measures> = measured.collect();
    let by_vin = units.values().map(|state| &state.by_vin);
    let (compared, _) = readings::compare(by_vin, settings.believable_km_a_day);
    for (measures, compared) in measures.iter_mut().zip(compared) {
        measures.readings = compared;
    }
    let doubtful = measures.iter().map(Measures::doubtful_phones);
    let book = Phonebook::of(units.values().zip(doubtful));
    for (unit, (measures, state)) in (0_u32..).zip(measures.iter_mut().zip(units.values())) {
        measures.hear(&book, unit, state, &settings);
    }
    let usual = Usual::of(units, &measures);
    let digits = digits::compare(
        measures.iter().map(|measures| &measures.digits),
        settings.digit_share,
    );
    let trials: Vec<Vec<Trial>> = units
        .values()
        .zip(&measures)
        .zip(digits)
        .map(|((state, measures), digits)| {
            let mut trials = usual.trials(state, measures, &settings);
            trials.push(digits);
            trials
        })
        .collect();
    let verdicts = decide(units.keys(), &trials, settings);
    let mut assessment = Assessment {
        suspects: verdicts.suspects,
        marks: BTreeMap::new(),
        timed: units
            .iter()
            .map(|(unit, state)| (unit.clone(), timed(&state.by_minute)))
            .collect(),
    };
    for ((name, measures), passed) in units.keys().zip(measures).zip(verdicts.passed) {
        let marks = Marks::of(measures, &passed, &settings);
        assessment.marks.insert(name.clone(), marks);
    }
    (assessment, trials)
}

/// Assesses clerks beside their dealers, who are assessed already: what is usual at his dealer is no sign at a clerk, so that whoever is
/// named has entries that bear the sign there. Of what his dealer as a whole does not show, only he is named who stands out of the
/// dealer's other clerks too (`alone`).
pub fn assess_clerks(
    clerks: &BTreeMap<String, EntryState>,
    dealers: &Assessment,
    settings: Settings,
) -> ClerkAssessment<Assessment> {
    let of_dealer = |clerk: &str| dealers.timed.get(dealer_and_clerk(clerk).0).copied();
    let (mut assessment, trials) = compare(clerks, settings, |clerk| of_dealer(clerk).unwrap_or(0));
    let has_habit = |clerk: &EntryState| clerk.last_two_days.is_habit();
    let lone = stand_out(clerks, &trials, settings, has_habit);
    let suspects = std::mem::take(&mut assessment.suspects);
    keep_named(&mut assessment.marks, &suspects);
    let borne =
        |suspect: &Suspect| dealers.borne(&suspect.unit, suspect.kind, &clerks[&suspect.unit]);
    ClerkAssessment::of(suspects, lone, assessment, borne)
}

/// Shares that are usual in the network; floors stand in where the network is small or clean.
struct Usual {
    placeholder: f64,
    patterned: f64,
    shared_phone: f64,
    /// Phones of each [`Bond`], a record.
    bonds: [f64; 4],
    disowned: f64,
    month_end: f64,
    invented_reading: f64,
    /// Where all of a small network invent, what is usual there is no measure: of these at most so many are slips.
    broken_id: f64,
    invented_id: f64,
    differing_id: f64,
    contradiction: f64,
    /// Records of each name that is repeated anywhere, in the whole network.
    name_counts: BTreeMap<u32, u64>,
    entries: u64,
}

impl Usual {
    fn of(units: &BTreeMap<String, EntryState>, measures: &[Measures]) -> Self {
        let counted = |count: fn(&EntryState) -> (u64, u64)| usual_share(units.values().map(count));
        let measured = |count: &dyn Fn(&EntryState, &Measures) -> (u64, u64)| {
            usual_share(units.values().zip(measures).map(|(s, m)| count(s, m)))
        };
        let mut name_counts: BTreeMap<u32, u64> = measures
            .iter()
            .flat_map(|m| &m.names)
            .map(|(name, _)| (*name, 0))
            .collect();
        for (name, records) in &mut name_counts {
            let groups = units.values().filter_map(|state| state.by_name.get(name));
            *records = groups.map(|group| u64::from(group.records)).sum();
        }
        Self {
            placeholder: counted(|s| (s.placeholder_phones, s.with_phone))
                .clamp(0.005, if units.len() < FEW { 0.02 } else { 1.0 }),
            patterned: counted(|s| (s.patterned_phones, s.with_phone)).clamp(0.003, 0.01),
            shared_phone: measured(&|s, m| {
                (
                    m.phones
                        .iter()
                        .filter(|(_, shape)| shape.is_scattered)
                        .count() as u64,
                    s.entries,
                )
            })
            .max(1e-4),
            bonds: Bond::ALL.map(|bond| {
                let share = measured(&|s, m| (bond.count(&m.phones), s.entries));
                share.max(bond.least())
            }),
            disowned: measured(&|_, m| m.disowned).max(0.02),
            month_end: usual_month_end(units.values().map(|s| s.last_two_days.of(s.dated))),
            invented_reading: counted(|s| (s.invented_readings, s.readings)).max(0.003),
            broken_id: counted(|s| (s.broken_ids, s.with_id)).clamp(0.02, 0.05),
            invented_id: counted(|s| (s.invented_ids, s.with_id)).clamp(0.002, 0.02),
            differing_id: counted(|s| (s.differing_ids, s.with_id)).max(0.02),
            contradiction: measured(&|_, m| (m.readings.contradicting, m.readings.comparable))
                .max(0.01),
            name_counts,
            entries: units.values().map(EntryState::entries).sum(),
        }
    }

    fn trials(&self, state: &EntryState, measures: &Measures, settings: &Settings) -> Vec<Trial> {
        let (last_days, dated) = state.last_two_days.of(state.dated);
        let mut trials = vec![
            share(
                Kind::PlaceholderPhone,
                state.placeholder_phones,
                state.with_phone,
                self.placeholder,
                settings.placeholder_times,
            )
            .or(
                share(
                    Kind::PlaceholderPhone,
                    state.patterned_phones,
                    state.with_phone,
                    self.patterned,
                    settings.placeholder_times,
                ),
                Facet::PatternedPhone,
            ),
            share(
                Kind::MonthEndBurst,
                last_days,
                dated,
                self.month_end,
                settings.month_end_times,
            ),
            share(
                Kind::FakeMileage,
                state.invented_readings,
                state.readings,
                self.invented_reading,
                settings.mileage_times,
            ),
            share(
                Kind::FakeMileage,
                measures.readings.contradicting,
                measures.readings.comparable,
                self.contradiction,
                settings.mileage_times,
            ),
            sequential(state, measures),
            self.fake_id(state, measures)
                .or(
                    share(
                        Kind::FakeId,
                        state.invented_ids,
                        state.with_id,
                        self.invented_id,
                        settings.broken_id_times,
                    ),
                    Facet::All,
                )
                .or(
                    share(
                        Kind::FakeId,
                        state.broken_ids,
                        state.with_id,
                        self.broken_id,
                        settings.broken_id_times,
                    ),
                    Facet::BrokenId,
                ),
            copied_address(state, measures, settings),
            self.name_repetition(state, measures),
            burst(&state.by_minute, measures.of_dealer, settings),
        ];
        trials.extend(self.shared_phones(state, measures));
        trials
    }

    /// Showroom and staff phones: phones that strangers share, at three levels of how many strangers; and all that shared phones
    /// and customers' other records say together, however few strangers share each.
    fn shared_phones(&self, state: &EntryState, measures: &Measures) -> [Trial; 2] {
        let showroom = measures.showroom;
        let entries = state.entries as f64;
        [
            (Kind::ShowroomPhone, 0..showroom),
            (Kind::StaffPhone, showroom..measures.phones.len()),
        ]
        .map(|(kind, range)| {
            let phones = &measures.phones[range];
            let strong = || phones.iter().filter(|(_, shape)| shape.is_strong());
            let level = |people: usize| {
                let count = strong().filter(|(_, shape)| shape.people >= people).count() as u64;
                let usual = self.shared_phone * THIRD_STRANGER.powi(people as i32 - 2);
                poisson_tail(count, entries * usual)
            };
            let weak = weak_signs(phones, measures, &self.expected(state, measures));
            // Where many share a phone, chance is out of the question anyway: the weak signs get most of the weight (weighted
            // Bonferroni; Genovese, Roeder and Wasserman 2006).
            let strangers = level(3).min(level(4)).min(level(5));
            let p = (weak.p / 0.8).min(strangers * 3.0 / 0.2);
            let bearing = phones
                .iter()
                .filter(|(_, shape)| shape.is_strong() || Bond::of(shape).is_some());
            Trial {
                kind,
                facet: Facet::All,
                count: bearing.map(|(_, shape)| u64::from(shape.records)).sum(),
                of: state.entries,
                usual: self.shared_phone,
                expected: entries * self.shared_phone,
                p: p.min(1.0),
                is_large: strong().next().is_some() || weak.is_large,
            }
        })
    }

    /// What an honest unit of this size shows.
    fn expected(&self, state: &EntryState, measures: &Measures) -> Expected {
        Expected {
            bonds: self.bonds.map(|share| share * state.entries as f64),
            contradicted: self.disowned * measures.disowned.1 as f64,
        }
    }

    /// ID numbers on several strangers, in a series, or of a decade's first day; together with how often they are not those of
    /// the record's own date of birth and gender.
    fn fake_id(&self, state: &EntryState, measures: &Measures) -> Trial {
        let shared = measures.ids.iter().filter(|(_, shape)| shape.people >= 3);
        let shared: usize = shared.map(|(_, shape)| shape.size()).sum();
        let series: usize = measures.id_stems.iter().map(|(_, n)| n).sum();
        let others = measures.ids.iter().map(|(_, shape)| shape.people - 1);
        let odd = others.sum::<usize>() as u64 + state.default_births;
        let count = (shared + series) as u64;
        let usual = 2e-4;
        let alone = poisson_tail(count, state.entries as f64 * usual + 0.1);
        let odd_alone = poisson_tail(odd, state.with_id as f64 * ODD_ID + 0.002);
        let differing = binomial_tail(state.differing_ids, state.with_id, self.differing_id);
        // A clerk who mistypes birthdays makes no number odd: only where some are, does it add to them.
        let odd_all = if odd_alone < ODD {
            both(odd_alone, differing)
        } else {
            1.0
        };
        let p = alone.min(odd_alone).min(odd_all) * 3.0;
        Trial {
            kind: Kind::FakeId,
            facet: Facet::All,
            count: count.max(odd),
            of: state.entries,
            usual,
            expected: state.entries as f64 * usual,
            p: p.min(1.0),
            is_large: count >= 3 || odd >= 2 && odd_alone < ODD,
        }
    }

    /// A name on more unrelated people than its share in the network explains.
    fn name_repetition(&self, state: &EntryState, measures: &Measures) -> Trial {
        let surprise = |(name, shape): &(u32, Shape)| {
            let here = state
                .by_name
                .get(name)
                .map_or(0, |group| u64::from(group.records));
            let elsewhere = self
                .name_counts
                .get(name)
                .copied()
                .unwrap_or(0)
                .saturating_sub(here);
            let others = self.entries.saturating_sub(state.entries).max(1);
            let expected =
                state.entries as f64 * (elsewhere as f64 / others as f64).max(5e-4) + 1.0;
            let p = poisson_tail(shape.size() as u64, expected) * state.by_name.len() as f64;
            (p, shape.size() as u64, expected)
        };
        let worst = measures
            .names
            .iter()
            .map(surprise)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap_or((1.0, 0, 0.0));
        Trial {
            kind: Kind::NameRepetition,
            facet: Facet::All,
            count: worst.1,
            of: state.entries,
            usual: 5e-4,
            expected: worst.2,
            p: worst.0.min(1.0),
            is_large: worst.1 >= 6,
        }
    }
}

/// Numbers in runs against the runs that chance makes of so many numbers.
fn sequential(state: &EntryState, measures: &Measures) -> Trial {
    let count = measures.sequential.len() as u64;
    let distinct = state.by_phone.len() as f64;
    // Mobile numbers in use lie in some 50 prefixes of 10^8 each.
    let by_chance = (distinct * distinct * 5.0 / 5e9 + distinct * 1e-5).max(1e-3);
    Trial {
        kind: Kind::SequentialPhone,
        facet: Facet::All,
        count,
        of: state.entries,
        usual: 1e-4,
        expected: by_chance,
        p: poisson_tail(count, by_chance),
        is_large: count >= 2,
    }
}

/// Addresses on strangers against what estates and office towers explain.
fn copied_address(state: &EntryState, measures: &Measures, settings: &Settings) -> Trial {
    let with_address: u64 = state
        .by_address
        .values()
        .map(|group| u64::from(group.records))
        .sum();
    let count = measures
        .addresses
        .iter()
        .filter(|(_, shape)| shape.is_copied(settings.address_strangers, with_address))
        .map(|(_, shape)| shape.size() as u64)
        .max()
        .unwrap_or(0);
    let usual = 2e-3;
    let one = poisson_tail(count, with_address as f64 * usual + 0.5);
    let level = |people: usize| {
        let groups = measures.addresses.iter();
        let count = groups.filter(|(_, shape)| shape.people >= people).count() as u64;
        let usual = with_address as f64 * THREE_AT_HOME * ONE_MORE_AT_HOME.powi(people as i32 - 3);
        poisson_tail(count, usual)
    };
    let p = [one, level(4), level(5), level(6)]
        .into_iter()
        .fold(1.0, f64::min)
        * 4.0;
    Trial {
        kind: Kind::CopiedAddress,
        facet: Facet::All,
        count,
        of: with_address,
        usual,
        expected: with_address as f64 * usual,
        p: p.min(1.0),
        is_large: count >= 4,
    }
}
