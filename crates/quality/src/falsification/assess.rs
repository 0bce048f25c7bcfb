//! Compares all dealers (or clerks) with each other and says where chance is no explanation.

use std::collections::BTreeMap;

use super::{
    Kind, Settings, Suspect, digits,
    group::Shape,
    judge::Marks,
    measure::Measures,
    phones::Phonebook,
    readings,
    state::EntryState,
    stats::{binomial_tail, poisson_tail, usual_share},
    trial::{LAST_TWO_DAYS, Trial, both, burst, decide, share},
};

/// Suspects, and what single entries are judged by.
#[derive(Debug, Default)]
pub struct Assessment {
    /// Suspects, strongest evidence first.
    pub suspects: Vec<Suspect>,
    pub(super) marks: BTreeMap<String, Marks>,
}

/// Phones on two strangers whose other records all give other phones, a record: people do change their phones.
const DISOWNED: f64 = 4e-4;
/// Such phones on two strangers who are not known to be of one place, a record: families live together. Both rates are what
/// remains at honest dealers of the one file whose truth is known.
const TELLING: f64 = 1.2e-4;
/// Of the phones that two strangers share honestly, how many a third shares too.
const THIRD_STRANGER: f64 = 0.02;

/// Assesses dealers or clerks. With fewer than three units, shares are compared with fixed usual ones alone.
pub fn assess(units: &BTreeMap<String, EntryState>, settings: Settings) -> Assessment {
    let mut measures: Vec<Measures> = units.values().map(Measures::of).collect();
    for (measures, compared) in measures
        .iter_mut()
        .zip(readings::compare(units.values().map(|state| &state.by_vin)))
    {
        measures.readings = compared;
    }
    let doubtful = measures.iter().map(Measures::doubtful_phones);
    let book = Phonebook::of(units.values().zip(doubtful));
    for (unit, (measures, state)) in (0_u32..).zip(measures.iter_mut().zip(units.values())) {
        measures.hear(&book, unit, state);
    }
    let usual = Usual::of(units, &measures);
    let digits = digits::compare(measures.iter().map(|measures| &measures.digits));
    let trials: Vec<Vec<Trial>> = units
        .values()
        .zip(&measures)
        .zip(digits)
        .map(|((state, measures), digits)| {
            let mut trials = usual.trials(state, measures);
            trials.push(digits);
            trials
        })
        .collect();
    let verdicts = decide(units.keys(), trials, settings);
    let mut assessment = Assessment {
        suspects: verdicts.suspects,
        marks: BTreeMap::new(),
    };
    for ((name, measures), strengths) in units.keys().zip(measures).zip(verdicts.strengths) {
        let marks = Marks::of(measures, &strengths);
        assessment.marks.insert(name.clone(), marks);
    }
    assessment
}

