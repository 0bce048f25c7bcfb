//! What the values of a column look like.

use rustc_hash::FxHashMap;

use super::party;
use crate::codes;
use crate::dates::{self, DayOrder};
use crate::dealer;
use crate::table::Table;
use crate::text::fold::{digits, fold, is_han};
use crate::text::han::{is_compound_surname, is_surname, simplified};

/// Shares (0..=1) of a column's filled values that have some look; taken from a sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Content {
    pub(super) filled: f32,
    /// Different values among the filled ones.
    pub(super) distinct: f32,
    pub(super) distinct_count: usize,
    pub(super) date: f32,
    /// Dates, bare years, and years beside words of any language: what a column holds whose header speaks of dates.
    pub(super) dated: f32,
    pub(super) number: f32,
    pub(super) email: f32,
    pub(super) phone: f32,
    pub(super) han: f32,
    pub(super) vin: f32,
    pub(super) plate: f32,
    pub(super) resident_id: f32,
    pub(super) year: f32,
    /// Numbers of 1..=12.
    pub(super) month: f32,
    /// Numbers of 1..=31.
    pub(super) day: f32,
    /// Numbers of 0..=120.
    pub(super) age: f32,
    /// Numbers that lie close together, as those of rows do: of all numbers from least to most, the share that is there.
    pub(super) climbing: f32,
    /// Values of digits and separators with at least five digits, such as codes.
    pub(super) code: f32,
    pub(super) words: f32,
    /// Values with both letters and digits.
    pub(super) mixed: f32,
    /// Values with a word of three letters or more.
    pub(super) wordy: f32,
    /// Numbers written as they are dialled: +49 30 1234, 030/1234, (030) 1234.
    pub(super) dialled: f32,
    /// Chinese mobile numbers.
    pub(super) mobile: f32,
    /// Names of Chinese people.
    pub(super) chinese_person: f32,
    /// Names of Chinese firms and public bodies.
    pub(super) chinese_firm: f32,
    /// Chinese addresses.
    pub(super) chinese_address: f32,
    /// Words or letters for person and organisation.
    pub(super) party: f32,
    /// Whole words for them.
    pub(super) plain_party: f32,
}

const SAMPLE: usize = 4_000;

/// Looks at up to 4,000 values of a column, evenly spread, and counts different values over all rows of smaller tables.
pub(super) fn look_at(table: &Table, column: usize) -> Content {
    let step = (table.rows() / SAMPLE).max(1);
    let mut values: FxHashMap<&str, u32> = FxHashMap::default();
    let mut content = Content::default();
    let (mut looked, mut filled) = (0_u32, 0_u32);
    let mut span = (u64::MAX, 0_u64);
    for row in (0..table.rows()).step_by(step) {
        looked += 1;
        let value = table.cell(row, column).trim();
        if is_missing(value) {
            continue;
        }
        filled += 1;
        *values.entry(value).or_default() += 1;
        content.note(value);
        content.note_chinese(value);
        if let Ok(number) = value.parse::<u64>() {
            span = (span.0.min(number), span.1.max(number));
        }
    }
    content.divide(filled.max(1) as f32);
    content.filled = filled as f32 / looked.max(1) as f32;
    content.distinct_count = values.len();
    if content.number > 0.99 {
        let wide = span.1.saturating_sub(span.0) as f32 + 1.0;
        content.climbing = (values.len() * step) as f32 / wide;
    }
    content.distinct = values.len() as f32 / filled.max(1) as f32;
    content
}

/// True for the ways of writing that a value is not there.
pub(crate) fn is_missing(value: &str) -> bool {
    const WORDS: [&str; 22] = [
        "\\n",
        "(null)",
        "<null>",
        "[null]",
        "#n/a",
        "keine",
        "k.a.",
        "na",
        "n/a",
        "n.a.",
        "null",
        "none",
        "nan",
        "nil",
        "unknown",
        "not known",
        "unbekannt",
        "onbekend",
        "inconnu",
        "sconosciuto",
        "desconocido",
        "okand",
    ];
    const SIGNS: [&str; 10] = ["", "-", "--", "?", "??", "???", ".", "无", "未知", "不详"];
    // Nothing longer stands in the lists.
    value.len() <= 12
        && (SIGNS.contains(&value) || WORDS.iter().any(|word| word.eq_ignore_ascii_case(value)))
}

/// Two to four characters that begin with a surname, and end as no place does.
fn is_chinese_person(value: &str) -> bool {
    let name: Vec<char> = value.chars().filter(|c| !c.is_whitespace()).collect();
    let is_place = |last: &char| "省市县区州镇乡村路街".contains(*last);
    (2..=4).contains(&name.len())
        && name.iter().all(|c| is_han(*c))
        && (is_surname(simplified(name[0])) || is_compound_surname(&name[..2]))
        && !name.last().is_some_and(is_place)
}

