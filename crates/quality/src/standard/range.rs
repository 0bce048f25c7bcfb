//! Ranges: between which bounds what is measured of a field must lie. They are data of the standard, read once; judging a
//! value compares whole numbers.

mod read;

use std::fmt;

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
pub(super) use read::{RangeEntry, complete, read};
use serde::Serialize;

use crate::{
    dictionary::{Field, Lang},
    finding::{Finding, Rule},
};

/// What is measured of a field, always as a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The day itself, counted from the first of our era.
    Day,
    /// A calendar year.
    Year,
    /// Whole years of age.
    Age,
    /// Kilometres.
    Km,
    /// An amount of money: bounds are yuan, values fen.
    Yuan,
    /// How many: bounds are pieces or hours, values thousandths.
    Count,
    /// Kilometres a day since the visit before, or until the one after.
    KmADay,
    /// Days after the first visit of the car with kilometres on its meter.
    DaysAfterFirstVisit,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 8] = [
        Self::Day,
        Self::Year,
        Self::Age,
        Self::Km,
        Self::Yuan,
        Self::Count,
        Self::KmADay,
        Self::DaysAfterFirstVisit,
    ];

    /// The word in files and on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Year => "year",
            Self::Age => "age",
            Self::Km => "km",
            Self::Yuan => "yuan",
            Self::Count => "count",
            Self::KmADay => "km_a_day",
            Self::DaysAfterFirstVisit => "days_after_first_visit",
        }
    }

    /// The measure of a word.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.code() == code)
    }

    /// How many of the unit of values one of the unit of bounds is.
    const fn scale(self) -> i64 {
        match self {
            Self::Yuan => 100,
            Self::Count => 1000,
            _ => 1,
        }
    }
}

/// One thing measured of a record. `Debug` shows no value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Of which field.
    pub field: Field,
    /// What was measured.
    pub measure: Measure,
    /// The number, in the unit of the measure's values.
    pub value: i64,
}

impl Measured {
    /// A day of a field.
    pub fn day(field: Field, day: NaiveDate) -> Self {
        Self {
            field,
            measure: Measure::Day,
            value: i64::from(day.num_days_from_ce()),
        }
    }
}

impl fmt::Debug for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Measured")
            .field("field", &self.field)
            .field("measure", &self.measure)
            .finish_non_exhaustive()
    }
}

/// Most that is measured of one row.
const MOST: usize = 6;

/// What was measured of a row, without allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures([Option<Measured>; MOST]);

impl Measures {
    /// Adds one; a row has no more than fit.
    pub(crate) fn add(&mut self, measured: Measured) {
        if let Some(place) = self.0.iter_mut().find(|place| place.is_none()) {
            *place = Some(measured);
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = Measured> {
        self.0.into_iter().flatten()
    }
}

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// A number, in the unit of the measure's values.
    Fixed(i64),
    /// So long after the day of the check; before it, where negative.
    Today {
        /// Months, of which twelve are a year.
        months: i32,
        /// Days.
        days: i32,
    },
}

impl Bound {
    /// The bound on a day.
    pub(super) fn on(self, measure: Measure, today: NaiveDate) -> i64 {
        let (months, days) = match self {
            Self::Fixed(value) => return value,
            Self::Today { months, days } => (months, days),
        };
        let day = shifted(today, months, days);
        i64::from(if measure == Measure::Year {
            day.year()
        } else {
            day.num_days_from_ce()
        })
    }