/// Shares that are usual in the network; floors stand in where the network is small or clean.
struct Usual {
    placeholder: f64,
    shared_phone: f64,
    disowned_group: f64,
    telling_group: f64,
    disowned: f64,
    month_end: f64,
    invented_reading: f64,
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
            placeholder: counted(|s| (s.placeholder_phones, s.with_phone)).max(0.005),
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
            disowned_group: measured(&|s, m| (disowned_groups(m), s.entries)).max(DISOWNED),
            telling_group: measured(&|s, m| (telling_groups(m), s.entries)).max(TELLING),
            disowned: measured(&|_, m| m.disowned).max(0.02),
            month_end: counted(|s| (s.last_two_days, s.dated)).clamp(LAST_TWO_DAYS, 0.2),
            invented_reading: counted(|s| (s.invented_readings, s.readings)).max(0.003),
            contradiction: measured(&|_, m| (m.readings.contradicting, m.readings.comparable))
                .max(0.01),
            name_counts,
            entries: units.values().map(EntryState::entries).sum(),
        }
    }

    fn trials(&self, state: &EntryState, measures: &Measures) -> Vec<Trial> {
        let mut trials = vec![
            share(
                Kind::PlaceholderPhone,
                state.placeholder_phones,
                state.with_phone,
                self.placeholder,
                3.0,
            ),
            share(
                Kind::MonthEndBurst,
                state.last_two_days,
                state.dated,
                self.month_end,
                1.5,
            ),
            share(
                Kind::FakeMileage,
                state.invented_readings,
                state.readings,
                self.invented_reading,
                3.0,
            ),
            share(
                Kind::FakeMileage,
                measures.readings.contradicting,
                measures.readings.comparable,
                self.contradiction,
                3.0,
            ),
            sequential(state, measures),
            fake_id(state, measures),
            copied_address(state, measures),
            self.name_repetition(state, measures),
            burst(&state.by_minute),
        ];
        trials.extend(self.shared_phones(state, measures));
        trials
    }

    /// Showroom and staff phones: phones that strangers share, at three levels of how many strangers, phones that their
    /// other records contradict, and those on strangers of different places; together with how often the unit's phones are
    /// contradicted at all (Fisher 1925).
    fn shared_phones(&self, state: &EntryState, measures: &Measures) -> [Trial; 2] {
        let showroom = measures.showroom;
        let entries = state.entries as f64;
        let contradiction = binomial_tail(measures.disowned.0, measures.disowned.1, self.disowned);
        [
            (Kind::ShowroomPhone, 0..showroom),
            (Kind::StaffPhone, showroom..measures.phones.len()),
        ]
        .map(|(kind, range)| {
            let phones = &measures.phones[range.clone()];
            let strong = || phones.iter().filter(|(_, shape)| shape.is_strong());
            let level = |people: usize| {
                let count = strong().filter(|(_, shape)| shape.people >= people).count() as u64;
                let usual = self.shared_phone * THIRD_STRANGER.powi(people as i32 - 2);
                poisson_tail(count, entries * usual)
            };
            let shaped = |is: fn(&Shape) -> bool| {
                phones.iter().filter(|(_, shape)| is(shape)).count() as u64
            };
            let (disowned, telling) = (shaped(Shape::is_disowned), shaped(Shape::is_telling));
            let p = [
                level(3),
                level(4),
                level(5),
                poisson_tail(disowned, entries * self.disowned_group),
                poisson_tail(telling, entries * self.telling_group),
            ]
            .into_iter()
            .fold(1.0, f64::min)
                * 5.0;
            let p = if disowned > 0 {
                p.min(both(p.min(1.0), contradiction) * 2.0)
            } else {
                p
            };
            let bearing = phones.iter().filter(|(_, shape)| {
                shape.is_strong() || shape.is_disowned() || shape.is_telling()
            });
            Trial {
                kind,
                count: bearing.map(|(_, shape)| u64::from(shape.records)).sum(),
                of: state.entries,
                usual: self.shared_phone,
                p: p.min(1.0),
                is_large: strong().next().is_some() || disowned.max(telling) >= 2,
            }
        })
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
            (
                poisson_tail(shape.size() as u64, expected) * state.by_name.len() as f64,
                shape.size() as u64,
            )
        };
        let worst = measures
            .names
            .iter()
            .map(surprise)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap_or((1.0, 0));
        Trial {
            kind: Kind::NameRepetition,
            count: worst.1,
            of: state.entries,
            usual: 5e-4,
            p: worst.0.min(1.0),
            is_large: worst.1 >= 6,
        }
    }
}

/// Phones that strangers share while their other records give other phones.
fn disowned_groups(measures: &Measures) -> u64 {
    measures
        .phones
        .iter()
        .filter(|(_, shape)| shape.is_disowned())
        .count() as u64
}

/// Such phones where the strangers are not known to be of one place.
fn telling_groups(measures: &Measures) -> u64 {
    let phones = measures.phones.iter();
    phones.filter(|(_, shape)| shape.is_telling()).count() as u64
}

/// Numbers in runs against the runs that chance makes of so many numbers.
fn sequential(state: &EntryState, measures: &Measures) -> Trial {
    let count = measures.sequential.len() as u64;
    let distinct = state.by_phone.len() as f64;
    // Mobile numbers in use lie in some 50 prefixes of 10^8 each.
    let by_chance = (distinct * distinct * 5.0 / 5e9 + distinct * 1e-5).max(1e-3);
    Trial {
        kind: Kind::SequentialPhone,
        count,
        of: state.entries,
        usual: 1e-4,
        p: poisson_tail(count, by_chance),
        is_large: count >= 2,
    }
}

fn fake_id(state: &EntryState, measures: &Measures) -> Trial {
    let shared: usize = measures
        .ids
        .iter()
        .filter(|(_, shape)| shape.people >= 3)
        .map(|(_, shape)| shape.size())
        .sum();
    let series: usize = measures
        .id_stems
        .iter()
        .map(|(_, sequences)| sequences)
        .sum();
    let count = (shared + series) as u64;
    let usual = 2e-4;
    Trial {
        kind: Kind::FakeId,
        count,
        of: state.entries,
        usual,
        p: poisson_tail(count, state.entries as f64 * usual + 0.1),
        is_large: count >= 3,
    }
}

/// The most frequent address against what estates and office towers explain.
fn copied_address(state: &EntryState, measures: &Measures) -> Trial {
    let with_address: u64 = state
        .by_address
        .values()
        .map(|group| u64::from(group.records))
        .sum();
    let count = measures
        .addresses
        .iter()
        .filter(|(_, shape)| shape.is_copied(with_address))
        .map(|(_, shape)| shape.size() as u64)
        .max()
        .unwrap_or(0);
    let usual = 2e-3;
    Trial {
        kind: Kind::CopiedAddress,
        count,
        of: with_address,
        usual,
        p: poisson_tail(count, with_address as f64 * usual + 0.5),
        is_large: count >= 4,
    }
}