/// A text that goes down through at least two steps from province to room.
fn is_chinese_address(value: &str) -> bool {
    let steps = "省市县区镇乡村路街道巷弄号栋幢楼室";
    value.chars().nth(5).is_some() && value.chars().filter(|c| steps.contains(*c)).count() >= 2
}

impl Content {
    fn note(&mut self, value: &str) {
        let count = |slot: &mut f32, is: bool| *slot += f32::from(u8::from(is));
        let (digit_count, letter_count) = (
            value.chars().filter(char::is_ascii_digit).count(),
            value.chars().filter(|c| c.is_alphabetic()).count(),
        );
        // 1990.0 is what spreadsheets make of a whole number.
        let whole = value.strip_suffix(".0").unwrap_or(value);
        let number: Option<u32> = whole.parse().ok();
        count(
            &mut self.number,
            letter_count == 0 && digit_count > 0 && whole.bytes().all(|b| b.is_ascii_digit()),
        );
        count(&mut self.email, value.contains('@'));
        count(&mut self.han, value.chars().any(is_han));
        count(&mut self.mixed, digit_count > 0 && letter_count > 0);
        count(&mut self.words, letter_count > 0 && digit_count == 0);
        count(
            &mut self.year,
            number.is_some_and(|n| (1000..=2100).contains(&n)),
        );
        count(
            &mut self.month,
            dates::month(value).is_some_and(|n| (1..=12).contains(&n)),
        );
        count(&mut self.day, number.is_some_and(|n| (1..=31).contains(&n)));
        count(
            &mut self.age,
            number.is_some_and(|n| n <= 120)
                || (digit_count > 0 && letter_count > 0 && value.len() <= 10),
        );
        count(&mut self.code, digit_count >= 5 && letter_count <= 3);
        count(
            &mut self.vin,
            codes::vin(value).is_some_and(|vin| vin.len() == 17),
        );
        count(&mut self.plate, codes::plate(value).is_some());
        count(
            &mut self.resident_id,
            codes::resident_id(value).is_some() || codes::credit_code(value).is_some(),
        );
        count(
            &mut self.phone,
            letter_count == 0 && (7..=15).contains(&digits(value).len()),
        );
        count(
            &mut self.wordy,
            value
                .split(|c: char| !c.is_alphabetic())
                .any(|word| word.chars().nth(2).is_some()),
        );
        let is_spaced = value.contains([' ', '-', '/', '(']) && value.starts_with(['0', '(']);
        count(
            &mut self.dialled,
            letter_count == 0
                && (7..=15).contains(&digit_count)
                && (value.starts_with('+') || value.starts_with("00") || is_spaced),
        );
        let dated = (digit_count > 0)
            .then(|| dates::parse_in_column(value, DayOrder::DayFirst))
            .flatten();
        count(
            &mut self.dated,
            dated.is_some_and(|date| (1400..=2100).contains(&date.year())),
        );
        let date = (digit_count > 0)
            .then(|| dates::parse(value, DayOrder::DayFirst))
            .flatten();
        count(
            &mut self.date,
            date.is_some_and(|date| (1400..=2100).contains(&date.year()) && date.month() <= 31)
                && fold(value).len() >= 6,
        );
    }

    fn note_chinese(&mut self, value: &str) {
        let count = |slot: &mut f32, is: bool| *slot += f32::from(u8::from(is));
        count(&mut self.mobile, codes::mobile(value).is_some());
        count(&mut self.party, party::is_organisation(value).is_some());
        count(&mut self.plain_party, party::is_plain(value));
        if value.chars().any(is_han) {
            count(&mut self.chinese_person, is_chinese_person(value));
            count(&mut self.chinese_firm, dealer::is_named_organisation(value));
            count(&mut self.chinese_address, is_chinese_address(value));
        }
    }

    fn divide(&mut self, filled: f32) {
        for share in [
            &mut self.date,
            &mut self.dated,
            &mut self.number,
            &mut self.email,
            &mut self.phone,
            &mut self.han,
            &mut self.vin,
            &mut self.plate,
            &mut self.resident_id,
            &mut self.year,
            &mut self.month,
            &mut self.day,
            &mut self.age,
            &mut self.code,
            &mut self.words,
            &mut self.mixed,
            &mut self.wordy,
            &mut self.dialled,
            &mut self.mobile,
            &mut self.chinese_person,
            &mut self.chinese_firm,
            &mut self.chinese_address,
            &mut self.party,
            &mut self.plain_party,
        ] {
            *share /= filled;
        }
    }
}
