use chrono::TimeDelta;
use proptest::prelude::*;

use super::super::record::EarlyFault;
use super::super::record::tests::repair;
use super::*;

fn count(repairs: &[Repair]) -> Vec<Counter> {
    count_after(repairs, 900)
}

/// As counted so many days after the delivery.
fn count_after(repairs: &[Repair], days: i64) -> Vec<Counter> {
    let start = NaiveDate::from_ymd_opt(2024, 3, 5).unwrap();
    let now = start.and_hms_opt(0, 0, 0).unwrap() + TimeDelta::days(days);
    counters(
        &Terms::STATUTORY,
        start,
        &WorkCalendar::shipped(),
        repairs,
        now,
    )
}

fn of_rule(repairs: &[Repair], rule: &Rule) -> Option<(u32, Level)> {
    of_rule_after(repairs, rule, 900)
}

fn of_rule_after(repairs: &[Repair], rule: &Rule, days: i64) -> Option<(u32, Level)> {
    count_after(repairs, days)
        .into_iter()
        .find(|counter| counter.rule == *rule)
        .map(|counter| (counter.count, counter.level))
}

fn found(fault: EarlyFault) -> SafetyFault {
    SafetyFault {
        early: Some(fault),
        is_found: true,
    }
}

fn with_defect(order: &str, day: i64) -> Repair {
    Repair {
        defects: ["E12".to_owned()].into(),
        ..repair(order, day, 2.0)
    }
}

fn with_part(day: i64, assembly: Assembly, part: Option<&str>) -> Repair {
    let replaced = vec![Replacement {
        assembly,
        main_part: part.map(str::to_owned),
    }];
    Repair {
        assembly: Some(assembly),
        replaced,
        ..repair(&format!("R{day}"), day, 2.0)
    }
}

#[test]
fn more_than_thirty_days_reach_the_threshold_and_twenty_five_warn() {
    for (hours, expected) in [
        (24.0 * 24.0, (24, Level::Counted)),
        (24.0 * 24.0 + 0.1, (25, Level::Warning)),
        (24.0 * 30.0, (30, Level::Warning)),
        (24.0 * 30.0 + 0.1, (31, Level::Reached)),
    ] {
        assert_eq!(
            of_rule(&[repair("R1", 100, hours)], &Rule::RepairDays),
            Some(expected),
            "{hours} h"
        );
    }
}

#[test]
fn remainders_round_up_repair_by_repair() {
    let repairs: Vec<Repair> = (0..31)
        .map(|index| repair(&format!("R{index}"), 20 * index, 0.5))
        .collect();
    assert_eq!(
        of_rule(&repairs, &Rule::RepairDays),
        Some((31, Level::Reached))
    );
}

#[test]
fn orders_of_one_stay_count_its_days_once() {
    const DAY: f64 = 24.0;
    // Of the second order: minutes after the first, hours, hours of transport of each.
    for (minutes, hours, transport, expected) in [
        (5, 16.0 * DAY - 0.1, [0.0, 0.0], 16),
        (60, 16.0 * DAY - 1.0, [0.0, 0.0], 16),
        (0, 16.0 * DAY, [0.0, 0.0], 16),
        (3 * 1_440, 2.0 * DAY, [0.0, 0.0], 16),
        // It ended a day later.
        (15 * 1_440, 2.0 * DAY, [0.0, 0.0], 17),
        // It began when the first had ended.
        (16 * 1_440, 1.0, [0.0, 0.0], 17),
        (30 * 1_440, 16.0 * DAY, [0.0, 0.0], 32),
        // Both wait for one part; one alone waits; each waits for its own.
        (0, 16.0 * DAY, [48.0, 48.0], 14),
        (0, 16.0 * DAY, [48.0, 0.0], 16),
        (15 * 1_440, 10.0 * DAY, [48.0, 24.0], 22),
    ] {
        let first = Repair {
            excluded_hours: transport[0],
            ..repair("R1", 100, 16.0 * DAY)
        };
        let second = repair("R2", 100, hours);
        let later = |at: NaiveDateTime| at + TimeDelta::minutes(minutes);
        let second = Repair {
            agreed_at: later(second.agreed_at),
            completed_at: second.completed_at.map(later),
            excluded_hours: transport[1],
            ..second
        };
        let counters = count(&[first, second]);
        let days = counters.iter().find(|each| each.rule == Rule::RepairDays);
        let days = days.unwrap();
        assert_eq!(days.count, expected, "{minutes} min, {hours} h");
        assert_eq!(days.evidence, ["R1", "R2"]);
    }
}

