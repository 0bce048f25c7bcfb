//! Customers as the service thinks of them: pure data and rules.

mod columns;
mod contacts;
mod erasure;
mod facts;
mod features;
mod golden;
mod identity;
mod occupation;
mod retention;
mod since;
mod survivorship;
mod view;

pub(crate) use columns::{COLUMNS, Columns};
pub(crate) use contacts::past_contacts;
pub(crate) use erasure::{DAYS_TO_DECIDE, Erasure, ErasureState, GROUNDS, Ruling};
pub(crate) use facts::{Facts, PastContact};
pub(crate) use features::{clear_kind, features};
pub(crate) use golden::{Channel, ContactPoint, Golden, Lineage, Said, compose};
pub(crate) use identity::{LEAD, Match, Matcher, finite, tenths, told_now};
pub(crate) use occupation::occupation_group;
pub(crate) use retention::{CHECKED, Duty, RETENTION, Running};
pub(crate) use since::{Since, Version, car_said_at, noted, noted_at};
pub(crate) use survivorship::{DealerTrust, GoldenField, Rule, Trust};
pub use survivorship::{InvalidSurvivorship, Survivorship};
pub(crate) use view::mask;

use marque_core::{
    CustomerId, CustomerNumber, CustomerSerial, DealerCode, SourceRecordId, Timestamp,
};

/// Person or organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Person,
    Organization,
}

impl Kind {
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Person => 1,
            Self::Organization => 2,
        }
    }

    pub(crate) const fn of_number(number: i64) -> Self {
        if number == 2 {
            Self::Organization
        } else {
            Self::Person
        }
    }
}

/// A customer's identity: everything of him that is not computed from his records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Customer {
    pub(crate) serial: CustomerSerial,
    pub(crate) id: CustomerId,
    pub(crate) kind: Kind,
    /// The customer this one was merged into.
    pub(crate) merged_into: Option<CustomerSerial>,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What one dealer's system said about one customer.
#[derive(Debug, Clone)]
pub(crate) struct SourceRecord {
    pub(crate) seq: i64,
    pub(crate) id: SourceRecordId,
    pub(crate) customer: CustomerSerial,
    pub(crate) dealer: DealerCode,
    pub(crate) source: String,
    pub(crate) key: String,
    pub(crate) columns: Columns,
    pub(crate) past_contacts: Vec<PastContact>,
    /// Fields that say what they say since another moment than `recorded_at`.
    pub(crate) since: Vec<Since>,
    pub(crate) recorded_at: Timestamp,
    pub(crate) received_at: Timestamp,
    pub(crate) version: i64,
    /// What calls and letters found out about it.
    pub(crate) checks: Vec<ColumnCheck>,
}

/// What was found out about a column of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnCheck {
    /// Empty for the record as a whole.
    pub(crate) column: String,
    /// Nothing if it says something else since then: what was found out before is of what it said before.
    pub(crate) is_right: Option<bool>,
    pub(crate) at: Timestamp,
}

/// A consent for a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Consent {
    pub(crate) purpose: String,
    pub(crate) given: bool,
    pub(crate) notice_version: String,
    pub(crate) channel: String,
    pub(crate) changed_at: Timestamp,
}

/// Purposes a customer can consent to.
pub(crate) const PURPOSES: [&str; 4] = ["marketing", "care", "scoring", "sharing"];

/// Everything that is known of a customer, for a caller who may see him.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) customer: Customer,
    /// What people are told in place of his serial.
    pub(crate) number: CustomerNumber,
    /// All his records: what is computed of him is computed of all.
    pub(crate) records: Vec<SourceRecord>,
    /// Dealers of whose records the caller may know, in order.
    pub(crate) dealers: Vec<String>,
    pub(crate) golden: Golden,
    /// Grows with each word of data quality about one of his dealers; another by other rules or another configured trust.
    pub(crate) trust_edition: i64,
    pub(crate) consents: Vec<Consent>,
    pub(crate) referrer: Option<CustomerId>,
}

impl File {
    /// The records of which the caller may know.
    pub(crate) fn known_records(&self) -> impl Iterator<Item = &SourceRecord> {
        let is_known = move |record: &&SourceRecord| self.is_known(record);
        self.records.iter().filter(is_known)
    }

    /// Whether the caller may know of a record.
    pub(crate) fn is_known(&self, record: &SourceRecord) -> bool {
        self.dealers.iter().any(|own| own == record.dealer.as_str())
    }
}
