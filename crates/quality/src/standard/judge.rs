//! Judging by ranges: those of a standard and, where it sets none, those of the release.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{Measure, Measured, Range, Standard, Write, built_in, effective_on};
use crate::{
    dictionary::{Field, Lang, RecordKind},
    finding::{Finding, Rule},
};

/// The release's standard in force on a day; before the first day of all, its first.
pub fn release(kind: RecordKind, day: NaiveDate) -> &'static Standard {
    let first = || built_in().iter().find(|standard| standard.kind == kind);
    effective_on(built_in(), kind, day)
        .or_else(first)
        .expect("a standard of each kind comes with the crate")
}

/// The most that the release's standard of a day allows; `None` where it sets no limit.
pub fn greatest(field: Field, measure: Measure, day: NaiveDate) -> Option<i64> {
    let range = release(field.entry().kind, day).range(field, measure)?;
    Some(range.max?.on(measure, day))
}

/// The bounds of the release that a rule speaks of, in words: for findings that do not tell theirs.
pub(crate) fn release_bounds(field: Field, rule: Rule, how: (Lang, Write)) -> Option<String> {
    let kind = field.entry().kind;
    let newest = built_in().iter().rfind(|standard| standard.kind == kind)?;
    let of_field = newest.ranges.iter().filter(|range| range.field == field);
    let mut words = of_field.filter_map(|range| range.words(rule, how));
    words.next()
}

impl Standard {
    /// The range of what is measured of a field, if the standard sets one.
    pub fn range(&self, field: Field, measure: Measure) -> Option<&Range> {
        self.ranges.iter().find(|range| range.is_of(field, measure))
    }

    /// What is wrong with what was measured, by the standard or, where it sets no range, by the release.
    pub fn judge(&self, measured: Measured, today: NaiveDate) -> Option<Finding> {
        let Measured {
            field,
            measure,
            value,
        } = measured;
        let own = self.range(field, measure);
        let range = own.or_else(|| release(self.kind, today).range(field, measure));
        range?.judge(value, today)
    }

    /// What is wrong with a record by this standard. Its owner judged it by the release: where the ranges are others here, what was
    /// measured is judged anew; where nothing was, his word stands.
    pub fn findings<'f>(
        &self,
        found: &'f [Finding],
        measured: &[Measured],
        today: NaiveDate,
    ) -> Cow<'f, [Finding]> {
        let release = release(self.kind, today);
        let mut findings = Cow::Borrowed(found);
        for range in &self.ranges {
            let known = release.range(range.field, range.measure);
            let is_measured = |one: &&Measured| range.is_of(one.field, one.measure);
            if known == Some(range) || !measured.iter().any(|one| is_measured(&one)) {
                continue;
            }
            let findings = findings.to_mut();
            findings.retain(|finding| known.is_none_or(|known| !known.has_made(finding)));
            let values = measured.iter().filter(is_measured);
            for outside in values.filter_map(|one| range.judge(one.value, today)) {
                // Of several lines the least and the most may pass one bound.
                if !findings.contains(&outside) {
                    findings.push(outside);
                }
            }
        }
        findings
    }
}