#[test]
fn orders_that_know_their_day_alone_are_of_the_stay_of_that_day() {
    // Of the second order: minutes after the first, and hours. Of the first only the day is known.
    for (minutes, hours, expected) in [
        (0, 0.0, 1),
        // Nobody wrote when it left, so that it is over as soon as it began.
        (10, 0.0, 1),
        (60, 8.0, 1),
        (60, 40.0, 2),
        // The next day.
        (15 * 60, 1.0, 2),
        (1_440, 0.0, 2),
    ] {
        let second = repair("R2", 100, hours);
        let later = |at: NaiveDateTime| at + TimeDelta::minutes(minutes);
        let second = Repair {
            agreed_at: later(second.agreed_at),
            completed_at: second.completed_at.map(later),
            ..second
        };
        assert_eq!(
            of_rule(&[repair("R1", 100, 0.0), second], &Rule::RepairDays),
            Some((expected, Level::Counted)),
            "{minutes} min, {hours} h"
        );
    }
}

#[test]
fn the_same_words_without_a_code_warn_and_reach_nothing() {
    let said = |day: i64, assembly, words: &str| Repair {
        assembly: Some(assembly),
        described: Some(words.to_owned()),
        ..repair(&format!("R{day}"), day, 2.0)
    };
    let mut repairs: Vec<Repair> = (100..105)
        .map(|day| said(day, Assembly::Gearbox, "变速箱异响"))
        .collect();
    repairs.push(said(110, Assembly::Gearbox, "变速箱漏油"));
    repairs.push(said(111, Assembly::Engine, "发动机异响"));
    let rule = Rule::SameWords(Assembly::Gearbox);
    assert_eq!(of_rule(&repairs[..2], &rule), None);
    for number in 3..=5 {
        assert_eq!(
            of_rule(&repairs[..number], &rule),
            Some((number as u32, Level::Warning))
        );
    }
    let all = count(&repairs);
    let mut by_words = all
        .iter()
        .filter(|each| matches!(each.rule, Rule::SameWords(_)));
    let found = by_words.next().unwrap();
    assert!(!found.is_confirmed && by_words.next().is_none());
    assert_eq!(found.evidence, ["R100", "R101", "R102", "R103", "R104"]);
    assert!(!owes_usage_fee(&all));
}

#[test]
fn the_fifth_repair_of_one_defect_is_more_than_four() {
    let repairs: Vec<Repair> = (0..5)
        .map(|index| with_defect(&format!("R{index}"), 100 + index))
        .collect();
    let rule = Rule::SameDefect("E12".into());
    for (number, level) in [
        (1, Level::Counted),
        (2, Level::Counted),
        (3, Level::Warning),
        (4, Level::Warning),
        (5, Level::Reached),
    ] {
        assert_eq!(
            of_rule(&repairs[..number], &rule),
            Some((number as u32, level))
        );
    }
    let found = count(&repairs);
    assert_eq!(found[0].rule, rule, "the nearest comes first");
    assert_eq!(found[0].evidence, ["R0", "R1", "R2", "R3", "R4"]);
}

#[test]
fn a_main_part_replaced_twice_is_reached_and_confirmed_by_the_next_failure() {
    let mut repairs = vec![
        with_part(100, Assembly::Steering, Some("rack")),
        with_part(200, Assembly::Steering, Some("rack")),
    ];
    let rule = Rule::MainPartReplaced(Assembly::Steering, "rack".into());
    assert_eq!(of_rule(&repairs[..1], &rule), Some((1, Level::Warning)));
    assert_eq!(of_rule(&repairs, &rule), Some((2, Level::Reached)));
    let confirmed = |repairs: &[Repair]| {
        count(repairs)
            .iter()
            .any(|each| each.rule == rule && each.is_confirmed)
    };
    assert!(!confirmed(&repairs));
    repairs.push(Repair {
        assembly: Some(Assembly::Steering),
        ..repair("R300", 300, 1.0)
    });
    assert!(confirmed(&repairs));
}

