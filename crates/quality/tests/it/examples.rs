//! What the dictionary shows clerks as wrong, a rule finds.

use chrono::NaiveDate;
use marque_quality::{
    ComplaintRow, CustomerRow, Field, Finding, RecordKind, VehicleRow, VisitRow, clean_complaint,
    clean_customer, clean_vehicle, clean_visit,
};

/// What is found in a row that is right but for one cell.
fn findings(field: Field, cell: &'static str) -> Vec<Finding> {
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day");
    match field.entry().kind {
        RecordKind::Customers => {
            let is_of_organisation =
                [Field::CustomerCreditCode, Field::CustomerContactName].contains(&field);
            let (kind, name) = if is_of_organisation {
                ("organization", "北京样例商贸有限公司")
            } else {
                ("person", "孟晓兰")
            };
            let mut row = CustomerRow {
                source_key: Some("C1"),
                kind: Some(kind),
                name: Some(name),
                ..CustomerRow::default()
            };
            row.set(field, Some(cell));
            clean_customer(&row, today).findings
        }
        RecordKind::Vehicles => {
            let mut row = VehicleRow {
                vin: Some("LJ1EEKRN7R4000001"),
                ..VehicleRow::default()
            };
            row.set(field, Some(cell));
            clean_vehicle(&row, today).findings
        }
        RecordKind::Visits => {
            let is_of_line = [
                Field::VisitQuantity,
                Field::VisitUnitPrice,
                Field::VisitTechnician,
            ]
            .contains(&field);
            let mut row = VisitRow {
                order_number: Some("R1"),
                vin: Some("LJ1EEKRN7R4000001"),
                opened_at: Some("2026-03-05 09:10"),
                line_kind: is_of_line.then_some("part"),
                name: is_of_line.then_some("机油"),
                ..VisitRow::default()
            };
            row.set(field, Some(cell));
            clean_visit(&row, today).findings
        }
        RecordKind::Complaints => {
            let mut row = ComplaintRow {
                complaint_key: Some("T1"),
                text: Some("交车后三天仪表报警"),
                ..ComplaintRow::default()
            };
            row.set(field, Some(cell));
            clean_complaint(&row, today).findings
        }
    }
}

/// Free text: what is wrong there people see and no rule does, such as a colour under model.
const TOLD_BY_PEOPLE: [Field; 17] = [
    Field::CustomerOccupation,
    Field::CustomerIndustry,
    Field::CustomerIncomeBand,
    Field::CustomerHobbies,
    Field::CustomerExplicitRequests,
    Field::CustomerSpecialNeeds,
    Field::CustomerAcquisitionChannel,
    Field::VehicleBrand,
    Field::VehicleSeries,
    Field::VehicleModel,
    Field::VehicleColor,
    Field::VisitComplaintText,
    Field::VisitDiagnosis,
    Field::VisitName,
    Field::ComplaintChannel,
    Field::ComplaintCategory,
    Field::ComplaintDepartment,
];

#[test]
fn every_field_shows_what_is_right_and_what_is_wrong() {
    for field in Field::ALL {
        let entry = field.entry();
        let place = format!("{} {}", entry.kind.code(), field.column());
        for examples in [entry.good, entry.bad] {
            assert!(!examples.is_empty(), "{place}");
            let is_blank = |example: &&str| example.trim().is_empty();
            assert!(!examples.iter().any(is_blank), "{place}");
        }
    }
}

#[test]
fn every_wrong_example_of_the_dictionary_that_a_rule_can_tell_is_found_by_one() {
    let is_checked = |field: &Field| !TOLD_BY_PEOPLE.contains(field);
    for field in Field::ALL.into_iter().filter(is_checked) {
        for example in field.entry().bad {
            let found = findings(field, example);
            assert!(
                found.iter().any(|finding| finding.field == field),
                "{}: no rule finds {example:?}",
                field.column()
            );
        }
    }
}
