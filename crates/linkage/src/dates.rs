//! Calendar dates as people type them.

use crate::text::fold::fold;

/// A date of the Gregorian calendar, packed as yyyymmdd; month and day may be unknown (0).
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Date(u32);

impl std::fmt::Debug for Date {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Date(…)")
    }
}

/// Which part comes first where a date is written with numbers only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum DayOrder {
    /// 31/12/1990
    #[default]
    DayFirst,
    /// 12/31/1990
    MonthFirst,
}

impl Date {
    /// The date, if the calendar has it.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap =
            (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
        let length = match month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u8::from(is_leap),
            1..=12 => 31,
            _ => return None,
        };
        ((1..=length).contains(&day) && (1..=9999).contains(&year))
            .then(|| Self(u32::from(year) * 10_000 + u32::from(month) * 100 + u32::from(day)))
    }

    /// A date whose parts may be out of the calendar (month 19, day 92), as typing errors leave it; parts are kept as typed.
    pub fn lenient(year: u16, month: u8, day: u8) -> Option<Self> {
        (year > 0 && month < 100 && day < 100)
            .then(|| Self(u32::from(year) * 10_000 + u32::from(month) * 100 + u32::from(day)))
    }

    /// yyyymmdd as a number.
    pub fn packed(self) -> u32 {
        self.0
    }

    /// From [`Date::packed`].
    pub fn from_packed(packed: u32) -> Option<Self> {
        (packed >= 10_000).then_some(Self(packed))
    }

    /// The year.
    pub fn year(self) -> u16 {
        (self.0 / 10_000) as u16
    }

    /// The month, 0 if unknown.
    pub fn month(self) -> u8 {
        (self.0 / 100 % 100) as u8
    }

    /// The day, 0 if unknown.
    pub fn day(self) -> u8 {
        (self.0 % 100) as u8
    }

    /// The eight digits.
    pub fn digits(self) -> [u8; 8] {
        let mut rest = self.0;
        let mut digits = [b'0'; 8];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        digits
    }
}

/// Reads 1990-12-31, 1990/12/31, 19901231, 1990年12月31日, 31.12.1990, 12/31/90, and the same with impossible months or days.
pub fn parse(raw: &str, order: DayOrder) -> Option<Date> {
    let text = fold(raw);
    let text = text
        .split(['t', ' '])
        .find(|part| part.chars().any(|c| c.is_ascii_digit()))?;
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let number = |part: &str| part.parse::<u32>().ok();
    match parts[..] {
        [whole] if whole.len() == 8 => from_eight(number(whole)?, order),
        [year] if year.len() == 4 && text.len() == 4 => Date::lenient(number(year)? as u16, 0, 0),
        [year, month] if year.len() == 4 => Date::lenient(number(year)? as u16, small(month)?, 0),
        [year, month, day] if year.len() >= 3 => {
            Date::lenient(number(year)?.try_into().ok()?, small(month)?, small(day)?)
        }
        [first, second, year] => {
            let (day, month) = if order == DayOrder::DayFirst {
                (first, second)
            } else {
                (second, first)
            };
            Date::lenient(full_year(year)?, small(month)?, small(day)?)
        }
        _ => None,
    }
}

fn from_eight(packed: u32, order: DayOrder) -> Option<Date> {
    let year = packed / 10_000;
    if (1000..=2200).contains(&year) {
        return Date::lenient(
            year as u16,
            (packed / 100 % 100) as u8,
            (packed % 100) as u8,
        );
    }
    let (first, second) = ((packed / 1_000_000) as u8, (packed / 10_000 % 100) as u8);
    let (day, month) = if order == DayOrder::DayFirst {
        (first, second)
    } else {
        (second, first)
    };
    Date::lenient((packed % 10_000) as u16, month, day)
}

fn small(part: &str) -> Option<u8> {
    part.parse().ok().filter(|n| *n < 100)
}

fn full_year(part: &str) -> Option<u16> {
    let year: u16 = part.parse().ok()?;
    Some(match part.len() {
        2 if year > 30 => 1900 + year,
        2 => 2000 + year,
        _ => year,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_written_forms_give_one_date() {
        let wanted = Date::new(1990, 12, 31);
        for raw in [
            "1990-12-31",
            "1990/12/31",
            "19901231",
            "1990年12月31日",
            "31.12.1990",
            "31/12/90",
            " 1990-12-31T00:00:00",
            "1990-12-31 10:11",
        ] {
            assert_eq!(parse(raw, DayOrder::DayFirst), wanted, "{raw}");
        }
        assert_eq!(parse("12/31/1990", DayOrder::MonthFirst), wanted);
        assert_eq!(parse("hello", DayOrder::DayFirst), None);
    }

    #[test]
    fn impossible_parts_are_kept_for_comparison() {
        assert_eq!(
            parse("19551192", DayOrder::DayFirst).map(Date::packed),
            Some(19_551_192)
        );
        assert_eq!(Date::new(2023, 2, 29), None);
        assert!(Date::new(2024, 2, 29).is_some());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(raw in ".{0,40}") {
            let _ = parse(&raw, DayOrder::DayFirst);
            let _ = parse(&raw, DayOrder::MonthFirst);
        }
    }
}
