//! Signs of invention in visits: readings that are too round, contradict the car's others or grow too evenly, last digits,
//! visits in which nothing was done, bursts.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Kind, Settings, Sign, Suspect,
    alone::{ClerkAssessment, keep_named, stand_out},
    digits::{self, Digits},
    even::{Evenness, evenness},
    readings::{self, ByVin, Compared},
    state::LastDays,
    stats::usual_share,
    trial::{Bursts, Passed, Trial, burst, decide, share, timed, usual_month_end},
    unit::dealer_and_clerk,
    visit_entry::VisitEntry,
};

/// Counters of one dealer's or adviser's visits. Adding and merging commute.
#[derive(Clone, Default, PartialEq)]
pub struct VisitState {
    visits: u64,
    bare: u64,
    readings: u64,
    invented_readings: u64,
    dated: u64,
    last_two_days: LastDays,
    /// Last digits of readings that were not invented on their face.
    digits: Digits,
    by_minute: FxHashMap<u32, u32>,
    by_vin: ByVin,
}

impl VisitState {
    /// Counts one visit.
    pub fn add(&mut self, entry: &VisitEntry) {
        self.visits += 1;
        self.bare += u64::from(entry.is_bare);
        self.readings += u64::from(entry.odometer.is_some());
        self.dated += u64::from(entry.date.is_some());
        if let Some(date) = entry.date.filter(|_| entry.is_on_last_two_days()) {
            self.last_two_days.add(date);
        }
        if entry.has_invented_reading() {
            self.invented_readings += 1;
        } else if let Some(km) = entry.odometer {
            self.digits.add(u64::from(km));
        }
        if entry.minute != 0 {
            *self.by_minute.entry(entry.minute).or_default() += 1;
        }
        if let Some((vin, day, km)) = entry.reading() {
            self.by_vin.entry(vin).or_default().insert((day, km));
        }
    }

    /// Visits of the last two days of months, and all that have a date.
    fn month_end(&self) -> (u64, u64) {
        self.last_two_days.of(self.dated)
    }

    /// Adds the counts of another state of the same dealer or adviser.
    pub fn merge(&mut self, other: &Self) {
        self.visits += other.visits;
        self.bare += other.bare;
        self.readings += other.readings;
        self.invented_readings += other.invented_readings;
        self.dated += other.dated;
        self.last_two_days.merge(&other.last_two_days);
        self.digits.merge(&other.digits);
        for (minute, visits) in &other.by_minute {
            *self.by_minute.entry(*minute).or_default() += visits;
        }
        for (vin, readings) in &other.by_vin {
            self.by_vin.entry(*vin).or_default().extend(readings);
        }
    }
}

impl std::fmt::Debug for VisitState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("VisitState")
            .field("visits", &self.visits)
            .finish_non_exhaustive()
    }
}

/// Suspects, and what single visits are judged by.
#[derive(Debug, Default)]
pub struct VisitAssessment {
    /// Suspects, strongest evidence first.
    pub suspects: Vec<Suspect>,
    marks: BTreeMap<String, Marks>,
    /// Visits of each unit that have a time.
    timed: BTreeMap<String, u64>,
}

/// What is looked for in the visits of one dealer.
#[derive(Default, PartialEq)]
struct Marks {
    bare: Option<f64>,
    month_end: Option<f64>,
    mileage: Option<f64>,
    contradicted: FxHashSet<(u64, i32, u32)>,
    even: FxHashMap<(u64, i32, u32), f64>,
    /// Minutes of bursts, in order.
    bursts: Vec<u32>,
    burst: Option<f64>,
}

impl std::fmt::Debug for Marks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Marks").finish_non_exhaustive()
    }
}

/// What one state shows before it is compared with the others.
struct Measured<'a> {
    state: &'a VisitState,
    /// Whether any visit of the dealer has a line: a feed that never carries lines says nothing of work.
    has_lines: bool,
    compared: Compared,
    evenness: Evenness,
    /// Visits of the dealer that have a time, where the unit is an adviser.
    of_dealer: u64,
}

/// Compares the visits of all dealers or advisers.
pub fn assess_visits(units: &BTreeMap<String, VisitState>, settings: Settings) -> VisitAssessment {
    compare(units, settings, |_| 0).0
}

