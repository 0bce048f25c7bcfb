//! The counters themselves: how near each threshold is, with the repair orders that count.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};

use super::record::{Assembly, Repair, Replacement, SafetyFault, started_days};
use super::terms::{EARLY_KM, Terms, windows};
use crate::law::WorkCalendar;

/// A threshold of the law.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Within 7 days a unit or a main part of one must be replaced (Art. 22): another car or the money, free.
    FirstSevenDays,
    /// Within 60 days or 3,000 km a fault of Art. 23: another car or the money, free.
    EarlyFault,
    /// Within 60 days or 3,000 km a main part of a unit is defective (Art. 20): a new unit, free.
    EarlyUnitDefect(Assembly),
    /// A serious safety fault repaired twice and not cured, or a new one appears (Art. 24 (1)).
    SeriousSafetyFault,
    /// A unit replaced twice and still unfit (Art. 24 (2)).
    UnitReplaced(Assembly),
    /// The same main part replaced twice and still unfit (Art. 24 (3)).
    MainPartReplaced(Assembly, String),
    /// More than 30 days of repair (Art. 24 (4)).
    RepairDays,
    /// The same defect repaired more than four times (Art. 24 (4)).
    SameDefect(String),
    /// What may be the same defect of an assembly: repairs without a code of which the workshop says the same. It only warns.
    SameWords(Assembly),
    /// One repair of more than five days, waiting for parts included: a spare car or money from the sixth (Art. 21).
    SpareCar,
}

/// How near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Counted, far from the threshold.
    Counted,
    /// The next repair, or the next thing found or replaced in this one, may reach it.
    Warning,
    /// Reached.
    Reached,
}

impl Rule {
    /// Whether it entitles to another car or the money without a fee for the use (Art. 22 and 23).
    fn is_free_of_fee(&self) -> bool {
        matches!(self, Self::FirstSevenDays | Self::EarlyFault)
    }

    /// Whether it entitles to another car or the money for a fee (Art. 24 and 27).
    fn asks_fee(&self) -> bool {
        matches!(
            self,
            Self::SeriousSafetyFault
                | Self::UnitReplaced(_)
                | Self::MainPartReplaced(..)
                | Self::RepairDays
                | Self::SameDefect(_)
        )
    }
}

/// One counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Of what.
    pub rule: Rule,
    /// Days, repairs or replacements so far.
    pub count: u32,
    /// The count at which the threshold is reached.
    pub reached_at: u32,
    /// How near.
    pub level: Level,
    /// For what must be "still unfit" or "not cured": whether a later repair shows it. For a fault of Art. 23: whether the
    /// workshop found it. For a spare car: whether none is on record. For a defect without a code never. Always true for plain
    /// counts.
    pub is_confirmed: bool,
    /// The repair orders that count, oldest first; of a warning before anything is counted, those that warn.
    pub evidence: Vec<String>,
}

/// More than 30 days is 31; the warning leaves a week.
const REPAIR_DAYS: (u32, u32) = (25, 31);
/// More than four times is five; the warning stands from the third repair, while one more can still cure it in time.
const SAME_DEFECT: (u32, u32) = (3, 5);
const TWICE: (u32, u32) = (1, 2);
const ONCE: (u32, u32) = (1, 1);
/// From the sixth day on; the fifth is the last on which nothing is owed.
const SPARE_CAR: (u32, u32) = (5, 6);

