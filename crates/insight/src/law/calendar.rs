//! Working days, by the State Council's calendar as dated data.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::Deserialize;

/// Which days are worked. Years it does not know have Saturdays and Sundays off and nothing else.
#[derive(Clone, Debug, Default)]
pub struct WorkCalendar {
    years: BTreeMap<i32, Year>,
}

#[derive(Clone, Debug)]
struct Year {
    announced: WorkYear,
    off: BTreeSet<NaiveDate>,
    on: BTreeSet<NaiveDate>,
}

/// The working days of a year, as they are announced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkYear {
    /// The year.
    pub year: i32,
    /// The announcement; read by people.
    pub source: String,
    /// Days off, first and last of each span, weekends among them.
    pub off: Vec<(NaiveDate, NaiveDate)>,
    /// Weekend days that are worked.
    pub on: Vec<NaiveDate>,
}

/// A date that may change when the State Council announces a year that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The last day.
    pub date: NaiveDate,
    /// Whether a year was counted whose holidays are not announced yet.
    pub is_provisional: bool,
}

/// Why a calendar file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not the right shape; the message of the TOML reader names line and column.
    #[error("the calendar file cannot be read: {0}")]
    Syntax(String),
    /// A day in the table of another year, or a span that ends before it begins.
    #[error("year {year}: {date} does not belong there")]
    Misplaced {
        /// The table it stands in.
        year: i32,
        /// The date.
        date: NaiveDate,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    year: Vec<WorkYear>,
}

impl WorkCalendar {
    /// The calendar that ships with Marque: mainland China, 2022 to 2026; read once.
    pub fn shipped() -> Self {
        static SHIPPED: LazyLock<WorkCalendar> = LazyLock::new(|| {
            WorkCalendar::from_toml(include_str!("../../data/workdays-cn.toml"))
                .expect("the shipped calendar is valid, a test reads it")
        });
        SHIPPED.clone()
    }

    /// Reads a calendar file, for the years announced since.
    ///
    /// # Errors
    /// When the file is not of the right shape or a day stands in the table of another year.
    pub fn from_toml(text: &str) -> Result<Self, CalendarError> {
        let file: File =
            toml::from_str(text).map_err(|error| CalendarError::Syntax(error.to_string()))?;
        let mut calendar = Self::default();
        for year in file.year {
            calendar.put(year)?;
        }
        Ok(calendar)
    }

    /// Takes over a year, in the place of what was known of it.
    ///
    /// # Errors
    /// When one of its days is of another year, a span ends before it begins, or a day is both worked and off.
    pub fn put(&mut self, announced: WorkYear) -> Result<(), CalendarError> {
        let misplaced = |date: NaiveDate| CalendarError::Misplaced {
            year: announced.year,
            date,
        };
        let mut off = BTreeSet::new();
        for &(from, to) in &announced.off {
            if from > to || from.year() != announced.year || to.year() != announced.year {
                return Err(misplaced(from));
            }
            off.extend(from.iter_days().take_while(|&date| date <= to));
        }
        let on: BTreeSet<NaiveDate> = announced.on.iter().copied().collect();
        if let Some(&date) = on
            .iter()
            .find(|date| date.year() != announced.year || off.contains(*date))
        {
            return Err(misplaced(date));
        }
        let year = announced.year;
        self.years.insert(year, Year { announced, off, on });
        Ok(())
    }

    /// The years it knows, as they were announced, in their order.
    pub fn years(&self) -> impl Iterator<Item = &WorkYear> {
        self.years.values().map(|year| &year.announced)
    }

    /// Whether the holidays of a year are known.
    pub fn covers(&self, year: i32) -> bool {
        self.years.contains_key(&year)
    }

