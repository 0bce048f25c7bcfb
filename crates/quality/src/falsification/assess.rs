//! Compares all dealers (or clerks) with each other and says where chance is no explanation.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Kind,
    judge::Marks,
    measure::Measures,
    phones::Phonebook,
    readings,
    state::EntryState,
    stats::{binomial_tail, discoveries, poisson_tail, usual_share, wilson_lower},
};

/// How strict the assessment is.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Share of false suspects that is tolerated among all suspects.
    pub false_discovery_rate: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            false_discovery_rate: 0.05,
        }
    }
}

/// A dealer or clerk whose entries chance does not explain, with the evidence.
#[derive(Clone, Debug, Serialize)]
pub struct Suspect {
    /// Dealer, or clerk as `dealer/clerk`.
    pub unit: String,
    /// What the signs point to.
    pub kind: Kind,
    /// How much of what was seen is beyond the usual, 0 to 1.
    pub strength: f64,
    /// Probability of seeing this much by chance.
    pub p: f64,
    /// Entries (or groups of them) that bear the sign.
    pub count: u64,
    /// Entries it was looked for in.
    pub of: u64,
}

/// Suspects, and what single entries are judged by.
#[derive(Debug, Default)]
pub struct Assessment {
    /// Suspects, strongest evidence first.
    pub suspects: Vec<Suspect>,
    pub(super) marks: BTreeMap<String, Marks>,
}

/// One test of one unit: what was counted, and how surprising it is.
#[derive(Clone, Copy)]
struct Test {
    kind: Kind,
    count: u64,
    of: u64,
    /// Share that is usual in the network.
    usual: f64,
    p: f64,
    /// Whether the effect is large enough to matter, whatever its p value.
    is_large: bool,
}

/// The last two days of a month of average length.
const LAST_TWO_DAYS: f64 = 2.0 / 30.436_875;
/// Phones on two strangers whose other records all give other phones, a record: people do change their phones.
const DISOWNED: f64 = 4e-4;
/// Of the phones that two strangers share honestly, how many a third shares too.
const THIRD_STRANGER: f64 = 0.02;

/// Assesses dealers or clerks. With fewer than three units, shares are compared with fixed usual ones alone.
pub fn assess(units: &BTreeMap<String, EntryState>, settings: Settings) -> Assessment {
    let mut measures: Vec<Measures> = units.values().map(Measures::of).collect();
    for (measures, compared) in measures.iter_mut().zip(readings::compare(units.values())) {
        measures.readings = compared;
    }
    let book = Phonebook::of(units.values());
    for (unit, (measures, state)) in (0_u32..).zip(measures.iter_mut().zip(units.values())) {
        measures.hear(&book, unit, state);
    }
    let usual = Usual::of(units, &measures);
    let tests: Vec<Vec<Test>> = units
        .values()
        .zip(&measures)
        .map(|(state, measures)| usual.tests(state, measures))
        .collect();
    let p_values: Vec<f64> = tests.iter().flatten().map(|test| test.p).collect();
    let found = discoveries(&p_values, settings.false_discovery_rate);
    let mut found = found.into_iter();
    let mut assessment = Assessment::default();
    for ((name, measures), tests) in units.keys().zip(measures).zip(tests) {
        let suspicious: Vec<Test> = tests
            .into_iter()
            .filter(|test| found.next().unwrap_or(false) && test.is_large)
            .collect();
        let strengths: Vec<(Kind, f64)> = suspicious
            .iter()
            .map(|test| (test.kind, test.strength()))
            .collect();
        assessment
            .suspects
            .extend(suspicious.iter().map(|test| test.suspect(name)));
        assessment
            .marks
            .insert(name.clone(), Marks::of(measures, &strengths));
    }
    assessment.suspects.sort_by(|a, b| {
        a.p.total_cmp(&b.p)
            .then_with(|| a.unit.cmp(&b.unit))
            .then_with(|| a.kind.cmp(&b.kind))
    });
    assessment
}

impl Test {
    fn strength(&self) -> f64 {
        let lower = wilson_lower(self.count.min(self.of), self.of);
        if lower <= 0.0 {
            0.0
        } else {
            (1.0 - self.usual / lower).clamp(0.05, 0.99)
        }
    }

    fn suspect(&self, unit: &str) -> Suspect {
        Suspect {
            unit: unit.to_owned(),
            kind: self.kind,
            strength: self.strength(),
            p: self.p,
            count: self.count,
            of: self.of,
        }
    }
}

