//! Calendar dates as people type them.

use unicode_normalization::UnicodeNormalization as _;

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

/// Reads 1990-12-31, 1990/12/31, 19901231, 1990年12月31日, 31.12.1990, 31. 12. 1990, 12/31/90, 31 Dec 1990, 31.XII.1990, c. 1990, and
/// the same with impossible months or days; months by name in a dozen languages of Europe. A time behind the date is left
/// out. `None` where words stand that belong to no date.
pub fn parse(raw: &str, order: DayOrder) -> Option<Date> {
    let text: String = fold(raw).nfc().collect();
    // 1990.0 is what spreadsheets make of a whole number.
    let text = text.strip_suffix(".0").unwrap_or(&text);
    let (numbers, month) = tokens(text)?;
    let numbers: Vec<&str> = numbers.into_iter().take(3).collect();
    let number = |part: &str| part.parse::<u32>().ok();
    if let Some(month) = month {
        return with_named_month(&numbers, month);
    }
    match numbers[..] {
        [whole] if whole.len() == 8 => from_eight(number(whole)?, order),
        [year] if year.len() == 4 => Date::lenient(number(year)? as u16, 0, 0),
        [year, month] if year.len() == 4 => Date::lenient(number(year)? as u16, small(month)?, 0),
        [year, month, day] if year.len() >= 3 => {
            Date::lenient(number(year)?.try_into().ok()?, small(month)?, small(day)?)
        }
        [month, year] if year.len() == 4 => {
            let month = small(month).filter(|month| (1..=12).contains(month))?;
            Date::lenient(number(year)? as u16, month, 0)
        }
        [first, second, year] => {
            let (day, month) = in_order(small(first)?, small(second)?, order);
            Date::lenient(full_year(year)?, month, day)
        }
        _ => None,
    }
}

/// As [`parse`], for a column that is known to hold dates: beside words of any language the year alone, and six digits as
/// year, month and day of a lifetime's century, or the other way round.
pub fn parse_in_column(raw: &str, order: DayOrder) -> Option<Date> {
    parse(raw, order).or_else(|| {
        let text = fold(raw);
        let mut runs = text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|run| !run.is_empty());
        match (runs.next(), runs.next()) {
            (Some(whole), None) if whole.len() == 6 => from_six(whole),
            _ => only_year(&text),
        }
    })
}

/// The one number of four digits that can be a year.
fn only_year(text: &str) -> Option<Date> {
    let mut years = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| run.len() == 4)
        .filter_map(|run| run.parse().ok())
        .filter(|year| (1000..=2100).contains(year));
    let year = years.next()?;
    years.next().is_none().then(|| Date::lenient(year, 0, 0))?
}

/// 900131 or 310190.
fn from_six(digits: &str) -> Option<Date> {
    let (first, rest) = digits.split_at(2);
    let (second, third) = rest.split_at(2);
    let date = |year, month, day| Date::new(full_year(year)?, small(month)?, small(day)?);
    date(first, second, third).or_else(|| date(third, second, first))
}

/// The month of a number or a name, as a column of its own holds it.
pub fn month(raw: &str) -> Option<u8> {
    let text = fold(raw);
    let text = text.strip_suffix(".0").unwrap_or(&text).trim_matches('.');
    text.parse().ok().or_else(|| named_month(text))
}

/// The numbers of a date in their order, and the month if it is written in letters; what stands behind a whole date is not
/// looked at. `None` if a word before its end is none of a date.
fn tokens(text: &str) -> Option<(Vec<&str>, Option<u8>)> {
    let (mut numbers, mut month): (Vec<&str>, Option<u8>) = (Vec::new(), None);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_whole = match (&numbers[..], month) {
            ([_, _], Some(_)) | ([_, _, _], None) => true,
            ([one], None) => one.len() == 8,
            _ => false,
        };
        if is_whole {
            break;
        }
        let is_digit = first.is_ascii_digit();
        if !is_digit && !first.is_alphabetic() {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let belongs = |c: char| {
            if is_digit {
                c.is_ascii_digit()
            } else {
                c.is_alphabetic()
            }
        };
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        if is_digit && behind.starts_with(':') {
            // A time begins.
            break;
        }
        if is_digit {
            numbers.push(token);
        } else if let Some(named) = named_month(token).filter(|_| month.is_none()) {
            month = Some(named);
        } else if !BESIDE.contains(&token) {
            return None;
        }
        rest = behind;
    }
    Some((numbers, month))
}

