//! Rows of every kind: each field typed as it pleases, the row is cleaned and every finding can be told.

#![no_main]

use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;
use marque_quality::{
    ComplaintRow, CustomerRow, Field, Finding, Lang, RecordKind, VehicleRow, VisitRow,
    clean_complaint, clean_customer, clean_vehicle, clean_visit,
};

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");

fn told(findings: &[Finding]) {
    for finding in findings {
        assert!(!finding.text(Lang::Zh).is_empty() && !finding.how_to_fix(Lang::En).is_empty());
    }
}

fuzz_target!(|input: (u8, Vec<Option<&str>>)| {
    let (kind, values) = input;
    let kind = RecordKind::ALL[usize::from(kind) % RecordKind::ALL.len()];
    let typed = || Field::of(kind).zip(values.iter().copied());
    let (mut customer, mut vehicle) = (CustomerRow::default(), VehicleRow::default());
    let (mut visit, mut complaint) = (VisitRow::default(), ComplaintRow::default());
    match kind {
        RecordKind::Customers => {
            typed().for_each(|(field, value)| customer.set(field, value));
            told(&clean_customer(&customer, TODAY).findings);
        }
        RecordKind::Vehicles => {
            typed().for_each(|(field, value)| vehicle.set(field, value));
            told(&clean_vehicle(&vehicle, TODAY).findings);
        }
        RecordKind::Visits => {
            typed().for_each(|(field, value)| visit.set(field, value));
            told(&clean_visit(&visit, TODAY).findings);
        }
        RecordKind::Complaints => {
            typed().for_each(|(field, value)| complaint.set(field, value));
            told(&clean_complaint(&complaint, TODAY).findings);
        }
    }
});
