//! Clocks: against a model that keeps every pause and counts anew each time, and the ladder step by step.

use std::sync::Arc;

use marque_insight::law::WorkCalendar;
use proptest::prelude::*;

use super::*;
use crate::domain::{calendar::Hours, rules::Times};

fn calendar() -> Calendar {
    Calendar::new(Hours::default(), Arc::new(WorkCalendar::shipped()))
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn terms(severity: Severity) -> Terms<'static> {
    Terms {
        severity,
        category: "service.repair",
        tier: Tier::Ordinary,
    }
}

fn budget(kind: ClockKind, terms: Terms<'_>) -> i64 {
    Times::default().budget(kind, terms)
}

/// The slow model: the running spells of a clock, the last of which has not ended; due is where the working time of all of them
/// reaches the budget.
fn due_by_spells(
    budget: i64,
    spells: &[(Timestamp, Timestamp)],
    since: Timestamp,
    calendar: &Calendar,
) -> Timestamp {
    let mut left = budget;
    for (from, until) in spells {
        let ran = calendar.between(*from, *until);
        if ran >= left {
            return when_passed(left, *from, calendar);
        }
        left -= ran;
    }
    when_passed(left, since, calendar)
}

/// The first instant at which so much working time has passed, by bisection.
fn when_passed(work: i64, from: Timestamp, calendar: &Calendar) -> Timestamp {
    let mut low = from.as_micros();
    let mut high = low + 400 * 86_400_000_000;
    while low < high {
        let middle = i64::midpoint(low, high);
        if calendar.between(from, Timestamp::from_micros(middle)) >= work {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Timestamp::from_micros(low)
}

proptest! {
    #[test]
    fn pauses_shift_the_due_time_by_their_working_time(
        start in 0i64..500_000,
        spells in prop::collection::vec((1i64..4_000, 1i64..8_000), 0..6),
        rank in 1i64..5,
    ) {
        let calendar = calendar();
        let begin = Timestamp::from_micros(at("2024-01-01T00:00:00Z").as_micros() + start * MINUTE);
        let budget = budget(ClockKind::Resolution, terms(Severity::of_rank(rank)));
        let mut clock = Clock::start(ClockKind::Resolution, budget, begin, &calendar);
        let (mut ran, mut now) = (Vec::new(), begin);
        for (run, pause) in spells {
            let paused = Timestamp::from_micros(now.as_micros() + run * MINUTE);
            ran.push((now, paused));
            prop_assert!(clock.pause(paused, &calendar));
            prop_assert_eq!(clock.next_at, None);
            prop_assert!(clock.due_at.is_none_or(|due| due <= paused), "only what is past stands");
            prop_assert!(!clock.pause(paused, &calendar));
            now = Timestamp::from_micros(paused.as_micros() + pause * MINUTE);
            prop_assert!(clock.resume(now, &calendar));
        }
        prop_assert_eq!(clock.due_at.unwrap(), due_by_spells(budget, &ran, now, &calendar));
    }
}

#[test]
fn the_ladder_is_climbed_once_and_in_working_time() {
    let calendar = calendar();
    let begin = at("2026-11-20T16:00:00+08:00"); // a Friday
    let mut clock = Clock::start(ClockKind::FirstResponse, 60 * MINUTE, begin, &calendar);
    let mut steps = Vec::new();
    while let Some((step, due)) = clock.take_step(&calendar) {
        steps.push((step.code(), calendar.local(due)));
    }
    let expected = [
        ("warning", "2026-11-20T16:45:00+08:00"),
        ("agent", "2026-11-20T17:00:00+08:00"),
        ("manager", "2026-11-20T17:30:00+08:00"),
        ("region", "2026-11-20T18:00:00+08:00"),
        ("headquarters", "2026-11-23T09:30:00+08:00"),
    ];
    let steps: Vec<(&str, &str)> = steps
        .iter()
        .map(|(step, due)| (*step, due.as_str()))
        .collect();
    assert_eq!(steps, expected);
    assert!(clock.is_overdue && clock.next_at.is_none() && clock.take_step(&calendar).is_none());
}

#[test]
fn the_law_counts_working_days_knows_no_pause_and_climbs_before_its_end() {
    let calendar = calendar();
    let demand = at("2024-04-22T15:00:00+08:00");
    let mut clock = Clock::start(ClockKind::LawAnswer, 0, demand, &calendar);
    assert_eq!(clock.due_at, Some(at("2024-05-09T00:00:00+08:00")));
    assert!(!ClockKind::LawAnswer.is_paused_in(State::WaitingParts));
    let mut last = demand;
    for _ in 0..4 {
        let (_, due) = clock.take_step(&calendar).unwrap();
        assert!(due > last && !clock.is_overdue);
        last = due;
    }
    let (step, last) = clock.take_step(&calendar).unwrap();
    assert_eq!(
        (step, last),
        (Step::Headquarters, at("2024-05-08T18:00:00+08:00"))
    );
    // Until midnight the answer is in time.
    assert!(!clock.is_overdue && !clock.outlook(last).1);
    assert!(clock.outlook(at("2024-05-09T00:00:01+08:00")).1);
    let remedy = Clock::start(ClockKind::LawRemedy, 0, demand, &calendar);
    assert_eq!(remedy.due_at, Some(at("2024-05-22T00:00:00+08:00")));
}

#[test]
fn the_ladder_of_the_law_is_climbed_while_the_dealer_is_open() {
    let steps = |hours: Hours| {
        let calendar = Calendar::new(hours, Arc::new(WorkCalendar::shipped()));
        let demand = at("2026-06-10T15:00:00+08:00");
        let mut clock = Clock::start(ClockKind::LawAnswer, 0, demand, &calendar);
        let due = clock.due_at.map(|due| calendar.local(due));
        assert_eq!(due.as_deref(), Some("2026-06-26T00:00:00+08:00"));
        let taken = std::iter::from_fn(|| clock.take_step(&calendar));
        taken
            .map(|(_, at)| calendar.local(at))
            .collect::<Vec<String>>()
    };
    // The term's tenth day is 06-25; 06-19 is a holiday, 06-20 and 06-21 a weekend.
    assert_eq!(
        steps(Hours::default()),
        [
            "2026-06-18T18:00:00+08:00",
            "2026-06-22T18:00:00+08:00",
            "2026-06-23T18:00:00+08:00",
            "2026-06-24T18:00:00+08:00",
            "2026-06-25T18:00:00+08:00",
        ]
    );
    // A dealer who is closed on days that the law counts hears before he closes for them.
    let closed = Hours {
        closed: ["2026-06-23", "2026-06-24", "2026-06-25"]
            .map(|day| day.parse::<chrono::NaiveDate>().unwrap())
            .into(),
        ..Hours::default()
    };
    assert_eq!(
        steps(closed),
        [
            "2026-06-18T18:00:00+08:00",
            "2026-06-22T18:00:00+08:00",
            "2026-06-22T18:00:00+08:00",
            "2026-06-22T18:00:00+08:00",
            "2026-06-22T18:00:00+08:00",
        ]
    );
}

#[test]
fn a_graver_case_and_a_dearer_customer_have_less_time() {
    let mut last = i64::MAX;
    for severity in Severity::ALL {
        let now = budget(ClockKind::FirstResponse, terms(severity));
        assert!(now < last);
        last = now;
    }
    let vip = Terms {
        tier: Tier::Vip,
        ..terms(Severity::Low)
    };
    assert_eq!(
        budget(ClockKind::Resolution, vip) * 2,
        budget(ClockKind::Resolution, terms(Severity::Low))
    );
    let safety = Terms {
        category: "product.safety",
        ..terms(Severity::Low)
    };
    assert_eq!(budget(ClockKind::FirstResponse, safety), 30 * MINUTE);
    let grave_vip = Terms {
        tier: Tier::Vip,
        ..terms(Severity::Critical)
    };
    assert_eq!(budget(ClockKind::FirstResponse, grave_vip), LEAST * MINUTE);
}

#[test]
fn a_smaller_budget_makes_what_was_used_count() {
    let calendar = calendar();
    let begin = at("2026-11-23T09:00:00+08:00");
    let mut clock = Clock::start(ClockKind::Resolution, 2_700 * MINUTE, begin, &calendar);
    let later = at("2026-11-25T09:00:00+08:00");
    clock.pause(later, &calendar);
    clock.resume(later, &calendar);
    clock.rebudget(1_080 * MINUTE, later, &calendar);
    assert_eq!(clock.due_at, Some(later), "two days were used");
    assert!(clock.is_overdue);
    clock.rebudget(1_620 * MINUTE, later, &calendar);
    assert_eq!(clock.due_at, Some(at("2026-11-25T18:00:00+08:00")));
    assert!(!clock.is_overdue, "by the time it has it is not late");
}

#[test]
fn a_clock_that_has_run_out_keeps_when_it_did() {
    let calendar = calendar();
    let begin = at("2026-11-23T09:00:00+08:00");
    let mut clock = Clock::start(ClockKind::Resolution, 60 * MINUTE, begin, &calendar);
    let ran_out = clock.due_at;
    assert_eq!(ran_out, Some(at("2026-11-23T10:00:00+08:00")));
    let longer = Hours {
        opens: 8 * 60,
        every_day: true,
        ..Hours::default()
    };
    let longer = Calendar::new(longer, Arc::new(WorkCalendar::shipped()));
    clock.run_on(at("2026-11-23T15:00:00+08:00"), &calendar, &longer);
    assert_eq!(clock.due_at, ran_out);
    assert!(clock.pause(at("2026-11-23T16:00:00+08:00"), &longer));
    assert_eq!((clock.due_at, clock.next_at), (ran_out, None));
    assert!(clock.resume(at("2026-11-24T09:00:00+08:00"), &longer));
    assert_eq!(clock.due_at, ran_out);
    // What nobody took meanwhile is taken in its order.
    let steps: Vec<(&str, Timestamp)> = std::iter::from_fn(|| clock.take_step(&longer))
        .map(|(step, due)| (step.code(), due))
        .collect();
    assert!(steps.is_sorted_by_key(|(_, due)| *due), "{steps:?}");
    assert_eq!(Some(steps[1].1), ran_out);
}

#[test]
fn a_clock_that_ended_late_is_overdue_and_a_new_round_begins_afresh() {
    let calendar = calendar();
    let begin = at("2026-11-23T09:00:00+08:00");
    let mut clock = Clock::start(ClockKind::NextUpdate, 60 * MINUTE, begin, &calendar);
    clock.take_step(&calendar).unwrap();
    let late = at("2026-11-23T11:00:00+08:00");
    clock.end(Standing::Met, late, &calendar);
    assert!(clock.is_overdue && clock.due_at.is_none());
    assert_eq!(clock.used, 120 * MINUTE);
    clock.restart(60 * MINUTE, late, &calendar);
    assert!(!clock.is_overdue);
    assert_eq!((clock.round, clock.next_step), (2, Some(Step::Warning)));
    for kind in ClockKind::ALL {
        assert_eq!(ClockKind::of_number(kind.number()), Some(kind));
    }
    for step in Step::ALL {
        assert_eq!(
            (Step::of_number(step.number()), Step::parse(step.code())),
            (Some(step), Some(step))
        );
    }
}
