//! Complaints.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{Cleaned, Notes};
use crate::{
    date::TypedDate,
    dictionary::{ComplaintRow, Field, RecordKind},
    finding::Rule,
    standard::{Standard, release},
    vin::Vin,
};

/// How serious a complaint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComplaintSeverity {
    /// 低.
    Low,
    /// 中.
    Medium,
    /// 高.
    High,
    /// 紧急.
    Critical,
}

const SEVERITIES: &[(ComplaintSeverity, &[&str])] = &[
    (
        ComplaintSeverity::Low,
        &["low", "低", "一般", "轻微", "普通", "轻", "minor"],
    ),
    (
        ComplaintSeverity::Medium,
        &["medium", "中", "中等", "较重", "中级", "normal"],
    ),
    (
        ComplaintSeverity::High,
        &["high", "高", "严重", "重大", "重", "major"],
    ),
    (
        ComplaintSeverity::Critical,
        &[
            "critical",
            "紧急",
            "特急",
            "特别重大",
            "危急",
            "非常严重",
            "urgent",
        ],
    ),
];

impl ComplaintSeverity {
    /// Stable code for storage and the wire.
    pub fn code(self) -> &'static str {
        SEVERITIES
            .iter()
            .find(|(severity, _)| *severity == self)
            .map_or("", |(_, words)| words[0])
    }
}

/// A complaint row, typed and normalised. Fields mean what the dictionary says.
#[derive(Clone, Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of the dictionary, which says what each means"
)]
pub struct CleanComplaint<'a> {
    pub complaint_key: Option<Cow<'a, str>>,
    pub customer_key: Option<Cow<'a, str>>,
    pub vin: Option<Vin>,
    /// What the VIN probably is where I, O or Q was typed: to be confirmed, never taken silently.
    pub vin_suggestion: Option<Vin>,
    pub opened_at: Option<TypedDate>,
    pub channel: Option<Cow<'a, str>>,
    pub category: Option<Cow<'a, str>>,
    pub severity: Option<ComplaintSeverity>,
    pub text: Option<Cow<'a, str>>,
    pub department: Option<Cow<'a, str>>,
}

/// Cleans one complaint row. `today` is the business day of the check, which names the release's standard whose ranges hold.
pub fn clean_complaint<'a>(
    row: &ComplaintRow<'a>,
    today: NaiveDate,
) -> Cleaned<CleanComplaint<'a>> {
    clean_complaint_by(release(RecordKind::Complaints, today), row, today)
}

/// Cleans one complaint row by the ranges of a standard.
pub fn clean_complaint_by<'a>(
    standard: &Standard,
    row: &ComplaintRow<'a>,
    today: NaiveDate,
) -> Cleaned<CleanComplaint<'a>> {
    let mut notes = Notes::new(today, standard);
    let (vin, vin_suggestion) = notes.vin(Field::ComplaintVin, row.vin);
    let complaint = CleanComplaint {
        complaint_key: notes.own_key(Field::ComplaintComplaintKey, row.complaint_key),
        customer_key: notes.key(Field::ComplaintCustomerKey, row.customer_key),
        vin,
        vin_suggestion,
        opened_at: notes.date_in_range(Field::ComplaintOpenedAt, row.opened_at),
        channel: notes.text(Field::ComplaintChannel, row.channel),
        category: notes.text(Field::ComplaintCategory, row.category),
        severity: notes.choice_or(
            Field::ComplaintSeverity,
            row.severity,
            SEVERITIES,
            Rule::SeverityUnknown,
        ),
        text: notes.words(Field::ComplaintText, row.text),
        department: notes.text(Field::ComplaintDepartment, row.department),
    };
    if complaint.text.is_none() {
        notes.add(Field::ComplaintText, Rule::WordsMissing);
    }
    notes.into_cleaned(complaint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dictionary::Lang, finding::Severity};

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
    }

    #[test]
    fn a_complaint_is_typed() {
        let row = ComplaintRow {
            complaint_key: Some("T1"),
            severity: Some("严重"),
            text: Some("仪表报警"),
            opened_at: Some("2026/3/5"),
            ..ComplaintRow::default()
        };
        let cleaned = clean_complaint(&row, today());
        assert!(cleaned.findings.is_empty());
        assert_eq!(cleaned.record.severity, Some(ComplaintSeverity::High));
    }

    #[test]
    fn a_complaint_without_number_or_text_is_rejected() {
        let whole = ComplaintRow {
            complaint_key: Some("T1"),
            text: Some("x"),
            ..ComplaintRow::default()
        };
        assert!(!clean_complaint(&whole, today()).is_rejected());
        for row in [
            ComplaintRow {
                complaint_key: None,
                ..whole
            },
            ComplaintRow {
                text: Some(" "),
                ..whole
            },
        ] {
            assert!(clean_complaint(&row, today()).is_rejected());
        }
    }

    #[test]
    fn what_the_customer_said_is_kept_whole_however_long() {
        let said = "响".repeat(20_001);
        let row = ComplaintRow {
            complaint_key: Some("T1"),
            text: Some(&said),
            ..ComplaintRow::default()
        };
        let cleaned = clean_complaint(&row, today());
        assert_eq!(cleaned.record.text.as_deref(), Some(said.as_str()));
        let [long] = &cleaned.findings[..] else {
            panic!("one remark: {:?}", cleaned.findings);
        };
        assert_eq!(
            (long.rule, long.severity),
            (Rule::WordsLong, Severity::Warning)
        );
        assert_eq!(
            long.text(Lang::En),
            "text is longer than 20000 characters; it is kept whole"
        );
    }
}