#[test]
fn other_parts_do_not_add_up_and_a_part_with_its_unit_is_not_counted_twice() {
    let different = [
        with_part(100, Assembly::Engine, Some("pump")),
        with_part(200, Assembly::Engine, Some("head")),
    ];
    assert!(
        count(&different)
            .iter()
            .all(|counter| counter.level != Level::Reached)
    );
    let mut both = with_part(100, Assembly::Engine, Some("pump"));
    both.replaced.push(Replacement {
        assembly: Assembly::Engine,
        main_part: None,
    });
    assert_eq!(
        of_rule(&[both.clone()], &Rule::UnitReplaced(Assembly::Engine)),
        Some((1, Level::Warning))
    );
    assert_eq!(
        of_rule(
            &[both],
            &Rule::MainPartReplaced(Assembly::Engine, "pump".into())
        ),
        None
    );
}

#[test]
fn two_serious_faults_are_the_threshold_and_a_third_confirms_it() {
    let serious = |day| Repair {
        safety_fault: Some(SafetyFault {
            early: None,
            is_found: true,
        }),
        ..repair(&format!("R{day}"), day, 2.0)
    };
    let repairs = [serious(100), serious(200), serious(300)];
    assert_eq!(
        of_rule(&repairs[..1], &Rule::SeriousSafetyFault),
        Some((1, Level::Warning))
    );
    assert_eq!(
        of_rule(&repairs[..2], &Rule::SeriousSafetyFault),
        Some((2, Level::Reached))
    );
    assert!(count(&repairs)[0].is_confirmed && !count(&repairs[..2])[0].is_confirmed);
}

#[test]
fn the_seven_days_and_the_sixty_days_end_when_they_end() {
    let engine = |day| with_part(day, Assembly::Engine, Some("block"));
    assert!(of_rule(&[engine(7)], &Rule::FirstSevenDays).is_some());
    assert!(of_rule(&[engine(8)], &Rule::FirstSevenDays).is_none());
    assert!(of_rule(&[engine(8)], &Rule::EarlyUnitDefect(Assembly::Engine)).is_some());
    assert!(
        of_rule(
            &[with_part(3, Assembly::Body, Some("door"))],
            &Rule::FirstSevenDays
        )
        .is_none()
    );
    let brakes = |day: i64, km: f64| Repair {
        safety_fault: Some(found(EarlyFault::BrakeFailure)),
        driven_km: km,
        ..repair("R1", day, 2.0)
    };
    // Day 62 is 2024-05-06, to which the sixtieth day moves over the May holiday.
    for (day, km, is_early) in [
        (60, 3_000.0, true),
        (62, 3_000.0, true),
        (63, 100.0, false),
        (10, 3_000.5, false),
    ] {
        assert_eq!(
            of_rule(&[brakes(day, km)], &Rule::EarlyFault).is_some(),
            is_early,
            "day {day}, {km} km"
        );
    }
}

#[test]
fn what_one_event_reaches_is_warned_of_by_what_comes_before_it() {
    let opened = |assembly| Repair {
        assembly: Some(assembly),
        ..repair("R1", 3, 2.0)
    };
    let told = Repair {
        safety_fault: Some(SafetyFault {
            early: Some(EarlyFault::FuelLeak),
            is_found: false,
        }),
        ..repair("R1", 3, 2.0)
    };
    let found = Repair {
        safety_fault: Some(found(EarlyFault::FuelLeak)),
        ..told.clone()
    };
    let replaced = with_part(4, Assembly::Gearbox, None);
    let (warns, reached) = (Some((0, Level::Warning)), Some((1, Level::Reached)));
    for (repairs, rule, expected) in [
        (vec![opened(Assembly::Gearbox)], Rule::FirstSevenDays, warns),
        (
            vec![opened(Assembly::Gearbox)],
            Rule::EarlyUnitDefect(Assembly::Gearbox),
            warns,
        ),
        (vec![opened(Assembly::Brakes)], Rule::FirstSevenDays, None),
        (
            vec![opened(Assembly::Gearbox), replaced],
            Rule::FirstSevenDays,
            reached,
        ),
        (vec![told.clone()], Rule::EarlyFault, warns),
        (vec![told.clone()], Rule::SeriousSafetyFault, None),
        (vec![told, found.clone()], Rule::EarlyFault, reached),
        (
            vec![found],
            Rule::SeriousSafetyFault,
            Some((1, Level::Warning)),
        ),
    ] {
        let found = of_rule_after(&repairs, &rule, 6);
        assert_eq!(found, expected, "{rule:?} {repairs:?}");
    }
    // Once the window is over nothing more can come of it, unless the car is still in the workshop.
    let running = Repair {
        completed_at: None,
        ..opened(Assembly::Gearbox)
    };
    for (repair, days, expected) in [
        (opened(Assembly::Gearbox), 7, warns),
        (opened(Assembly::Gearbox), 8, None),
        (running, 8, warns),
    ] {
        assert_eq!(
            of_rule_after(&[repair], &Rule::FirstSevenDays, days),
            expected
        );
    }
}

