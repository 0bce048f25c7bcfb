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

pub use complaint::{
    CleanComplaint, ComplaintSeverity, ComplaintState, clean_complaint, clean_complaint_by,
};
pub use customer::{CleanCustomer, clean_customer, clean_customer_by};
pub use vehicle::{CleanVehicle, EnergyType, clean_vehicle, clean_vehicle_by};
pub use visit::{CleanVisit, CleanVisitLine, LineKind, VisitKind, clean_visit, clean_visit_by};

use crate::{
    dictionary::Field,
    finding::{Finding, Rule, Severity},
    standard::{Measured, Measures, Standard},
};

/// A clean record and what was found on the way.
#[derive(Clone, Debug)]
pub struct Cleaned<T> {
    /// The typed, normalised fields; those that could not be used are absent.
    pub record: T,
    /// What was found, in the order of the fields.
    pub findings: Vec<Finding>,
    /// What was measured, also of what was left out: by it another standard's ranges can be tried.
    pub measures: Measures,
}

impl<T> Cleaned<T> {
    /// Whether the row must be quarantined.
    pub fn is_rejected(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Reject)
    }
}

/// What cleaning one row needs: the day it is done on, the standard whose ranges hold, and places for what is found.
struct Notes<'s> {
    today: NaiveDate,
    standard: &'s Standard,
    findings: Vec<Finding>,
    measures: Measures,
}

impl<'s> Notes<'s> {
    fn new(today: NaiveDate, standard: &'s Standard) -> Self {
        Self {
            today,
            standard,
            findings: Vec::new(),
            measures: Measures::default(),
        }
    }

    /// Measures a value; `false` if it lies so far out of its range that it must be left out.
    fn measure(&mut self, measured: Measured) -> bool {
        self.measures.add(measured);
        let Some(finding) = self.standard.judge(measured, self.today) else {
            return true;
        };
        self.findings.push(finding);
        finding.severity < Severity::Error
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
            measures: self.measures,
        }
    }
}
