//! What the owner of a record tells of it.

use std::borrow::Cow;

use chrono::NaiveDate;
use marque_core::Timestamp;
use marque_quality::{
    Field, Finding, RecordKind, Rule, Severity,
    party::PartyKind,
    standard::{Measured, Standard},
};
use uuid::Uuid;

/// A record as its owner last described it: coded facts, nothing that tells who it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evidence {
    pub(crate) id: Uuid,
    pub(crate) kind: RecordKind,
    pub(crate) dealer: String,
    /// Staff number as typed; empty if unknown.
    pub(crate) clerk: String,
    pub(crate) version: i64,
    pub(crate) entered_at: Timestamp,
    /// Day of what it records.
    pub(crate) event_date: Option<NaiveDate>,
    pub(crate) party: Party,
    pub(crate) is_repeated: Option<bool>,
    /// Columns that hold something.
    pub(crate) filled: Vec<Field>,
    pub(crate) findings: Vec<Finding>,
    /// Keyed facts by which invention is told; empty for kinds that are not compared.
    pub(crate) entry: Vec<u8>,
    /// What was measured, by which ranges other than the release's are judged.
    pub(crate) measures: Vec<Measured>,
    /// Keyed hashes of what stands where something is or may be found; none if its owner has told none yet.
    pub(crate) values: Vec<(Field, i64)>,
    /// The record of the same dealer that it repeats.
    pub(crate) repeats: Option<Uuid>,
}

impl Evidence {
    /// The hash of what breaks a rule in a column, if its owner has told one: where it contradicts what stands in another one (`other`, empty
    /// if in none), of both. What was entered twice is another matter with another record.
    pub(crate) fn value(&self, column: &str, rule: &str, other: &str) -> Option<i64> {
        if rule == Rule::EnteredTwice.entry().id {
            let (_, low) = self.repeats?.as_u64_pair();
            return Some(low.cast_signed());
        }
        let own = self.told(column)?;
        let other = self.told(other);
        Some(other.map_or(own, |other| own.rotate_left(32) ^ other))
    }

    fn told(&self, column: &str) -> Option<i64> {
        let mut values = self.values.iter();
        let value = values.find(|(field, _)| field.column() == column);
        value.map(|(_, hash)| *hash)
    }

    /// What is wrong with the record by a standard; `today` is the day on which its owner described it.
    pub(crate) fn flaws(&self, standard: &Standard, today: NaiveDate) -> Cow<'_, [Finding]> {
        standard.findings(&self.findings, &self.measures, today)
    }
}

/// Whom a record is about, if about anybody.
pub(crate) type Party = Option<PartyKind>;

/// The kind of a word.
pub(crate) fn kind_of(code: &str) -> Option<RecordKind> {
    RecordKind::ALL.into_iter().find(|kind| kind.code() == code)
}

/// A severity as it is stored: from 1, information, to 4, rejected.
pub(crate) const fn severity_code(severity: Severity) -> i64 {
    match severity {
        Severity::Info => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
        Severity::Reject => 4,
    }
}

/// The severity of a code.
pub(crate) const fn severity_of(code: i64) -> Severity {
    match code {
        2 => Severity::Warning,
        3 => Severity::Error,
        4 => Severity::Reject,
        _ => Severity::Info,
    }
}