/// Words that stand beside the parts of a date and change nothing.
const BESIDE: &[&str] = &[
    "年",
    "月",
    "日",
    "号",
    "년",
    "월",
    "일",
    "t",
    "z",
    "utc",
    "gmt",
    "c",
    "ca",
    "circa",
    "abt",
    "about",
    "est",
    "bef",
    "aft",
    "before",
    "after",
    "um",
    "vor",
    "nach",
    "am",
    "den",
    "der",
    "the",
    "of",
    "st",
    "nd",
    "rd",
    "th",
    "er",
    "e",
    "de",
    "del",
    "di",
    "da",
    "do",
    "du",
    "le",
    "el",
    "il",
    "o",
    "a",
    "d",
    "af",
    "r",
    "roku",
    "г",
    "год",
    "года",
    "ок",
    "около",
    "anno",
    "dne",
    "van",
    "ad",
];

/// Names of the months, folded, in the languages of Europe, with the endings that dates give them.
const MONTHS: [&str; 12] = [
    "january januar janvier enero gennaio janeiro januari januarii styczen stycznia leden ledna tammikuu ocak январь января",
    "february februar fevrier febrero febbraio fevereiro februari luty lutego unor unora helmikuu subat февраль",
    "march marz mars marzo marco maart marts mrz marzec marca brezen brezna maaliskuu mart marcius март",
    "april avril abril aprile kwiecien kwietnia duben dubna huhtikuu nisan апрель",
    "may mai mayo maggio maio mei maj maja kveten kvetna toukokuu mayis маи мая",
    "june juni juin junio giugno junho junius czerwiec czerwca cerven cervna kesakuu haziran июнь",
    "july juli juillet julio luglio julho julius lipiec lipca cervenec cervence heinakuu temmuz июль",
    "august aout agosto augustus sierpien sierpnia srpen srpna elokuu agustos август",
    "september septembre septiembre setiembre settembre setembro wrzesien wrzesnia zari syyskuu eylul szeptember сентябрь",
    "october oktober octobre octubre ottobre outubro pazdziernik rijen rijna lokakuu ekim октябрь",
    "november novembre noviembre novembro listopad listopada marraskuu kasim ноябрь",
    "december dezember decembre diciembre dicembre dezembro grudzien grudnia prosinec prosince joulukuu aralik декабрь",
];
const ROMAN: [&str; 12] = [
    "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii",
];

/// The month of a word: its name, the beginning of one (three letters or more), or one with another ending.
fn named_month(word: &str) -> Option<u8> {
    if let Some(at) = ROMAN.iter().position(|roman| *roman == word) {
        return Some(at as u8 + 1);
    }
    let length = word.chars().count();
    let likeness = |name: &str| {
        let (own, common) = (
            name.chars().count(),
            name.chars()
                .zip(word.chars())
                .take_while(|(a, b)| a == b)
                .count(),
        );
        let is_beginning = length >= 3 && common == length;
        let is_inflected = common >= 4 && common + 3 >= own.max(length);
        if is_beginning || is_inflected {
            common
        } else {
            0
        }
    };
    let alike = (1..).zip(MONTHS).map(|(month, names)| {
        let best = names.split(' ').map(likeness).max();
        (best.unwrap_or(0), std::cmp::Reverse(month))
    });
    let (best, std::cmp::Reverse(month)) = alike.max()?;
    (best > 0).then_some(month)
}

/// The year is the number of three digits or more, else the last one.
fn with_named_month(numbers: &[&str], month: u8) -> Option<Date> {
    let is_year = |part: &&str| part.len() >= 3;
    match numbers {
        [year] if is_year(year) => Date::lenient(year.parse().ok()?, month, 0),
        [year, day] if is_year(year) => Date::lenient(year.parse().ok()?, month, small(day)?),
        [day, year] => Date::lenient(full_year(year)?, month, small(day)?),
        _ => None,
    }
}

const fn in_order(first: u8, second: u8, order: DayOrder) -> (u8, u8) {
    match order {
        DayOrder::DayFirst => (first, second),
        DayOrder::MonthFirst => (second, first),
    }
}

