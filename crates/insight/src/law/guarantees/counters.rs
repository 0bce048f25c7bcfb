//! The counters themselves: how near each threshold is, with the repair orders that count.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};

use super::record::{Assembly, Repair, Replacement};
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
}

/// How near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Counted, far from the threshold.
    Counted,
    /// The next repair may reach it.
    Warning,
    /// Reached.
    Reached,
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
    /// For what must be "still unfit" or "not cured": whether a later repair shows it. Always true for plain counts.
    pub is_confirmed: bool,
    /// The repair orders that count, oldest first.
    pub evidence: Vec<String>,
}

/// More than 30 days is 31; the warning leaves a week.
const REPAIR_DAYS: (u32, u32) = (25, 31);
/// More than four times is five; the warning stands from the third repair, while one more can still cure it in time.
const SAME_DEFECT: (u32, u32) = (3, 5);
const TWICE: (u32, u32) = (1, 2);
const ONCE: (u32, u32) = (1, 1);

/// The counters of a vehicle handed over on `start`, the nearest to its threshold first. Rules of which nothing is counted
/// are left out.
///
/// Only covered repairs count, and for Art. 24 only those agreed on within the three-guarantees period.
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
    counters.extend(first_days(&chosen(windows.seven_days.date, f64::INFINITY)));
    counters.extend(first_sixty(&chosen(windows.sixty_days.date, EARLY_KM)));
    counters.extend(serious_faults(&period));
    counters.extend(replacements(&period));
    counters.extend(repair_days(&period, now));
    counters.extend(same_defects(&period));
    counters.sort_by(|left, right| {
        right
            .level
            .cmp(&left.level)
            .then_with(|| left.rule.cmp(&right.rule))
    });
    counters
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

fn first_days(repairs: &[&Repair]) -> Option<Counter> {
    let needs_unit = |repair: &&&Repair| repair.replaced.iter().any(|each| each.assembly.is_unit());
    let evidence: Vec<&Repair> = repairs.iter().filter(needs_unit).copied().collect();
    counter(
        Rule::FirstSevenDays,
        evidence.len() as u32,
        ONCE,
        true,
        &evidence,
    )
}

fn first_sixty(repairs: &[&Repair]) -> Vec<Counter> {
    let faults: Vec<&Repair> = repairs
        .iter()
        .filter(|repair| repair.early_fault.is_some())
        .copied()
        .collect();
    let mut units: BTreeMap<Assembly, Vec<&Repair>> = BTreeMap::new();
    for repair in repairs {
        let assemblies = repair
            .replaced
            .iter()
            .map(|each| each.assembly)
            .filter(|each| each.is_unit());
        for assembly in assemblies.collect::<std::collections::BTreeSet<_>>() {
            units.entry(assembly).or_default().push(repair);
        }
    }
    let early_faults = counter(Rule::EarlyFault, faults.len() as u32, ONCE, true, &faults);
    let early_units = units.into_iter().filter_map(|(unit, by)| {
        counter(
            Rule::EarlyUnitDefect(unit),
            by.len() as u32,
            ONCE,
            true,
            &by,
        )
    });
    early_faults.into_iter().chain(early_units).collect()
}

fn serious_faults(repairs: &[&Repair]) -> Option<Counter> {
    let serious: Vec<&Repair> = repairs
        .iter()
        .filter(|repair| repair.is_serious_safety_fault)
        .copied()
        .collect();
    let appeared_again = serious.len() > 2;
    counter(
        Rule::SeriousSafetyFault,
        serious.len() as u32,
        TWICE,
        appeared_again,
        &serious,
    )
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

fn repair_days(repairs: &[&Repair], now: NaiveDateTime) -> Option<Counter> {
    counter(
        Rule::RepairDays,
        repairs.iter().map(|repair| repair.days(now)).sum(),
        REPAIR_DAYS,
        true,
        repairs,
    )
}

fn same_defects(repairs: &[&Repair]) -> Vec<Counter> {
    let mut by_defect: BTreeMap<&str, Vec<&Repair>> = BTreeMap::new();
    for repair in repairs {
        if let Some(defect) = &repair.defect {
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

#[cfg(test)]
mod tests;
