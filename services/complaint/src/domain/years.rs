//! Years of working days: what one that is typed in must be, and which are needed.

use chrono::{Datelike as _, NaiveDate, Weekday};
use marque_insight::law::{CalendarError, WorkCalendar, WorkYear};

/// Years that can be given.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2099;
/// Spans and days of a year; the State Council names about seven of each.
const MOST_SPANS: usize = 60;
/// Working days of a year: 246 to 252 in twenty years of announcements. What is far from it was typed wrong.
const WORKED: std::ops::RangeInclusive<usize> = 240..=256;
/// From this day on (month and day) the next year is missing where it is not known: it is announced in the autumn.
const ANNOUNCED_BY: (u32, u32) = (11, 15);

/// What is wrong with a year: the field, and what to do.
pub(crate) type WrongYear = (&'static str, String);

/// Passes if a year can be what the State Council announced.
pub(crate) fn check_year(year: &WorkYear) -> Result<(), WrongYear> {
    if !YEARS.contains(&year.year) {
        return Err(("year", "write a year from 2000 to 2099".to_owned()));
    }
    let source = year.source.trim();
    if source.is_empty() || source.chars().count() > 200 || source.contains(char::is_control) {
        let message =
            "name the announcement, such as 国办发明电〔2025〕7号, in 1 to 200 characters";
        return Err(("source", message.to_owned()));
    }
    for (field, count) in [("off", year.off.len()), ("on", year.on.len())] {
        if count > MOST_SPANS {
            return Err((field, format!("at most {MOST_SPANS} entries")));
        }
    }
    let is_weekday = |day: &&NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    if let Some(day) = year.on.iter().find(is_weekday) {
        let message = format!("{day} is a weekday: name the weekend days that are worked");
        return Err(("on", message));
    }
    let mut days = WorkCalendar::default();
    if let Err(error) = days.put(year.clone()) {
        return Err(misplaced(year, &error));
    }
    let worked = worked_days(&days, year.year);
    if WORKED.contains(&worked) {
        return Ok(());
    }
    let message = format!(
        "that makes {worked} working days, and a year has {} to {}: read the announcement again",
        WORKED.start(),
        WORKED.end()
    );
    Err(("off", message))
}

fn misplaced(year: &WorkYear, error: &CalendarError) -> WrongYear {
    let CalendarError::Misplaced { date, .. } = error else {
        return ("off", error.to_string());
    };
    if year.on.contains(date) {
        let message = format!("{date} is of another year, or a day off too");
        return ("on", message);
    }
    let message =
        format!("the span from {date} on ends before it begins, or is not within the year");
    ("off", message)
}

fn worked_days(days: &WorkCalendar, year: i32) -> usize {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    first
        .iter_days()
        .take_while(|day| day.year() == year)
        .filter(|day| days.is_working_day(*day))
        .count()
}

/// The years that are needed on a day and not known.
pub(crate) fn missing_years(days: &WorkCalendar, today: NaiveDate) -> Vec<i32> {
    let is_late = (today.month(), today.day()) >= ANNOUNCED_BY;
    let last = today.year() + i32::from(is_late);
    (today.year()..=last)
        .filter(|year| !days.covers(*year))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Invented, with the shape of a real one.
    fn year() -> WorkYear {
        let span = |from: &str, to: &str| (day(from), day(to));
        WorkYear {
            year: 2027,
            source: "x".to_owned(),
            off: vec![
                span("2027-01-01", "2027-01-03"),
                span("2027-02-05", "2027-02-11"),
                span("2027-05-01", "2027-05-05"),
                span("2027-10-01", "2027-10-07"),
            ],
            on: vec![day("2027-02-14")],
        }
    }

    #[test]
    fn a_year_is_taken_as_it_is_announced() {
        assert_eq!(check_year(&year()), Ok(()));
        for shipped in WorkCalendar::shipped().years() {
            assert_eq!(check_year(shipped), Ok(()), "{}", shipped.year);
        }
    }

    #[test]
    fn what_was_typed_wrong_is_named() {
        let wrong = |change: fn(&mut WorkYear)| {
            let mut year = year();
            change(&mut year);
            check_year(&year).unwrap_err()
        };
        let cases = [
            (wrong(|year| year.year = 27), "year"),
            (wrong(|year| year.source = " ".to_owned()), "source"),
            (wrong(|year| year.off[0].0 = day("2026-12-31")), "off"),
            (wrong(|year| year.off[0].1 = day("2026-01-01")), "off"),
            (wrong(|year| year.off.clear()), "off"),
            (wrong(|year| year.off[0].1 = day("2027-01-31")), "off"),
            (wrong(|year| year.on[0] = day("2027-02-15")), "on"),
            (wrong(|year| year.on[0] = day("2027-10-02")), "on"),
            (wrong(|year| year.on[0] = day("2026-10-10")), "on"),
        ];
        for ((field, message), expected) in cases {
            assert_eq!(field, expected, "{message}");
        }
    }

    #[test]
    fn the_next_year_is_missing_once_it_should_be_known() {
        let days = WorkCalendar::shipped();
        let missing = |today| missing_years(&days, day(today));
        assert_eq!(missing("2026-11-14"), Vec::<i32>::new());
        assert_eq!(missing("2026-11-15"), [2027]);
        assert_eq!(missing("2027-01-01"), [2027]);
        assert_eq!(missing("2027-12-01"), [2027, 2028]);
    }
}