/// Compares units, and gives back the tests by which it did, in their order. `of_dealer` says how many of a dealer's visits have a time, where
/// units are advisers.
fn compare(
    units: &BTreeMap<String, VisitState>,
    settings: Settings,
    of_dealer: impl Fn(&str) -> u64,
) -> (VisitAssessment, Vec<Vec<Trial>>) {
    let by_vin = units.values().map(|state| &state.by_vin);
    let (compared, new_meters) = readings::compare(by_vin, settings.believable_km_a_day);
    let with_lines: BTreeSet<&str> = units
        .iter()
        .filter(|(_, state)| state.bare < state.visits)
        .map(|(unit, _)| dealer_and_clerk(unit).0)
        .collect();
    let measured: Vec<Measured<'_>> = units
        .iter()
        .zip(compared)
        .map(|((unit, state), compared)| Measured {
            state,
            has_lines: with_lines.contains(dealer_and_clerk(unit).0),
            compared,
            evenness: evenness(&state.by_vin, &new_meters, &settings),
            of_dealer: of_dealer(unit),
        })
        .collect();
    let trials = trials(&measured, &settings);
    let verdicts = decide(units.keys(), &trials, settings);
    let marks = units
        .keys()
        .zip(&measured)
        .zip(&verdicts.passed)
        .map(|((unit, measured), passed)| (unit.clone(), Marks::of(measured, passed, &settings)));
    let assessment = VisitAssessment {
        marks: marks.collect(),
        suspects: verdicts.suspects,
        timed: units
            .iter()
            .map(|(unit, state)| (unit.clone(), timed(&state.by_minute)))
            .collect(),
    };
    (assessment, trials)
}

/// Compares the visits of advisers, whose dealers are compared already: whoever is named has visits that bear the sign there, or
/// stands out of the dealer's other advisers (`alone`).
pub fn assess_visit_clerks(
    clerks: &BTreeMap<String, VisitState>,
    dealers: &VisitAssessment,
    settings: Settings,
) -> ClerkAssessment<VisitAssessment> {
    let of_dealer = |clerk: &str| dealers.timed.get(dealer_and_clerk(clerk).0).copied();
    let (mut assessment, trials) = compare(clerks, settings, |clerk| of_dealer(clerk).unwrap_or(0));
    let has_habit = |clerk: &VisitState| clerk.last_two_days.is_habit();
    let lone = stand_out(clerks, &trials, settings, has_habit);
    let suspects = std::mem::take(&mut assessment.suspects);
    keep_named(&mut assessment.marks, &suspects);
    let borne = |suspect: &Suspect| {
        let marks = dealers.marks.get(dealer_and_clerk(&suspect.unit).0)?;
        let is_borne = marks.is_borne(suspect.kind, &clerks[&suspect.unit]);
        is_borne.then_some(suspect.kind)
    };
    ClerkAssessment::of(suspects, lone, assessment, borne)
}

impl Measured<'_> {
    /// Visits without a line, and all of them.
    const fn without_work(&self) -> (u64, u64) {
        if self.has_lines {
            (self.state.bare, self.state.visits)
        } else {
            (0, 0)
        }
    }
}

