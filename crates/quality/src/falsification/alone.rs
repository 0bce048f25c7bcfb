//! Clerks who stand out of the other clerks of their dealer. Where one of ten invents, the dealer as a whole looks as dealers do, and what
//! is looked for at dealers finds nobody.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Assessment, Entry, Kind, Settings, Sign, Suspect, VisitAssessment, VisitEntry,
    stats::{binomial_tail, wilson_interval, wilson_lower},
    trial::{Trial, decide, strongest_first},
    unit::dealer_and_clerk,
};

/// Fewer entries that bear the sign tell nothing of one clerk among many: each of them has some work of his own.
const LEAST: u64 = 10;
/// So many times what makes a dealer stand out must make a clerk stand out of his own.
const STRICTER: f64 = 1.5;
/// The share of false ones among clerks who are named alone, as a part of that among all suspects.
const FEWER_FALSE: f64 = 0.1;
/// What chance explains so often of a dealer is usual there: then his clerks only divide the work otherwise, as where one of them does
/// the deliveries of all months' ends.
const USUAL: f64 = 0.05;
/// A name that one clerk repeats matters from so many times what others repeat on.
const NAME_TIMES: f64 = 2.0;

/// Clerks compared with all clerks, and with the others of their dealer.
#[derive(Debug)]
pub struct ClerkAssessment<A> {
    /// Suspects, strongest evidence first.
    pub suspects: Vec<Suspect>,
    /// What clerks are named for whose dealers are not, and how strongly.
    alone: BTreeMap<String, Vec<(Kind, f64)>>,
    all: A,
}

/// The clerks whose share of a sign is far beyond that of their dealer's other clerks, and beyond what is usual everywhere; over all clerks
/// and tests at once. `trials` are the tests of each clerk in their order, the same ones for all; for the ends of months only those are
/// named whose counts say that they have the habit (`has_habit`).
pub(super) fn stand_out<S>(
    clerks: &BTreeMap<String, S>,
    trials: &[Vec<Trial>],
    settings: Settings,
    has_habit: impl Fn(&S) -> bool,
) -> Vec<Suspect> {
    let mut of_dealers: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for (clerk, trials) in clerks.keys().zip(trials) {
        let sums = of_dealers.entry(dealer_and_clerk(clerk).0).or_default();
        sums.resize(trials.len(), (0, 0));
        for (sum, trial) in sums.iter_mut().zip(trials) {
            sum.0 += trial.count;
            sum.1 += trial.of;
        }
    }
    let beside_others = clerks.keys().zip(trials).map(|(clerk, trials)| {
        let sums = &of_dealers[dealer_and_clerk(clerk).0];
        let trials = trials.iter().zip(sums);
        let trials = trials.filter_map(|(trial, sum)| beside(trial, *sum, &settings));
        trials.collect::<Vec<Trial>>()
    });
    let beside_others: Vec<Vec<Trial>> = beside_others.collect();
    let strict = Settings {
        false_discovery_rate: settings.false_discovery_rate * FEWER_FALSE,
        ..settings
    };
    let mut lone = decide(clerks.keys(), &beside_others, strict).suspects;
    lone.retain(|one| one.kind != Kind::MonthEndBurst || has_habit(&clerks[&one.unit]));
    lone
}

/// Keeps what is looked for in the entries of suspects: nobody asks that of the others.
pub(super) fn keep_named<M>(marks: &mut BTreeMap<String, M>, suspects: &[Suspect]) {
    let named: BTreeSet<&str> = suspects.iter().map(|one| one.unit.as_str()).collect();
    marks.retain(|unit, _| named.contains(unit.as_str()));
}

/// A clerk's test once more, beside what his dealer's clerks show together: both what is usual everywhere and the most that the others' share
/// may be must fail to explain what he shows (the larger of two p values is one of both: Berger 1982). `None` of a kind whose records bear the
/// sign by themselves, whoever wrote them.
fn beside(trial: &Trial, (count, of): (u64, u64), settings: &Settings) -> Option<Trial> {
    let times = match trial.kind {
        Kind::MonthEndBurst => settings.month_end_times,
        Kind::FakeMileage | Kind::EvenMileage => settings.mileage_times,
        Kind::BareVisit => settings.bare_visit_times,
        Kind::NameRepetition => NAME_TIMES,
        _ => return None,
    };
    if trial.of == 0 {
        return None;
    }
    let everywhere = trial.expected / trial.of as f64;
    let others = wilson_interval(count - trial.count, of - trial.of).1;
    let usual = everywhere.max(others);
    let is_unusual_dealer = binomial_tail(count, of, everywhere) < USUAL;
    let is_far_beyond = wilson_lower(trial.count, trial.of) > usual * times * STRICTER;
    Some(Trial {
        usual,
        expected: usual * trial.of as f64,
        p: trial.p.max(binomial_tail(trial.count, trial.of, others)),
        is_large: trial.is_large && trial.count >= LEAST && is_unusual_dealer && is_far_beyond,
        ..*trial
    })
}

