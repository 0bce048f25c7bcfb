//! From a typed row to a clean record and its findings.
//!
//! A bad value never loses the row: the field is left out of the clean record, a finding says why, and the raw row is
//! kept elsewhere. Only a row that cannot be filed at all is rejected.

mod complaint;
mod customer;
mod fields;
mod swap;
mod vehicle;
mod visit;

use chrono::NaiveDate;

pub use complaint::{CleanComplaint, ComplaintSeverity, clean_complaint};
pub use customer::{CleanCustomer, clean_customer};
pub use vehicle::{CleanVehicle, EnergyType, clean_vehicle};
pub use visit::{CleanVisit, CleanVisitLine, LineKind, VisitKind, clean_visit};

use crate::{
    dictionary::Field,
    finding::{Finding, Rule, Severity},
};

/// A clean record and what was found on the way.
#[derive(Clone, Debug)]
pub struct Cleaned<T> {
    /// The typed, normalised fields; those that could not be used are absent.
    pub record: T,
    /// What was found, in the order of the fields.
    pub findings: Vec<Finding>,
}

impl<T> Cleaned<T> {
    /// Whether the row must be quarantined.
    pub fn is_rejected(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Reject)
    }
}

/// What cleaning one row needs: the day it is done on, and a place for findings.
struct Notes {
    today: NaiveDate,
    findings: Vec<Finding>,
}

impl Notes {
    const fn new(today: NaiveDate) -> Self {
        Self {
            today,
            findings: Vec::new(),
        }
    }

    fn add(&mut self, field: Field, rule: Rule) {
        self.findings.push(Finding::new(field, rule));
    }

    fn add_number(&mut self, field: Field, rule: Rule, number: usize) {
        self.findings
            .push(Finding::new(field, rule).with_number(number as i64));
    }

    fn add_other(&mut self, field: Field, rule: Rule, other: Field) {
        self.findings
            .push(Finding::new(field, rule).with_other(other));
    }

    fn into_cleaned<T>(self, record: T) -> Cleaned<T> {
        Cleaned {
            record,
            findings: self.findings,
        }
    }
}