    /// Whether a day is worked.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        let is_weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        match self.years.get(&date.year()) {
            Some(year) => year.on.contains(&date) || !is_weekend && !year.off.contains(&date),
            None => !is_weekend,
        }
    }

    /// The `days`-th working day after `from`; the first day is not counted (Civil Code 201).
    pub fn working_days_after(&self, from: NaiveDate, days: u32) -> Deadline {
        let mut rest = days;
        let mut date = from;
        while rest > 0 {
            date = date + Days::new(1);
            rest -= u32::from(self.is_working_day(date));
        }
        self.deadline(from, date)
    }

    /// The `days`-th day after `from`, the first not counted; if it is a day off and `moves` is set, the next working day
    /// (Civil Code 201 and 203).
    pub fn days_after(&self, from: NaiveDate, days: u32, moves: bool) -> Deadline {
        let mut date = from + Days::new(u64::from(days));
        while moves && !self.is_working_day(date) {
            date = date + Days::new(1);
        }
        self.deadline(from, date)
    }

    fn deadline(&self, from: NaiveDate, date: NaiveDate) -> Deadline {
        Deadline {
            date,
            is_provisional: !(from.year()..=date.year()).all(|year| self.covers(year)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_windows_of_the_standard_come_out() {
        let calendar = WorkCalendar::shipped();
        assert_eq!(
            calendar.days_after(date("2024-03-05"), 7, true).date,
            date("2024-03-12")
        );
        assert_eq!(
            calendar.days_after(date("2024-03-05"), 60, false).date,
            date("2024-05-04")
        );
        assert_eq!(
            calendar.days_after(date("2024-03-05"), 60, true).date,
            date("2024-05-06")
        );
        assert_eq!(
            calendar.working_days_after(date("2024-04-22"), 10).date,
            date("2024-05-08")
        );
        assert_eq!(
            calendar.working_days_after(date("2024-04-22"), 20).date,
            date("2024-05-21")
        );
        let naive = WorkCalendar::default().working_days_after(date("2024-04-22"), 10);
        assert_eq!(
            naive,
            Deadline {
                date: date("2024-05-06"),
                is_provisional: true
            }
        );
    }

    #[test]
    fn every_known_year_has_about_250_working_days() {
        let calendar = WorkCalendar::shipped();
        for year in 2022..=2026 {
            let days = NaiveDate::from_ymd_opt(year, 1, 1)
                .unwrap()
                .iter_days()
                .take_while(|date| date.year() == year);
            let worked = days.filter(|&date| calendar.is_working_day(date)).count();
            assert!((246..=252).contains(&worked), "{year}: {worked}");
        }
    }

    #[test]
    fn a_deadline_in_a_year_not_announced_yet_is_provisional() {
        let calendar = WorkCalendar::shipped();
        assert!(
            !calendar
                .working_days_after(date("2026-11-21"), 10)
                .is_provisional
        );
        assert!(
            calendar
                .working_days_after(date("2026-12-25"), 10)
                .is_provisional
        );
    }

    #[test]
    fn a_year_that_is_announced_later_is_put_beside_the_others() {
        let mut calendar = WorkCalendar::shipped();
        let year = WorkYear {
            year: 2027,
            source: "x".to_owned(),
            off: vec![(date("2027-01-01"), date("2027-01-03"))],
            on: vec![date("2027-01-09")],
        };
        calendar.put(year.clone()).unwrap();
        assert!(!calendar.is_working_day(date("2027-01-01")));
        assert!(calendar.is_working_day(date("2027-01-09")));
        assert_eq!(calendar.years().last(), Some(&year));
        assert_eq!(calendar.years().count(), 6);
    }

    #[test]
    fn misplaced_days_are_refused() {
        let file = |off: &str, on: &str| {
            format!("[[year]]\nyear = 2027\nsource = \"x\"\noff = {off}\non = {on}")
        };
        let error = |off, on| {
            WorkCalendar::from_toml(&file(off, on))
                .unwrap_err()
                .to_string()
        };
        assert!(error("[[\"2026-01-01\", \"2027-01-02\"]]", "[]").contains("2026-01-01"));
        assert!(error("[[\"2027-01-03\", \"2027-01-02\"]]", "[]").contains("2027-01-03"));
        assert!(
            error("[[\"2027-01-01\", \"2027-01-02\"]]", "[\"2027-01-02\"]").contains("2027-01-02")
        );
        assert!(error("3", "[]").contains("line 4"));
    }
}