/// Eight digits: the year in front, unless the calendar has only the date with the year behind.
fn from_eight(packed: u32, order: DayOrder) -> Option<Date> {
    let part = |at: u32| (packed / at % 100) as u8;
    let (day, month) = in_order(part(1_000_000), part(10_000), order);
    let year_behind = ((packed % 10_000) as u16, month, day);
    let year_in_front = ((packed / 10_000) as u16, part(100), part(1));
    let is_in_calendar = |(year, month, day): (u16, u8, u8)| {
        (1000..=2200).contains(&year) && Date::new(year, month, day).is_some()
    };
    let (year, month, day) = if is_in_calendar(year_in_front) {
        year_in_front
    } else if is_in_calendar(year_behind) || !(1000..=2200).contains(&year_in_front.0) {
        year_behind
    } else {
        year_in_front
    };
    Date::lenient(year, month, day)
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
            "31. 12. 1990",
            "1990 12 31",
            "1990년12월31일",
            "1990-12-31 星期一",
            "1990年12月31日生",
            "19901231 101112",
            "19901231T101112",
            "31121990",
            "31/12/90",
            " 1990-12-31T00:00:00",
            "1990-12-31 10:11",
        ] {
            assert_eq!(parse(raw, DayOrder::DayFirst), wanted, "{raw}");
        }
        assert_eq!(parse("12/31/1990", DayOrder::MonthFirst), wanted);
        assert_eq!(parse("12311990", DayOrder::MonthFirst), wanted);
        assert_eq!(parse("hello", DayOrder::DayFirst), None);
    }

    #[test]
    fn months_are_read_by_name_in_many_languages() {
        for (raw, wanted) in [
            ("12 Jan 1850", (1850, 1, 12)),
            ("3. März 1823", (1823, 3, 3)),
            ("12-ene-1850", (1850, 1, 12)),
            ("March 3rd, 1850", (1850, 3, 3)),
            ("1er août 1789", (1789, 8, 1)),
            ("12 de diciembre de 1901", (1901, 12, 12)),
            ("7 listopada 1888", (1888, 11, 7)),
            ("5. marraskuuta 1899", (1899, 11, 5)),
            ("9 červenec 1870", (1870, 7, 9)),
            ("3 мая 1812 г.", (1812, 5, 3)),
            ("3 декабря 1812", (1812, 12, 3)),
            ("5. lokakuuta 1812", (1812, 10, 5)),
            ("2 juillet 1812", (1812, 7, 2)),
            ("2 juin 1812", (1812, 6, 2)),
            ("24.XII.1790", (1790, 12, 24)),
            ("1850 May 4", (1850, 5, 4)),
            ("c. 1850", (1850, 0, 0)),
            ("1850?", (1850, 0, 0)),
            ("1850.0", (1850, 0, 0)),
            ("Sept 1850", (1850, 9, 0)),
        ] {
            let (year, month, day) = wanted;
            assert_eq!(
                parse(raw, DayOrder::DayFirst),
                Date::lenient(year, month, day),
                "{raw}"
            );
        }
        for raw in [
            "12 May Street 1850",
            "flat 3",
            "May",
            "3 May",
            "Octavia 2012",
            "Marina 5 2008",
        ] {
            assert_eq!(parse(raw, DayOrder::DayFirst), None, "{raw}");
        }
        assert_eq!(
            (month("Sept."), month("9"), month("x")),
            (Some(9), Some(9), Some(10))
        );
    }

    #[test]
    fn in_a_column_of_dates_words_of_any_language_stand_beside_the_year() {
        for (raw, wanted) in [
            ("asi 1750", (1750, 0, 0)),
            ("kring 1712, Mora", (1712, 0, 0)),
            ("1850-00-00", (1850, 0, 0)),
            ("03/1850", (1850, 3, 0)),
            ("710723", (1971, 7, 23)),
            ("230771", (1971, 7, 23)),
            ("12 Jan 1850", (1850, 1, 12)),
        ] {
            let (year, month, day) = wanted;
            assert_eq!(
                parse_in_column(raw, DayOrder::DayFirst),
                Date::lenient(year, month, day),
                "{raw}"
            );
        }
        for raw in ["1750-1760 nebo", "Mora", "123", "994799"] {
            assert_eq!(parse_in_column(raw, DayOrder::DayFirst), None, "{raw}");
        }
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
