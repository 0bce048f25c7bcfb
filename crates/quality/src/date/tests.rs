//! The forms people type, as a table.

use proptest::prelude::*;

use super::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn read(typed: &str) -> Result<String, DateFlaw> {
    parse(typed, today()).map(|d| match d.time {
        Some(time) => format!("{} {}", d.date, time.format("%H:%M:%S")),
        None => d.date.to_string(),
    })
}

#[test]
fn typed_forms_are_read() {
    for (typed, expected) in [
        ("2020-01-05", "2020-01-05"),
        ("2020-1-5", "2020-01-05"),
        ("2020/01/05", "2020-01-05"),
        ("2020.1.5", "2020-01-05"),
        ("20200105", "2020-01-05"),
        ("2020年1月5日", "2020-01-05"),
        ("2020年01月05号", "2020-01-05"),
        ("２０２０年１月５日", "2020-01-05"),
        ("05.01.2020", "2020-01-05"),
        ("13/1/2020", "2020-01-13"),
        ("1/13/2020", "2020-01-13"),
        ("43835", "2020-01-05"),
        ("43835.5", "2020-01-05 12:00:00"),
        ("20-1-5", "2020-01-05"),
        ("85.3.2", "1985-03-02"),
        ("850302", "1985-03-02"),
        ("36-01-01", "2036-01-01"),
        ("37-01-01", "1937-01-01"),
        ("2020年1月", "2020-01-01"),
        ("2020-01", "2020-01-01"),
        ("2020-01-05 8:30", "2020-01-05 08:30:00"),
        ("2020-1-5 08:30:15", "2020-01-05 08:30:15"),
        ("2020年1月5日 8时30分", "2020-01-05 08:30:00"),
        ("2020/1/5 8:30 PM", "2020-01-05 20:30:00"),
        ("20200105083000", "2020-01-05 08:30:00"),
        ("2020-01-05T08:30:00+08:00", "2020-01-05 08:30:00"),
        ("2020-01-05T20:30:00Z", "2020-01-06 04:30:00"),
        ("2020-01-05T08:30:00.123-08:0", "2020-01-06 00:30:00"),
        (" 2020-01-05 ", "2020-01-05"),
    ] {
        assert_eq!(read(typed), Ok(expected.to_owned()), "{typed}");
    }
}

#[test]
fn what_is_no_date_says_why() {
    for (typed, flaw) in [
        ("2020-02-30", DateFlaw::NoSuchDay),
        ("20201301", DateFlaw::NoSuchDay),
        ("03/04/2020", DateFlaw::Ambiguous),
        ("不记得", DateFlaw::Form),
        ("2020", DateFlaw::Form),
        ("1-2-3-4", DateFlaw::Form),
        ("2020-01-05 25:00", DateFlaw::NoSuchDay),
        ("0000-00-00", DateFlaw::NoSuchDay),
        ("", DateFlaw::Form),
    ] {
        assert_eq!(read(typed), Err(flaw), "{typed}");
    }
}

#[test]
fn an_instant_is_reckoned_in_the_business_zone() {
    let midnight = parse("2020-01-05", today()).expect("a date");
    assert_eq!(midnight.instant().to_rfc3339(), "2020-01-04T16:00:00+00:00");
}

proptest! {
    #[test]
    fn every_day_is_read_back_in_every_form(days in 0i64..80_000) {
        let date = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day") + TimeDelta::days(days);
        for form in ["%Y-%m-%d", "%Y/%-m/%-d", "%Y%m%d", "%Y年%-m月%-d日", "%d.%m.%Y", "%Y-%m-%dT00:00:00+08:00"] {
            let typed = date.format(form).to_string();
            prop_assert_eq!(parse(&typed, today()).map(|d| d.date), Ok(date), "{}", typed);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in ".{0,40}") {
        let _ = parse(&text, today());
    }

    #[test]
    fn anything_like_a_date_is_read_without_panic(text in "[0-9/.:TZ +-]{0,30}") {
        let _ = parse(&text, today());
    }
}
