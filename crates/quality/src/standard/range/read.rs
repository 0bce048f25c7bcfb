//! Reading a range: what can be measured of which field, and what may stand as a bound of it.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use super::{Bound, Measure, Range, Write, day_words};
use crate::{
    dictionary::{Field, Lang, RecordKind},
    finding::Rule,
};

/// A range as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::standard) struct RangeEntry {
    pub(in crate::standard) field: String,
    measure: Option<String>,
    min: Option<toml::Value>,
    max: Option<toml::Value>,
    rule: Option<String>,
}

/// What can be measured of a field, and the rules that are broken below and above.
struct Kind {
    field: Field,
    measure: Measure,
    /// `None` if less is never wrong.
    below: Option<Rule>,
    above: Rule,
}

const fn days(field: Field) -> Kind {
    Kind {
        field,
        measure: Measure::Day,
        below: Some(Rule::DateTooEarly),
        above: Rule::DateTooLate,
    }
}

const fn numbers(field: Field, measure: Measure) -> Kind {
    Kind {
        field,
        measure,
        below: Some(Rule::NumberOutOfRange),
        above: Rule::NumberOutOfRange,
    }
}

const fn ages(field: Field, rule: Rule) -> Kind {
    Kind {
        field,
        measure: Measure::Age,
        below: Some(rule),
        above: rule,
    }
}

/// Every range a standard may set. The first of a field is meant where the file names no measure.
static KINDS: [Kind; 19] = [
    ages(Field::CustomerIdNumber, Rule::IdAgeImplausible),
    // The day of a birth stays with the owner of the record; the year and the age are measured.
    Kind {
        measure: Measure::Year,
        ..days(Field::CustomerBirthday)
    },
    ages(Field::CustomerBirthday, Rule::BirthdayAgeImplausible),
    days(Field::CustomerRecordedAt),
    numbers(Field::VehicleModelYear, Measure::Year),
    days(Field::VehicleSaleDate),
    Kind {
        field: Field::VehicleSaleDate,
        measure: Measure::DaysAfterFirstVisit,
        below: None,
        above: Rule::SaleLongAfterVisit,
    },
    days(Field::VehicleInsuranceExpiry),
    days(Field::VehicleInspectionDue),
    days(Field::VehicleWarrantyEnd),
    days(Field::VisitOpenedAt),
    days(Field::VisitClosedAt),
    numbers(Field::VisitOdometerKm, Measure::Km),
    Kind {
        field: Field::VisitOdometerKm,
        measure: Measure::KmADay,
        below: None,
        above: Rule::OdometerTooFast,
    },
    numbers(Field::VisitAmount, Measure::Yuan),
    numbers(Field::VisitQuantity, Measure::Count),
    numbers(Field::VisitUnitPrice, Measure::Yuan),
    days(Field::ComplaintOpenedAt),
    days(Field::ComplaintClosedAt),
];

/// Reads a range; what is wrong with it and what is allowed, in words. `on` is the first day of the standard.
pub(in crate::standard) fn read(
    kind: RecordKind,
    entry: &RangeEntry,
    on: NaiveDate,
) -> Result<Range, String> {
    let known = find(kind, entry)?;
    let measure = known.measure;
    let min = entry.min.as_ref().map(|value| bound(measure, value));
    let max = entry.max.as_ref().map(|value| bound(measure, value));
    let (min, max) = (min.transpose()?, max.transpose()?);
    if min.is_none() && max.is_none() {
        return Err("give min, max or both".to_owned());
    }
    if min.is_some() && known.below.is_none() {
        return Err(format!("{} has a max alone, no min", measure.code()));
    }
    if let (Some(least), Some(most)) = (min, max)
        && least.on(measure, on) > most.on(measure, on)
    {
        let (least, most) = (written(entry.min.as_ref()), written(entry.max.as_ref()));
        return Err(format!("min {least} lies above max {most}"));
    }
    let (below, above) = match &entry.rule {
        Some(id) => (named(measure, id)?, named(measure, id)?),
        None => (rule_below(known, min), rule_above(known, max)),
    };
    Ok(Range {
        field: known.field,
        measure,
        min,
        max,
        below,
        above,
    })
}

/// Takes the end that a range does not set from the release's, with the rule that is broken there.
pub(in crate::standard) fn complete(
    range: &mut Range,
    known: &Range,
    on: NaiveDate,
) -> Result<(), String> {
    let taken = match (range.min, range.max) {
        (None, Some(_)) => known.min,
        (Some(_), None) => known.max,
        _ => None,
    };
    let Some(taken) = taken else {
        return Ok(());
    };
    let takes_min = range.min.is_none();
    if takes_min {
        (range.min, range.below) = (Some(taken), known.below);
    } else {
        (range.max, range.above) = (Some(taken), known.above);
    }
    let (Some(least), Some(most)) = (range.min, range.max) else {
        return Ok(());
    };
    if least.on(range.measure, on) <= most.on(range.measure, on) {
        return Ok(());
    }
    let (least, most) = (told(range, least), told(range, most));
    Err(if takes_min {
        format!("the release's min {least} lies above max {most}: set min too")
    } else {
        format!("min {least} lies above the release's max {most}: set max too")
    })
}

/// A bound as files write it, without quotes.
fn told(range: &Range, bound: Bound) -> String {
    let write: Write = if range.measure == Measure::Day {
        day_words
    } else {
        digits
    };
    bound.words(range, false, (Lang::En, write))
}

fn digits(number: i64, _: Lang) -> String {
    number.to_string()
}