/// Tests of each unit against what is usual in the network; floors stand in where the network is small or clean.
fn trials(measured: &[Measured<'_>], settings: &Settings) -> Vec<Vec<Trial>> {
    let counted =
        |count: &dyn Fn(&Measured<'_>) -> (u64, u64)| usual_share(measured.iter().map(count));
    let bare = usual_share(measured.iter().map(Measured::without_work)).max(0.03);
    let month_end = usual_month_end(measured.iter().map(|m| m.state.month_end()));
    let invented = counted(&|m| (m.state.invented_readings, m.state.readings)).max(0.003);
    let contradicting = counted(&|m| (m.compared.contradicting, m.compared.comparable)).max(0.01);
    let even = counted(&|m| (m.evenness.even, m.evenness.triples)).max(0.02);
    let digits = digits::compare(
        measured.iter().map(|m| &m.state.digits),
        settings.digit_share,
    );
    let of = |(m, digits): (&Measured<'_>, Trial)| {
        let (state, (without, visits)) = (m.state, m.without_work());
        let (last_days, dated) = state.month_end();
        vec![
            share(
                Kind::BareVisit,
                without,
                visits,
                bare,
                settings.bare_visit_times,
            ),
            share(
                Kind::MonthEndBurst,
                last_days,
                dated,
                month_end,
                settings.month_end_times,
            ),
            share(
                Kind::FakeMileage,
                state.invented_readings,
                state.readings,
                invented,
                settings.mileage_times,
            ),
            share(
                Kind::FakeMileage,
                m.compared.contradicting,
                m.compared.comparable,
                contradicting,
                settings.mileage_times,
            ),
            share(
                Kind::EvenMileage,
                m.evenness.even,
                m.evenness.triples,
                even,
                settings.mileage_times,
            ),
            burst(&state.by_minute, m.of_dealer, settings),
            Trial {
                kind: Kind::DigitPattern,
                ..digits
            },
        ]
    };
    measured.iter().zip(digits).map(of).collect()
}

impl Marks {
    fn of(measured: &Measured<'_>, passed: &[Passed], settings: &Settings) -> Self {
        let strength_of = |kind: Kind| {
            let found = passed.iter().find(|test| test.kind == kind);
            found.map(|test| test.strength)
        };
        let mileage = strength_of(Kind::FakeMileage);
        let even = strength_of(Kind::EvenMileage).map(|strength| {
            let readings = measured.evenness.readings.iter();
            readings.map(|reading| (*reading, strength)).collect()
        });
        let burst = strength_of(Kind::EntryBurst);
        Self {
            bare: strength_of(Kind::BareVisit),
            month_end: strength_of(Kind::MonthEndBurst),
            contradicted: mileage
                .map(|_| measured.compared.blamed.clone())
                .unwrap_or_default(),
            mileage,
            even: even.unwrap_or_default(),
            bursts: burst
                .map(|_| {
                    Bursts::of(&measured.state.by_minute, measured.of_dealer, settings).minutes
                })
                .unwrap_or_default(),
            burst,
        }
    }

    /// Whether any of an adviser's visits bears the sign of a kind at his dealer.
    fn is_borne(&self, kind: Kind, clerk: &VisitState) -> bool {
        let any_reading = |is_marked: &dyn Fn(&(u64, i32, u32)) -> bool| {
            clerk.by_vin.iter().any(|(vin, readings)| {
                let mut readings = readings.iter();
                readings.any(|(day, km)| is_marked(&(*vin, *day, *km)))
            })
        };
        match kind {
            Kind::BareVisit => self.bare.is_some() && clerk.bare > 0,
            Kind::MonthEndBurst => self.month_end.is_some(),
            Kind::FakeMileage => {
                self.mileage.is_some()
                    && (clerk.invented_readings > 0
                        || any_reading(&|reading| self.contradicted.contains(reading)))
            }
            Kind::EvenMileage => any_reading(&|reading| self.even.contains_key(reading)),
            Kind::EntryBurst => (self.bursts.iter()).any(|at| clerk.by_minute.contains_key(at)),
            // Of digits no visit bears a sign, at dealers neither.
            Kind::DigitPattern => true,
            _ => false,
        }
    }

    fn signs(&self, entry: &VisitEntry) -> Vec<Sign> {
        let reading = entry.reading();
        let is_contradicted =
            || reading.is_some_and(|reading| self.contradicted.contains(&reading));
        let is_invented = entry.has_invented_reading() || is_contradicted();
        let even = reading.and_then(|reading| self.even.get(&reading).copied());
        let in_burst = |_: &f64| self.bursts.binary_search(&entry.minute).is_ok();
        [
            (Kind::BareVisit, self.bare.filter(|_| entry.is_bare)),
            (
                Kind::MonthEndBurst,
                self.month_end.filter(|_| entry.is_on_last_two_days()),
            ),
            (Kind::FakeMileage, self.mileage.filter(|_| is_invented)),
            (Kind::EvenMileage, even),
            (Kind::EntryBurst, self.burst.filter(in_burst)),
        ]
        .into_iter()
        .filter_map(|(kind, strength)| strength.map(|strength| Sign { kind, strength }))
        .collect()
    }
}

impl VisitAssessment {
    /// Whether both judge every visit of a unit alike.
    pub fn judges_like(&self, other: &Self, unit: &str) -> bool {
        self.marks.get(unit) == other.marks.get(unit)
    }

    /// The minute since 1970 in which a unit had its last burst of visits.
    pub fn burst_minute(&self, unit: &str) -> Option<u32> {
        self.marks.get(unit)?.bursts.last().copied()
    }

    /// The signs of invention on one visit of a unit that was assessed.
    pub fn signs(&self, unit: &str, entry: &VisitEntry) -> Vec<Sign> {
        let marks = self.marks.get(unit);
        marks.map(|marks| marks.signs(entry)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
