//! Clocks that are paused, against the minutes that were written down: only those count in which the clock ran.

use super::*;
use crate::domain::{Clock, ClockKind};

#[test]
fn clocks_with_pauses_run_out_when_their_minutes_are_counted() {
    compare(10_000);
}

#[test]
#[ignore = "the million of docs/benchmarks/complaints.md takes minutes without optimisation"]
fn a_million_cases_with_pauses_run_out_when_their_minutes_are_counted() {
    compare(1_000_000);
}

fn compare(cases: usize) {
    let calendars = calendars();
    let mut dice = dice();
    let (mut pauses, mut in_a_pause) = (0, 0);
    for case in 0..cases {
        let (model, calendar) = &calendars[case % calendars.len()];
        // In minutes, all of it; a quarter of the budget is whole too.
        let budget = 4 * (4 + dice(700) as u32);
        let mut now = dice(((DAYS - 300) * DAY_MINUTES) as u64) as usize;
        let (mut used, mut due) = (0, None);
        let work = i64::from(budget) * MINUTE;
        let mut clock = Clock::start(ClockKind::Resolution, work, model.at(now), calendar);
        for _ in 0..dice(7) {
            let stop = now + 1 + dice(4_000) as usize;
            let ran = model.before[stop] - model.before[now];
            if due.is_none() && used + ran >= budget {
                due = Some(model.add(now, budget - used));
            }
            used += ran;
            assert!(clock.pause(model.at(stop), calendar));
            let stands = due.map(|minute| model.at(minute));
            assert_eq!((clock.due_at, clock.next_at), (stands, None), "{case}");
            now = stop + 1 + dice(8_000) as usize;
            assert!(clock.resume(model.at(now), calendar));
            pauses += 1;
        }
        in_a_pause += usize::from(due.is_some());
        let due = due.unwrap_or_else(|| model.add(now, budget - used));
        assert_eq!(clock.due_at, Some(model.at(due)), "{case}: {clock:?}");
        let share = budget / 4 * 3;
        let warned = if used >= share {
            now
        } else {
            model.add(now, share - used)
        };
        let warned = model.at(warned.min(due));
        assert_eq!(clock.next_at, Some(warned), "{case}: {clock:?}");
        let later = now + dice(4_000) as usize;
        let passed = used + model.before[later] - model.before[now];
        let passed = i64::from(passed) * MINUTE;
        assert_eq!(clock.used_at(model.at(later), calendar), passed, "{case}");
    }
    println!(
        "{cases} clocks with {pauses} pauses run out when their minutes say, {in_a_pause} of them before their last pause"
    );
    assert!(pauses > cases && in_a_pause > cases / 10 && in_a_pause < cases);
}