/// The counters of a vehicle handed over on `start`, the nearest to its threshold first. Rules of which nothing is counted
/// are left out.
///
/// Only covered repairs count, for Art. 24 only those agreed on within the three-guarantees period, for a spare car those within
/// the repair period. What one event reaches is warned of by what comes before it: a unit under repair before it is replaced, a
/// fault that the customer tells of before the workshop has found it.
pub fn counters(
    terms: &Terms,
    start: NaiveDate,
    calendar: &WorkCalendar,
    repairs: &[Repair],
    now: NaiveDateTime,
) -> Vec<Counter> {
    let windows = windows(terms, start, calendar);
    let within = |repair: &&Repair, last: NaiveDate, km: f64| {
        let date = repair.agreed_at.date();
        (start..=last).contains(&date) && repair.driven_km <= km
    };
    let mut covered: Vec<&Repair> = repairs.iter().filter(|repair| repair.is_covered).collect();
    covered.sort_by_key(|repair| repair.agreed_at);
    let chosen = |last: NaiveDate, km: f64| -> Vec<&Repair> {
        covered
            .iter()
            .copied()
            .filter(|repair| within(repair, last, km))
            .collect()
    };
    let period = chosen(windows.period, f64::from(terms.period_km));
    let mut counters = Vec::new();
    // A warning stands while what it warns of may still come: in the window, or in a repair that still runs.
    let until = |last: NaiveDate| {
        move |repair: &Repair| now.date() <= last || repair.completed_at.is_none()
    };
    let (seven, sixty) = (windows.seven_days.date, windows.sixty_days.date);
    counters.extend(first_days(&chosen(seven, f64::INFINITY), until(seven)));
    counters.extend(first_sixty(&chosen(sixty, EARLY_KM), until(sixty)));
    counters.extend(serious_faults(&period));
    counters.extend(replacements(&period));
    counters.extend(repair_days(&period, now));
    counters.extend(same_defects(&period));
    counters.extend(same_words(&period));
    let promised = chosen(windows.repair_period, f64::from(terms.repair_km));
    counters.extend(spare_car(&promised, now));
    counters.sort_by(|left, right| {
        right
            .level
            .cmp(&left.level)
            .then_with(|| left.rule.cmp(&right.rule))
    });
    counters
}

/// Whether whoever gives the car back owes a fee for its use (Art. 27): by a threshold of Art. 24, unless one of Art. 22 or 23, which
/// ask for none, is reached too.
pub fn owes_usage_fee(counters: &[Counter]) -> bool {
    let has_reached = |is_meant: fn(&Rule) -> bool| {
        let mut reached = counters.iter().filter(|each| each.level == Level::Reached);
        reached.any(|each| is_meant(&each.rule))
    };
    has_reached(Rule::asks_fee) && !has_reached(Rule::is_free_of_fee)
}

fn counter(
    rule: Rule,
    count: u32,
    (warning, reached_at): (u32, u32),
    is_confirmed: bool,
    evidence: &[&Repair],
) -> Option<Counter> {
    let level = match count {
        0 => return None,
        count if count >= reached_at => Level::Reached,
        count if count >= warning => Level::Warning,
        _ => Level::Counted,
    };
    let evidence = evidence.iter().map(|repair| repair.order.clone()).collect();
    Some(Counter {
        rule,
        count,
        reached_at,
        level,
        is_confirmed,
        evidence,
    })
}

/// A threshold that one event reaches: the repairs that do, or else a warning by those that still may.
fn once(
    rule: Rule,
    reached: &[&Repair],
    near: &[&Repair],
    may_still: impl Fn(&Repair) -> bool,
) -> Option<Counter> {
    let near: Vec<&Repair> = near
        .iter()
        .copied()
        .filter(|each| may_still(each))
        .collect();
    if !reached.is_empty() || near.is_empty() {
        return counter(rule, reached.len() as u32, ONCE, true, reached);
    }
    Some(Counter {
        rule,
        count: 0,
        reached_at: ONCE.1,
        level: Level::Warning,
        is_confirmed: false,
        evidence: near.iter().map(|repair| repair.order.clone()).collect(),
    })
}

fn replaces(repair: &Repair, unit: Assembly) -> bool {
    repair.replaced.iter().any(|each| each.assembly == unit)
}

fn first_days(repairs: &[&Repair], may_still: impl Fn(&Repair) -> bool) -> Option<Counter> {
    let of = |is_wanted: fn(&Repair, Assembly) -> bool| -> Vec<&Repair> {
        let any = |repair: &&&Repair| Assembly::UNITS.iter().any(|unit| is_wanted(repair, *unit));
        repairs.iter().filter(any).copied().collect()
    };
    let under_repair = of(|repair, unit| repair.assembly == Some(unit));
    once(
        Rule::FirstSevenDays,
        &of(replaces),
        &under_repair,
        may_still,
    )
}