fn find(kind: RecordKind, entry: &RangeEntry) -> Result<&'static Kind, String> {
    let of_kind = || {
        let all = KINDS.iter();
        all.filter(move |known| known.field.entry().kind == kind)
    };
    let of_field: Vec<&'static Kind> = of_kind()
        .filter(|known| known.field.column() == entry.field)
        .collect();
    let Some(first) = of_field.first().copied() else {
        let mut known: Vec<&str> = of_kind().map(|known| known.field.column()).collect();
        known.dedup();
        return Err(format!(
            "nothing is measured of such a field of {}: use {}",
            kind.code(),
            known.join(", ")
        ));
    };
    let Some(wanted) = &entry.measure else {
        return Ok(first);
    };
    let found = of_field
        .iter()
        .find(|known| known.measure.code() == wanted.as_str());
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = of_field.iter().map(|known| known.measure.code()).collect();
        format!("measure {wanted:?} is none of it: use {}", known.join(", "))
    })
}

fn bound(measure: Measure, value: &toml::Value) -> Result<Bound, String> {
    let read = match (measure, value) {
        (Measure::Day, toml::Value::Datetime(day)) => fixed_day(&day.to_string()),
        (Measure::Day, toml::Value::String(text)) => fixed_day(text).or_else(|| relative(text)),
        (Measure::Day, _) => None,
        (Measure::Year, toml::Value::String(text)) => relative(text).filter(is_whole_years),
        (Measure::Year, toml::Value::Integer(year)) => {
            YEARS.contains(year).then_some(Bound::Fixed(*year))
        }
        (_, toml::Value::Integer(number)) => number.checked_mul(measure.scale()).map(Bound::Fixed),
        _ => None,
    };
    read.ok_or_else(|| {
        format!(
            "{} is no bound of {}: write {}",
            written(Some(value)),
            measure.code(),
            allowed(measure)
        )
    })
}

/// What may stand as a bound.
const fn allowed(measure: Measure) -> &'static str {
    match measure {
        Measure::Day => {
            "a day such as \"1980-01-01\", or \"today\", also so many years, months or days from it: \"today+1y\", \"today-18m\", \"today+30d\""
        }
        Measure::Year => {
            "a year such as 1980, of four digits, or \"today\", also so many years from it: \"today+1y\""
        }
        Measure::Age => "whole years of age, such as 16",
        Measure::Km | Measure::KmADay => "whole kilometres, such as 2000",
        Measure::Yuan => "whole yuan, such as 50000",
        Measure::Count => "a whole number, such as 100",
        Measure::DaysAfterFirstVisit => "whole days, such as 0",
    }
}

/// Years that are meant as such: one of two digits is a slip.
const YEARS: RangeInclusive<i64> = 1000..=9999;

/// `YYYY-MM-DD` and nothing shorter or longer, which chrono would read too.
fn fixed_day(text: &str) -> Option<Bound> {
    let is_written_out = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.len() != 10 || !is_written_out {
        return None;
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    let is_meant = YEARS.contains(&i64::from(day.year()));
    is_meant.then(|| Bound::Fixed(i64::from(day.num_days_from_ce())))
}

/// `today`, `today+1y`, `today-18m`, `today+30d`; less than a thousand years away.
fn relative(text: &str) -> Option<Bound> {
    let rest = text.strip_prefix("today")?;
    if rest.is_empty() {
        return Some(Bound::Today { months: 0, days: 0 });
    }
    let (sign, rest) = match rest.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, rest.strip_prefix('-')?),
    };
    let digits = rest.strip_suffix(['y', 'm', 'd'])?;
    if !(1..=4).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count = sign * digits.parse::<i32>().ok()?;
    let (months, days) = match rest.as_bytes().last() {
        Some(b'y') if digits.len() > 3 => return None,
        Some(b'y') => (12 * count, 0),
        Some(b'm') => (count, 0),
        _ => (0, count),
    };
    Some(Bound::Today { months, days })
}

const fn is_whole_years(bound: &Bound) -> bool {
    match bound {
        Bound::Fixed(_) => false,
        Bound::Today { months, days } => *months % 12 == 0 && *days == 0,
    }
}

fn written(value: Option<&toml::Value>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

/// The rule a file names: what is read as a number may be said to be none.
fn named(measure: Measure, id: &str) -> Result<Rule, String> {
    let choices: &[Rule] = match measure {
        Measure::Km | Measure::Count => &[Rule::NumberOutOfRange, Rule::NumberForm],
        _ => &[],
    };
    let mut known = choices.iter();
    let found = known.find(|rule| rule.entry().id == id).copied();
    found.ok_or_else(|| {
        let known: Vec<&str> = choices.iter().map(|rule| rule.entry().id).collect();
        if known.is_empty() {
            format!(
                "{} always breaks the same rule: leave rule out",
                measure.code()
            )
        } else {
            format!("rule {id:?} is not for it: use {}", known.join(", "))
        }
    })
}

/// Where the bound is the usual one, the rule says so without a number.
fn rule_below(known: &Kind, min: Option<Bound>) -> Rule {
    let may_be_taken_back = matches!(known.measure, Measure::Yuan | Measure::Count);
    if may_be_taken_back && min == Some(Bound::Fixed(0)) {
        return Rule::AmountNegative;
    }
    known.below.unwrap_or(known.above)
}

fn rule_above(known: &Kind, max: Option<Bound>) -> Rule {
    match (known.measure, max) {
        (Measure::Day, Some(Bound::Today { months: 0, days: 0 })) => Rule::DateInFuture,
        (Measure::DaysAfterFirstVisit, Some(Bound::Fixed(0))) => Rule::SaleAfterVisit,
        _ => known.above,
    }
}