impl<A> ClerkAssessment<A> {
    /// Of `suspects` among all clerks those are named of whom some entries bear the sign at their dealer, as the kind that `borne` says, and
    /// those who are among the `lone`.
    pub(super) fn of(
        suspects: Vec<Suspect>,
        lone: Vec<Suspect>,
        all: A,
        borne: impl Fn(&Suspect) -> Option<Kind>,
    ) -> Self {
        let mut assessment = Self {
            suspects: Vec::new(),
            alone: BTreeMap::new(),
            all,
        };
        let key = |suspect: &Suspect| (suspect.unit.clone(), suspect.kind);
        let mut lone: BTreeMap<(String, Kind), Suspect> =
            lone.into_iter().map(|one| (key(&one), one)).collect();
        let mut named = BTreeSet::new();
        for suspect in suspects {
            let suspect = if let Some(kind) = borne(&suspect) {
                Suspect { kind, ..suspect }
            } else if let Some(one) = lone.remove(&key(&suspect)) {
                let own = assessment.alone.entry(one.unit.clone()).or_default();
                own.push((one.kind, one.strength));
                one
            } else {
                continue;
            };
            if named.insert((suspect.unit.clone(), suspect.kind, suspect.of)) {
                assessment.suspects.push(suspect);
            }
        }
        strongest_first(&mut assessment.suspects);
        assessment
    }

    /// The signs of an entry at its dealer, and of those it bears among all clerks the ones that are its clerk's alone.
    fn with_own(
        &self,
        unit: &str,
        at_dealer: Vec<Sign>,
        of_clerk: impl FnOnce(&A) -> Vec<Sign>,
    ) -> Vec<Sign> {
        let mut signs = at_dealer;
        let Some(alone) = self.alone.get(unit) else {
            return signs;
        };
        for sign in of_clerk(&self.all) {
            let own = alone.iter().find(|(kind, _)| *kind == sign.kind);
            let is_known = signs.iter().any(|known| known.kind == sign.kind);
            if let Some((_, strength)) = own.filter(|_| !is_known) {
                signs.push(Sign {
                    strength: sign.strength.min(*strength),
                    ..sign
                });
            }
        }
        signs
    }

    /// Whether both name a clerk alone for the same, as strongly.
    fn names_like(&self, other: &Self, unit: &str) -> bool {
        self.alone.get(unit) == other.alone.get(unit)
    }
}

impl ClerkAssessment<Assessment> {
    /// The signs of invention on one entry of a clerk: those it bears at its dealer, and those of what the clerk alone is named for.
    pub fn signs(&self, unit: &str, entry: &Entry, at_dealer: Vec<Sign>) -> Vec<Sign> {
        self.with_own(unit, at_dealer, |all| all.signs(unit, entry))
    }

    /// Whether both judge every entry of a clerk alike, if his dealer's are judged alike.
    pub fn judges_like(&self, other: &Self, unit: &str) -> bool {
        let is_alone = self.alone.contains_key(unit);
        self.names_like(other, unit) && (!is_alone || self.all.judges_like(&other.all, unit))
    }

    /// The minute since 1970 in which a clerk had his last burst of entries.
    pub fn burst_minute(&self, unit: &str) -> Option<u32> {
        self.all.burst_minute(unit)
    }
}

impl ClerkAssessment<VisitAssessment> {
    /// The signs of invention on one visit of an adviser: those it bears at its dealer, and those of what he alone is named for.
    pub fn signs(&self, unit: &str, entry: &VisitEntry, at_dealer: Vec<Sign>) -> Vec<Sign> {
        self.with_own(unit, at_dealer, |all| all.signs(unit, entry))
    }

    /// Whether both judge every visit of an adviser alike, if his dealer's are judged alike.
    pub fn judges_like(&self, other: &Self, unit: &str) -> bool {
        let is_alone = self.alone.contains_key(unit);
        self.names_like(other, unit) && (!is_alone || self.all.judges_like(&other.all, unit))
    }

    /// The minute since 1970 in which an adviser had his last burst of visits.
    pub fn burst_minute(&self, unit: &str) -> Option<u32> {
        self.all.burst_minute(unit)
    }
}