#[test]
fn one_long_repair_owes_a_spare_car_from_the_sixth_day_on() {
    for (day, hours, expected) in [
        (100, 96.0, None),
        (100, 97.0, Some((5, Level::Warning))),
        (100, 120.0, Some((5, Level::Warning))),
        (100, 121.0, Some((6, Level::Reached))),
        // Within the repair period of three years, beyond the two of the three guarantees.
        (800, 121.0, Some((6, Level::Reached))),
        (1_100, 121.0, None),
    ] {
        let long = Repair {
            excluded_hours: 100.0,
            driven_km: 1_000.0,
            ..repair("R1", day, hours)
        };
        assert_eq!(
            of_rule(std::slice::from_ref(&long), &Rule::SpareCar),
            expected
        );
        let given = Repair {
            has_substitute: true,
            ..long
        };
        let counters = count(&[given]);
        assert!(
            counters
                .iter()
                .all(|each| each.rule != Rule::SpareCar || !each.is_confirmed)
        );
    }
}

#[test]
fn a_spare_car_is_owed_while_the_car_stands() {
    // Agreed on at nine, counted at midnight.
    for (days, expected) in [
        (104, None),
        (105, Some((5, Level::Warning))),
        (106, Some((6, Level::Reached))),
        (114, Some((14, Level::Reached))),
    ] {
        let standing = Repair {
            completed_at: None,
            ..repair("R1", 100, 0.0)
        };
        assert_eq!(
            of_rule_after(&[standing], &Rule::SpareCar, days),
            expected,
            "day {days}"
        );
    }
}

#[test]
fn a_fee_is_owed_by_article_24_alone() {
    let long = || repair("R1", 100, 24.0 * 31.0);
    let engine = || with_part(3, Assembly::Engine, None);
    let brakes = Repair {
        safety_fault: Some(found(EarlyFault::BrakeFailure)),
        ..repair("R3", 30, 2.0)
    };
    for (repairs, expected) in [
        (vec![], false),
        (vec![long()], true),
        (vec![repair("R1", 100, 24.0 * 29.0)], false),
        // Art. 22 and 20.
        (vec![engine()], false),
        (vec![engine(), long()], false),
        // Art. 23.
        (vec![brakes.clone()], false),
        (vec![brakes, long()], false),
        // A new unit is owed for nothing, another car for a fee.
        (vec![with_part(30, Assembly::Engine, None), long()], true),
        // A spare car.
        (vec![repair("R1", 100, 24.0 * 7.0)], false),
    ] {
        assert_eq!(owes_usage_fee(&count(&repairs)), expected, "{repairs:?}");
    }
}

#[test]
fn what_is_not_covered_or_after_the_period_does_not_count() {
    let excluded = Repair {
        is_covered: false,
        ..repair("R1", 100, 90.0)
    };
    let too_late = repair("R2", 731, 90.0);
    let too_far = Repair {
        driven_km: 50_000.5,
        ..repair("R3", 100, 90.0)
    };
    assert!(count(&[excluded, too_late, too_far]).is_empty());
    assert_eq!(count(&[]), vec![]);
}

proptest! {
    #[test]
    fn another_repair_never_lowers_a_counter(
        repairs in proptest::collection::vec((0_i64..800, 0.0_f64..400.0, 0_u8..3, 0_u8..3), 1..12),
    ) {
        let repairs: Vec<Repair> = repairs
            .into_iter()
            .enumerate()
            .map(|(index, (day, hours, defect, part))| {
                let mut repair = repair(&format!("R{index}"), day, hours);
                repair.driven_km = 10.0 * day as f64;
                repair.defects = [defect.to_string()].into();
                repair.replaced = vec![Replacement { assembly: Assembly::Brakes, main_part: Some(part.to_string()) }];
                repair
            })
            .collect();
        let (fewer, all) = (count(&repairs[1..]), count(&repairs));
        for counter in fewer {
            let with_more = all.iter().find(|other| other.rule == counter.rule).unwrap();
            prop_assert!(with_more.count >= counter.count && with_more.level >= counter.level);
        }
    }
}