fn first_sixty(repairs: &[&Repair], may_still: impl Fn(&Repair) -> bool) -> Vec<Counter> {
    let faults = |is_found: bool| -> Vec<&Repair> {
        let is_so = |fault: &SafetyFault| fault.early.is_some() && fault.is_found == is_found;
        let faults = repairs.iter().copied();
        faults
            .filter(|repair| repair.safety_fault.as_ref().is_some_and(is_so))
            .collect()
    };
    let of_unit = |unit: Assembly| {
        let replaced = repairs.iter().copied().filter(|each| replaces(each, unit));
        let under_repair = repairs.iter().copied();
        let under_repair = under_repair.filter(|each| each.assembly == Some(unit));
        once(
            Rule::EarlyUnitDefect(unit),
            &replaced.collect::<Vec<_>>(),
            &under_repair.collect::<Vec<_>>(),
            &may_still,
        )
    };
    let units = Assembly::UNITS.into_iter().filter_map(of_unit);
    let early = once(Rule::EarlyFault, &faults(true), &faults(false), &may_still);
    early.into_iter().chain(units).collect()
}

fn serious_faults(repairs: &[&Repair]) -> Option<Counter> {
    let is_found = |repair: &&&Repair| repair.safety_fault.is_some_and(|fault| fault.is_found);
    let serious: Vec<&Repair> = repairs.iter().filter(is_found).copied().collect();
    let appeared_again = serious.len() > 2;
    counter(
        Rule::SeriousSafetyFault,
        serious.len() as u32,
        TWICE,
        appeared_again,
        &serious,
    )
}

/// The longest single repair; the evidence is every one that is as near. One that still runs reaches it like any other: a spare car is
/// of use only while the car stands.
fn spare_car(repairs: &[&Repair], now: NaiveDateTime) -> Option<Counter> {
    let longest = repairs
        .iter()
        .map(|repair| repair.days_with_waiting(now))
        .max()?;
    let long: Vec<&Repair> = repairs
        .iter()
        .copied()
        .filter(|repair| repair.days_with_waiting(now) >= longest.min(SPARE_CAR.1))
        .collect();
    let is_without = long.iter().any(|repair| !repair.has_substitute);
    // A short repair is no step towards a long one.
    (longest >= SPARE_CAR.0)
        .then(|| counter(Rule::SpareCar, longest, SPARE_CAR, is_without, &long))
        .flatten()
}

/// Units and main parts. A part that came with its unit is not counted beside it (Art. 24, last paragraph).
fn replacements(repairs: &[&Repair]) -> Vec<Counter> {
    let mut by_rule: BTreeMap<Rule, (Assembly, Vec<&Repair>)> = BTreeMap::new();
    for repair in repairs {
        for (rule, assembly) in replacement_rules(repair) {
            let entry = by_rule
                .entry(rule)
                .or_insert_with(|| (assembly, Vec::new()));
            entry.1.push(repair);
        }
    }
    let to_counter = |(rule, (assembly, evidence)): (Rule, (Assembly, Vec<&Repair>))| {
        let second = evidence.get(1).map(|repair| repair.agreed_at);
        let failed_again = |repair: &&Repair| {
            repair.assembly == Some(assembly)
                && second.is_some_and(|second| repair.agreed_at > second)
        };
        counter(
            rule,
            evidence.len() as u32,
            TWICE,
            repairs.iter().any(failed_again),
            &evidence,
        )
    };
    by_rule.into_iter().filter_map(to_counter).collect()
}

/// The rules under which one repair counts, each once.
fn replacement_rules(repair: &Repair) -> BTreeMap<Rule, Assembly> {
    let came_whole = |assembly| {
        let whole = |each: &Replacement| each.assembly == assembly && each.main_part.is_none();
        repair.replaced.iter().any(whole)
    };
    let rule = |each: &Replacement| match &each.main_part {
        None => each
            .assembly
            .is_unit()
            .then_some(Rule::UnitReplaced(each.assembly)),
        Some(_) if came_whole(each.assembly) => None,
        Some(part) => Some(Rule::MainPartReplaced(each.assembly, part.clone())),
    };
    let rules = repair.replaced.iter();
    rules
        .filter_map(|each| rule(each).map(|rule| (rule, each.assembly)))
        .collect()
}

