//! Signs in visits: a table of falsifying dealers among honest ones, and counting in any order.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::{super::clerk_unit, *};

fn day(number: u64) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a day");
    first.checked_add_days(Days::new(number)).expect("a day")
}

/// Whole numbers that look random, by a fixed rule.
fn noise(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// Forty cars with four visits each: a new car, driven some 10,000 to 30,000 km a year.
fn honest(dealer: u64) -> Vec<VisitEntry> {
    let mut visits = Vec::new();
    for car in 0..40 {
        let (mut km, mut at) = (0, noise(dealer * 1000 + car) % 60);
        for visit in 0..4 {
            let random = noise(dealer << 32 | car << 8 | visit);
            let days = 90 + random % 120;
            at += days;
            km += days * (30 + random / 1000 % 60) + random / 7 % 17;
            visits.push(VisitEntry::new(
                &format!("V{dealer}-{car}"),
                Some(day(at)),
                (at * 1440 + 540 + random % 500) as u32,
                Some(km as u32),
                random.is_multiple_of(50),
            ));
        }
    }
    visits
}

/// Changes some of the visits of a dealer.
type Habit = fn(usize, VisitEntry) -> VisitEntry;

fn assessed(habit: Habit) -> (VisitAssessment, Vec<VisitEntry>) {
    let mut units = BTreeMap::new();
    for dealer in 0..20 {
        let state: &mut VisitState = units.entry(format!("D{dealer:02}")).or_default();
        for visit in &honest(dealer) {
            state.add(visit);
        }
    }
    let visits = honest(99).into_iter().enumerate();
    let visits: Vec<VisitEntry> = visits.map(|(n, visit)| habit(n, visit)).collect();
    let state = units.entry("D99".to_owned()).or_default();
    for visit in &visits {
        state.add(visit);
    }
    (assess_visits(&units, Settings::default()), visits)
}

#[test]
fn each_habit_is_found_with_its_records_and_no_honest_dealer_is_named() {
    let table: [(Kind, Habit); 6] = [
        (Kind::BareVisit, |n, visit| VisitEntry {
            is_bare: visit.is_bare || n % 3 == 0,
            ..visit
        }),
        (Kind::FakeMileage, |n, visit| VisitEntry {
            odometer: visit
                .odometer
                .map(|km| if n % 4 == 0 { km / 1000 * 1000 } else { km }),
            ..visit
        }),
        (Kind::EvenMileage, |n, visit| VisitEntry {
            odometer: Some(4_321 + (n % 4) as u32 * 7_500 + (n / 4) as u32),
            ..visit
        }),
        (Kind::DigitPattern, |n, visit| VisitEntry {
            odometer: visit
                .odometer
                .map(|km| if n % 2 == 0 { km / 10 * 10 + 7 } else { km }),
            ..visit
        }),
        (Kind::MonthEndBurst, |n, visit| VisitEntry {
            date: if n % 3 == 0 {
                NaiveDate::from_ymd_opt(2025, 1 + (n % 12) as u32, 28).and_then(|date| {
                    date.checked_add_days(Days::new(if n % 12 == 1 { 0 } else { 2 }))
                })
            } else {
                visit.date
            },
            odometer: None,
            ..visit
        }),
        (Kind::EntryBurst, |n, visit| VisitEntry {
            minute: if n < 20 { 29_000_000 } else { visit.minute },
            ..visit
        }),
    ];
    for (kind, habit) in table {
        let (assessment, visits) = assessed(habit);
        let named: Vec<&str> = assessment
            .suspects
            .iter()
            .map(|s| s.unit.as_str())
            .collect();
        assert!(
            named.iter().all(|unit| *unit == "D99"),
            "{kind:?}: {named:?}"
        );
        assert!(
            assessment
                .suspects
                .iter()
                .any(|suspect| suspect.kind == kind),
            "{kind:?}"
        );
        let bears = |visit: &&VisitEntry| {
            assessment
                .signs("D99", visit)
                .iter()
                .any(|sign| sign.kind == kind)
        };
        let bearing = visits.iter().filter(bears).count();
        // Which of the readings have an invented last digit, nobody can say.
        assert_eq!(
            bearing >= 15,
            kind != Kind::DigitPattern,
            "{kind:?}: {bearing}"
        );
        assert!(
            assessment.signs("D00", &honest(0)[0]).is_empty(),
            "{kind:?}"
        );
    }
}

#[test]
fn honest_dealers_alone_name_nobody() {
    let (assessment, _) = assessed(|_, visit| visit);
    assert!(assessment.suspects.is_empty(), "{:?}", assessment.suspects);
}

#[test]
fn a_feed_that_never_carries_lines_is_no_sign() {
    let (assessment, _) = assessed(|_, visit| VisitEntry {
        is_bare: true,
        ..visit
    });
    assert!(assessment.suspects.is_empty());
}

/// Each dealer's visits by ten advisers in turn; the fourth of the last dealer does no work in ten of his sixteen.
#[test]
fn one_adviser_of_ten_who_does_no_work_is_named_and_his_own_visits_bear_the_sign() {
    let (mut dealers, mut advisers) = (BTreeMap::new(), BTreeMap::new());
    let adviser =
        |dealer: u64, n: usize| clerk_unit(&format!("D{dealer:02}"), &format!("S{}", n % 10));
    let is_invented = |dealer: u64, n: usize| dealer == 9 && n % 10 == 3 && n / 10 % 8 < 5;
    for dealer in 0..10 {
        for (n, visit) in honest(dealer).into_iter().enumerate() {
            let visit = VisitEntry {
                is_bare: visit.is_bare || is_invented(dealer, n),
                ..visit
            };
            for (units, unit) in [
                (&mut dealers, format!("D{dealer:02}")),
                (&mut advisers, adviser(dealer, n)),
            ] {
                let state: &mut VisitState = units.entry(unit).or_default();
                state.add(&visit);
            }
        }
    }
    let settings = Settings::default();
    let by_dealer = assess_visits(&dealers, settings);
    assert!(by_dealer.suspects.is_empty(), "{:?}", by_dealer.suspects);
    let by_adviser = assess_visit_clerks(&advisers, &by_dealer, settings);
    let named = by_adviser.suspects.iter();
    let named: Vec<(&str, Kind)> = named.map(|one| (one.unit.as_str(), one.kind)).collect();
    assert_eq!(named, [(adviser(9, 3).as_str(), Kind::BareVisit)]);
    let bare = VisitEntry {
        is_bare: true,
        ..honest(9)[3]
    };
    for (n, bears) in [(3, true), (4, false)] {
        let signs = by_adviser.signs(&adviser(9, n), &bare, Vec::new());
        assert_eq!(signs.iter().any(|sign| sign.kind == Kind::BareVisit), bears);
    }
}

proptest! {
    #[test]
    fn the_order_of_adding_and_of_merging_does_not_matter(cut in 0usize..160) {
        let visits = honest(3);
        let mut forwards = VisitState::default();
        for visit in &visits { forwards.add(visit); }
        let (mut left, mut right) = (VisitState::default(), VisitState::default());
        for (n, visit) in visits.iter().enumerate().rev() {
            if n < cut { left.add(visit) } else { right.add(visit) }
        }
        right.merge(&left);
        prop_assert!(forwards == right);
    }
}