/// Shares that are usual in the network; floors stand in where the network is small or clean.
struct Usual {
    placeholder: f64,
    shared_phone: f64,
    disowned_group: f64,
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
        let share = |count: fn(&EntryState) -> (u64, u64)| usual_share(units.values().map(count));
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
            placeholder: share(|s| (s.placeholder_phones, s.with_phone)).max(0.003),
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
            disowned: measured(&|_, m| m.disowned).max(0.02),
            month_end: share(|s| (s.last_two_days, s.dated)).clamp(LAST_TWO_DAYS, 0.2),
            invented_reading: share(|s| (s.invented_readings, s.readings)).max(0.003),
            contradiction: measured(&|_, m| (m.readings.contradicting, m.readings.comparable))
                .max(0.01),
            name_counts,
            entries: units.values().map(EntryState::entries).sum(),
        }
    }

    fn tests(&self, state: &EntryState, measures: &Measures) -> Vec<Test> {
        let mut tests = vec![
            share_test(
                Kind::PlaceholderPhone,
                state.placeholder_phones,
                state.with_phone,
                self.placeholder,
                3.0,
            ),
            share_test(
                Kind::MonthEndBurst,
                state.last_two_days,
                state.dated,
                self.month_end,
                1.5,
            ),
            share_test(
                Kind::FakeMileage,
                state.invented_readings,
                state.readings,
                self.invented_reading,
                3.0,
            ),
            share_test(
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
            entry_burst(state, measures),
        ];
        tests.extend(self.shared_phones(state, measures));
        tests
    }

    /// Showroom and staff phones: phones that strangers share, at three levels of how many strangers, and phones that their
    /// other records contradict, together with how often the unit's phones are contradicted at all (Fisher 1925).
    fn shared_phones(&self, state: &EntryState, measures: &Measures) -> [Test; 2] {
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
            let disowned = phones.iter().filter(|(_, shape)| shape.is_disowned());
            let disowned = disowned.count() as u64;
            let p = [
                level(3),
                level(4),
                level(5),
                poisson_tail(disowned, entries * self.disowned_group),
            ]
            .into_iter()
            .fold(1.0, f64::min)
                * 4.0;
            let p = if disowned > 0 {
                p.min(both(p.min(1.0), contradiction) * 2.0)
            } else {
                p
            };
            let records = strong().map(|(_, shape)| u64::from(shape.records)).sum();
            Test {
                kind,
                count: records,
                of: state.entries,
                usual: self.shared_phone,
                p: p.min(1.0),
                is_large: records > 0 || disowned >= 2,
            }
        })
    }

    /// A name on more unrelated people than its share in the network explains.
    fn name_repetition(&self, state: &EntryState, measures: &Measures) -> Test {
        let surprise = |(name, shape): &(u32, super::group::Shape)| {
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
        Test {
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

/// The p value of two independent tests together (Fisher 1925).
fn both(one: f64, other: f64) -> f64 {
    let product = one * other;
    if product <= 0.0 {
        0.0
    } else {
        product * (1.0 - product.ln())
    }
}

/// A share against the usual one; it matters if even its lower bound is `factor` times the usual.
fn share_test(kind: Kind, count: u64, of: u64, usual: f64, factor: f64) -> Test {
    let is_large = count >= 3 && wilson_lower(count, of) > usual * factor;
    Test {
        kind,
        count,
        of,
        usual,
        p: binomial_tail(count, of, usual),
        is_large,
    }
}

/// Numbers in runs against the runs that chance makes of so many numbers.
fn sequential(state: &EntryState, measures: &Measures) -> Test {
    let count = measures.sequential.len() as u64;
    let distinct = state.by_phone.len() as f64;
    // Mobile numbers in use lie in some 50 prefixes of 10^8 each.
    let by_chance = (distinct * distinct * 5.0 / 5e9 + distinct * 1e-5).max(1e-3);
    Test {
        kind: Kind::SequentialPhone,
        count,
        of: state.entries,
        usual: 1e-4,
        p: poisson_tail(count, by_chance),
        is_large: count >= 2,
    }
}

fn fake_id(state: &EntryState, measures: &Measures) -> Test {
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
    Test {
        kind: Kind::FakeId,
        count,
        of: state.entries,
        usual,
        p: poisson_tail(count, state.entries as f64 * usual + 0.1),
        is_large: count >= 3,
    }
}

/// The most frequent address against what estates and office towers explain.
fn copied_address(state: &EntryState, measures: &Measures) -> Test {
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
    Test {
        kind: Kind::CopiedAddress,
        count,
        of: with_address,
        usual,
        p: poisson_tail(count, with_address as f64 * usual + 0.5),
        is_large: count >= 4,
    }
}

/// The fullest minute against an average one in which anything was entered. A file entered at one blow is an import.
fn entry_burst(state: &EntryState, measures: &Measures) -> Test {
    let (_, records) = measures.burst.unwrap_or_default();
    let minutes = state.by_minute.len() as f64;
    let timed: u64 = state
        .by_minute
        .values()
        .map(|records| u64::from(*records))
        .sum();
    let is_import = u64::from(records) * 2 > timed;
    let mean = if minutes > 0.0 {
        timed as f64 / minutes
    } else {
        0.0
    };
    let p = if is_import || records == 0 {
        1.0
    } else {
        (poisson_tail(u64::from(records), mean) * minutes).min(1.0)
    };
    Test {
        kind: Kind::EntryBurst,
        count: u64::from(records),
        of: timed,
        usual: mean / timed.max(1) as f64,
        p,
        is_large: records >= 8,
    }
}