/// Days off the road: each stay counts its own, however many orders it has.
fn repair_days(repairs: &[&Repair], now: NaiveDateTime) -> Option<Counter> {
    let stays = stays(repairs, now);
    counter(
        Rule::RepairDays,
        stays.iter().map(|stay| days_of_stay(stay, now)).sum(),
        REPAIR_DAYS,
        true,
        repairs,
    )
}

/// Repairs, the earliest first, by the stays they are of: those that ran at the same time are of one. One of which only the day is
/// known may have run to the end of it.
fn stays<'a>(repairs: &[&'a Repair], now: NaiveDateTime) -> Vec<Vec<&'a Repair>> {
    let mut stays: Vec<Vec<&Repair>> = Vec::new();
    let mut until = NaiveDateTime::MIN;
    for &repair in repairs {
        let end = repair.end(now);
        let end = if end > repair.agreed_at {
            end
        } else {
            midnight_after(repair.agreed_at)
        };
        match stays.last_mut() {
            Some(stay) if repair.agreed_at < until => {
                stay.push(repair);
                until = until.max(end);
            }
            _ => {
                stays.push(vec![repair]);
                until = end;
            }
        }
    }
    stays
}

fn midnight_after(at: NaiveDateTime) -> NaiveDateTime {
    let next = at.date().checked_add_days(Days::new(1));
    next.unwrap_or(NaiveDate::MAX).and_time(NaiveTime::MIN)
}

/// From the first agreement to the last completion. What one order excludes another of the same stay may have been worked on in: the
/// stay has no fewer days than any of its orders.
fn days_of_stay(stay: &[&Repair], now: NaiveDateTime) -> u32 {
    let begin = stay.iter().map(|repair| repair.agreed_at).min();
    let end = stay.iter().map(|repair| repair.end(now)).max();
    let excluded_hours: f64 = stay.iter().map(|repair| repair.excluded_hours).sum();
    let whole = begin
        .zip(end)
        .map_or(0, |(begin, end)| started_days(end - begin, excluded_hours));
    let longest = stay.iter().map(|repair| repair.days(now)).max();
    whole.max(longest.unwrap_or(0))
}

fn same_defects(repairs: &[&Repair]) -> Vec<Counter> {
    let mut by_defect: BTreeMap<&str, Vec<&Repair>> = BTreeMap::new();
    for repair in repairs {
        for defect in &repair.defects {
            by_defect.entry(defect).or_default().push(repair);
        }
    }
    let to_counter = |(defect, by): (&str, Vec<&Repair>)| {
        counter(
            Rule::SameDefect(defect.to_owned()),
            by.len() as u32,
            SAME_DEFECT,
            true,
            &by,
        )
    };
    by_defect.into_iter().filter_map(to_counter).collect()
}

/// Of each assembly those repairs without a code that most often have the same words. Words alone do not show that it is one defect, so
/// that they count nothing before they warn, and reach nothing.
fn same_words(repairs: &[&Repair]) -> Vec<Counter> {
    let mut by_words: BTreeMap<(Assembly, &str), Vec<&Repair>> = BTreeMap::new();
    for &repair in repairs {
        if let (Some(assembly), Some(words)) = (repair.assembly, repair.described.as_deref()) {
            by_words.entry((assembly, words)).or_default().push(repair);
        }
    }
    let mut most: BTreeMap<Assembly, Vec<&Repair>> = BTreeMap::new();
    for ((assembly, _), by) in by_words {
        let known = most.entry(assembly).or_default();
        if by.len() > known.len() {
            *known = by;
        }
    }
    let to_counter = |(assembly, by): (Assembly, Vec<&Repair>)| {
        let rule = Rule::SameWords(assembly);
        let found = counter(rule, by.len() as u32, SAME_DEFECT, false, &by)?;
        let level = found.level.min(Level::Warning);
        (level == Level::Warning).then_some(Counter { level, ..found })
    };
    most.into_iter().filter_map(to_counter).collect()
}

#[cfg(test)]
mod tests;