    /// The bound in words that hold on every day.
    fn words(self, range: &Range, is_min: bool, (lang, write): (Lang, Write)) -> String {
        let (months, days) = match self {
            Self::Fixed(value) => return write(shown(range.measure, value, is_min), lang),
            Self::Today { months, days } => (months, days),
        };
        let (today, [year, month, day]) = match lang {
            Lang::Zh => ("今天", ["年", "个月", "天"]),
            Lang::En => ("today", ["y", "m", "d"]),
        };
        match (months, days) {
            (0, 0) => today.to_owned(),
            (0, days) => format!("{today}{days:+}{day}"),
            (months, _) if months % 12 == 0 => format!("{today}{:+}{year}", months / 12),
            (months, _) => format!("{today}{months:+}{month}"),
        }
    }
}

/// How a number is written in a text.
pub(crate) type Write = fn(i64, Lang) -> String;

/// A day so many months and days later.
fn shifted(day: NaiveDate, months: i32, days: i32) -> NaiveDate {
    let count = Months::new(months.unsigned_abs());
    let moved = if months < 0 {
        day.checked_sub_months(count)
    } else {
        day.checked_add_months(count)
    };
    let moved = moved.and_then(|day| day.checked_add_signed(TimeDelta::days(i64::from(days))));
    // Bounds lie less than a thousand years away, and the calendar has a quarter of a million.
    moved.unwrap_or(day)
}

/// Between which bounds what is measured of a field must lie; the bounds themselves are allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The field.
    pub field: Field,
    /// What is measured of it.
    pub measure: Measure,
    /// The least that is allowed.
    pub min: Option<Bound>,
    /// The most that is allowed.
    pub max: Option<Bound>,
    /// The rule that is broken by less.
    pub below: Rule,
    /// The rule that is broken by more.
    pub above: Rule,
}

impl Range {
    /// What is wrong with a value on a day, if it lies outside.
    pub fn judge(&self, value: i64, today: NaiveDate) -> Option<Finding> {
        if let Some(min) = self.min.map(|min| min.on(self.measure, today))
            && value < min
        {
            return Some(self.finding(self.below, shown(self.measure, min, true)));
        }
        if let Some(max) = self.max.map(|max| max.on(self.measure, today))
            && value > max
        {
            return Some(self.finding(self.above, shown(self.measure, max, false)));
        }
        None
    }

    /// Whether it is the range of these.
    pub(super) fn is_of(&self, field: Field, measure: Measure) -> bool {
        self.field == field && self.measure == measure
    }

    /// Whether a finding was made by it. A cell that is no number was never measured.
    pub(super) fn has_made(&self, finding: &Finding) -> bool {
        finding.field == self.field
            && [self.below, self.above].contains(&finding.rule)
            && finding.rule != Rule::NumberForm
    }

    fn finding(&self, rule: Rule, bound: i64) -> Finding {
        let finding = Finding::new(self.field, rule);
        if tells_bound(rule) {
            finding.with_number(bound)
        } else {
            finding
        }
    }

    /// The bounds that a rule speaks of, in words.
    pub(super) fn words(&self, rule: Rule, how: (Lang, Write)) -> Option<String> {
        let min = self.min.filter(|_| self.below == rule);
        let max = self.max.filter(|_| self.above == rule);
        let ends = [
            min.map(|bound| bound.words(self, true, how)),
            max.map(|bound| bound.words(self, false, how)),
        ];
        let ends: Vec<String> = ends.into_iter().flatten().collect();
        (!ends.is_empty()).then(|| ends.join("–"))
    }
}

/// Whether the text of a rule says the bound; that of the others needs none.
const fn tells_bound(rule: Rule) -> bool {
    !matches!(
        rule,
        Rule::DateInFuture | Rule::AmountNegative | Rule::NumberForm | Rule::SaleAfterVisit
    )
}

/// A bound as findings carry it: in the unit people write; a day as YYYYMMDD, or as its year where the year begins with it.
fn shown(measure: Measure, bound: i64, is_min: bool) -> i64 {
    if measure != Measure::Day {
        return bound / measure.scale();
    }
    let day = i32::try_from(bound).ok();
    match day.and_then(NaiveDate::from_num_days_from_ce_opt) {
        Some(day) if is_min && day.ordinal() == 1 => i64::from(day.year()),
        Some(day) => i64::from(day.year() * 10_000) + i64::from(day.month() * 100 + day.day()),
        None => bound,
    }
}

/// A day that [`Finding`]s carry, in words.
pub(crate) fn day_words(day: i64, lang: Lang) -> String {
    if day >= 10_000 {
        return format!(
            "{:04}-{:02}-{:02}",
            day / 10_000,
            day / 100 % 100,
            day % 100
        );
    }
    match lang {
        Lang::Zh => format!("{day}年"),
        Lang::En => day.to_string(),
    }
}

#[cfg(test)]
mod tests;
