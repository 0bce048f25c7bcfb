//! Working time against a slow, obvious model: every minute of three years written down, open or closed, and counted.

use proptest::prelude::*;

use super::*;

#[path = "pause_tests.rs"]
mod pauses;

/// Every minute from `start` on: how many open minutes lie before it.
struct Model {
    start: Timestamp,
    before: Vec<u32>,
}

const DAYS: i64 = 3 * 365;

impl Model {
    /// Asks minute by minute, with nothing clever: is this day open, is this minute within the hours?
    fn of(hours: &Hours, days: &WorkCalendar) -> Self {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let local = first.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        let start = Timestamp::from_micros(local - hours.offset_minutes * MINUTE);
        let mut before = vec![0u32];
        for day in first.iter_days().take(DAYS as usize) {
            let is_open = hours.open.contains(&day)
                || (!hours.closed.contains(&day) && (hours.every_day || days.is_working_day(day)));
            for minute in 0..DAY_MINUTES {
                let counts = is_open && minute >= hours.opens && minute < hours.closes;
                before.push(before[before.len() - 1] + u32::from(counts));
            }
        }
        Self { start, before }
    }

    fn at(&self, minute: usize) -> Timestamp {
        Timestamp::from_micros(self.start.as_micros() + minute as i64 * MINUTE)
    }

    /// The first minute by which so many open minutes have passed.
    fn add(&self, from: usize, work: u32) -> usize {
        let wanted = self.before[from] + work;
        self.before
            .partition_point(|count| *count < wanted)
            .max(from)
    }
}

fn calendars() -> Vec<(Model, Calendar)> {
    let days = Arc::new(WorkCalendar::shipped());
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let hours = [
        Hours::default(),
        Hours {
            every_day: true,
            opens: 8 * 60 + 30,
            closes: 20 * 60,
            ..Hours::default()
        },
        Hours {
            closed: ["2024-03-05", "2025-11-11", "2025-11-12"].map(date).into(),
            open: ["2024-02-11", "2025-05-03"].map(date).into(),
            ..Hours::default()
        },
        Hours {
            offset_minutes: 6 * 60,
            opens: 10 * 60,
            closes: 19 * 60 + 15,
            ..Hours::default()
        },
        Hours {
            opens: 0,
            closes: DAY_MINUTES,
            every_day: true,
            ..Hours::default()
        },
    ];
    hours
        .into_iter()
        .map(|hours| {
            (
                Model::of(&hours, &days),
                Calendar::new(hours, Arc::clone(&days)),
            )
        })
        .collect()
}

#[test]
fn sums_of_working_time_are_what_counting_minutes_gives() {
    compare(100_000);
}

#[test]
#[ignore = "the million of docs/benchmarks/complaints.md takes half a minute without optimisation"]
fn a_million_sums_of_working_time_are_what_counting_minutes_gives() {
    compare(1_000_000);
}

/// Numbers below another, the same in every run.
fn dice() -> impl FnMut(u64) -> u64 {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    }
}

fn compare(cases: usize) {
    let calendars = calendars();
    let mut dice = dice();
    let minutes = (DAYS - 300) * DAY_MINUTES;
    for case in 0..cases {
        let (model, calendar) = &calendars[case % calendars.len()];
        let from = dice(minutes as u64) as usize;
        let work = dice(3_000) as u32;
        let due = model.add(from, work);
        assert_eq!(
            calendar.add(model.at(from), i64::from(work) * MINUTE),
            model.at(due),
            "{work} minutes from {}",
            model.at(from)
        );
        let so_far = model.before[from];
        let opening = model.before.partition_point(|count| *count <= so_far) - 1;
        assert_eq!(calendar.opening_from(model.at(from)), model.at(opening));
        let until = from + dice(20_000) as usize;
        let passed = i64::from(model.before[until] - model.before[from]) * MINUTE;
        assert_eq!(calendar.between(model.at(from), model.at(until)), passed);
    }
}

proptest! {
    #[test]
    fn what_is_added_has_passed_and_in_pieces_as_at_once(from in 0i64..40_000_000, a in 0i64..6_000, b in 0i64..6_000) {
        let calendar = Calendar::new(Hours::default(), Arc::new(WorkCalendar::shipped()));
        let from = Timestamp::from_micros(1_704_067_200_000_000 + from * 1_000_003);
        let (a, b) = (a * MINUTE + 7, b * MINUTE + 11);
        let at_once = calendar.add(from, a + b);
        prop_assert_eq!(calendar.add(calendar.add(from, a), b), at_once);
        prop_assert_eq!(calendar.between(from, at_once), a + b);
        prop_assert_eq!(calendar.between(at_once, from), 0);
    }
}

#[test]
fn a_make_up_sunday_is_worked_and_a_holiday_is_not() {
    let calendar = Calendar::new(Hours::default(), Arc::new(WorkCalendar::shipped()));
    let at = |text| Timestamp::parse_rfc3339(text).unwrap();
    // 2024-04-28 is a worked Sunday before the holiday of 1 to 5 May.
    assert_eq!(
        calendar.add(at("2024-04-27T10:00:00+08:00"), 60 * MINUTE),
        at("2024-04-28T10:00:00+08:00")
    );
    assert_eq!(
        calendar.add(at("2024-04-30T17:00:00+08:00"), 120 * MINUTE),
        at("2024-05-06T10:00:00+08:00")
    );
    // The vector of standards.md 4.7: ten and twenty working days after a demand of 2024-04-22.
    for (days, end) in [
        (10, "2024-05-09T00:00:00+08:00"),
        (20, "2024-05-22T00:00:00+08:00"),
    ] {
        assert_eq!(
            calendar.end_of_working_day(at("2024-04-22T09:30:00+08:00"), days),
            at(end)
        );
    }
    assert_eq!(
        calendar.local(at("2024-04-28T02:00:00Z")),
        "2024-04-28T10:00:00+08:00"
    );
}

#[test]
fn a_dealer_who_never_opens_has_a_due_time_all_the_same() {
    let hours = Hours {
        opens: 600,
        closes: 600,
        ..Hours::default()
    };
    let calendar = Calendar::new(hours, Arc::new(WorkCalendar::shipped()));
    let from = Timestamp::parse_rfc3339("2026-01-05T02:00:00Z").unwrap();
    assert!(calendar.add(from, MINUTE) > from);
    assert_eq!(calendar.between(from, calendar.add(from, MINUTE)), 0);
}
