//! Reading and scoring.

use super::*;
use crate::{
    clean_customer,
    dictionary::{ComplaintRow, CustomerRow, VehicleRow},
    finding::{Finding, Rule},
    party::PartyKind,
};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn findings(row: &CustomerRow<'_>) -> Vec<Finding> {
    clean_customer(row, day("2026-11-21")).findings
}

fn good_row() -> CustomerRow<'static> {
    CustomerRow {
        source_key: Some("C1"),
        name: Some("孟晓岚"),
        id_number: Some("11010519491231002X"),
        phone: Some("13912340567"),
        gender: Some("女"),
        birthday: Some("1949-12-31"),
        address: Some("河北省石家庄市裕华区槐安路88号样例小区3号楼2单元501室"),
        plate: Some("冀A8K302"),
        vin: Some("LJ1EEKRN7R4000001"),
        acquisition_channel: Some("到店"),
        email: Some("meng@example.com"),
        ..CustomerRow::default()
    }
}

fn score(purpose: &str, row: &CustomerRow<'_>, facts: Facts) -> Score {
    let standard = effective_on(built_in(), RecordKind::Customers, day("2026-11-21"))
        .expect("one is in force");
    let facts = Facts {
        party: Some(PartyKind::Person),
        ..facts
    };
    standard
        .purpose(purpose)
        .expect("known")
        .score_customer(row, &findings(row), facts)
}

#[test]
fn every_standard_of_the_crate_is_read_and_in_force() {
    for kind in RecordKind::ALL {
        let on = |text| effective_on(built_in(), kind, day(text)).map(|standard| standard.version);
        assert_eq!(
            [on("2026-11-21"), on("2026-12-01")],
            [Some(1), Some(2)],
            "{kind:?}"
        );
    }
}

#[test]
fn each_dimension_is_judged_for_every_purpose_or_the_standard_says_why_not() {
    for standard in built_in().iter().filter(|standard| standard.version > 1) {
        for (purpose, dimension) in standard
            .purposes
            .iter()
            .flat_map(|purpose| Dimension::ALL.map(|dimension| (purpose, dimension)))
        {
            let mut checks = purpose.checks.iter();
            let is_judged = checks.any(|check| check.dimension == dimension);
            let is_explained = standard
                .without
                .iter()
                .any(|(known, _)| *known == dimension);
            let place = (standard.kind, &purpose.id, dimension);
            assert!(is_judged != is_explained, "{place:?}");
        }
    }
}

#[test]
fn a_sale_after_the_first_visit_costs_points_from_the_second_version_on() {
    let row = VehicleRow {
        vin: Some("LJ1EEKRN7R4000001"),
        sale_date: Some("2026-03-01"),
        ..VehicleRow::default()
    };
    let late = [Finding::new(Field::VehicleSaleDate, Rule::SaleAfterVisit)];
    let consistency = |on: &str, findings: &[Finding]| {
        let standard = effective_on(built_in(), RecordKind::Vehicles, day(on)).expect("in force");
        let purpose = standard.purpose("sale").expect("known");
        let score = purpose.score_vehicle(&row, findings, Facts::default());
        score.dimensions[Dimension::Consistency as usize]
    };
    assert_eq!(consistency("2026-11-30", &late), None);
    assert_eq!(consistency("2026-12-01", &late), Some(0.0));
    assert_eq!(consistency("2026-12-01", &[]), Some(100.0));
}

#[test]
fn a_complaint_that_ends_before_it_begins_costs_points_from_the_second_version_on() {
    let row = ComplaintRow {
        complaint_key: Some("TS1"),
        opened_at: Some("2026-03-05"),
        closed_at: Some("2026-03-04"),
        ..ComplaintRow::default()
    };
    let early = [Finding::new(Field::ComplaintClosedAt, Rule::DateOrder)];
    let consistency = |on: &str, findings: &[Finding]| {
        let standard = effective_on(built_in(), RecordKind::Complaints, day(on)).expect("in force");
        let purpose = standard.purpose("service").expect("known");
        let score = purpose.score_complaint(&row, findings, Facts::default());
        score.dimensions[Dimension::Consistency as usize]
    };
    assert_eq!(consistency("2026-11-30", &early), None);
    assert_eq!(consistency("2026-12-01", &early), Some(0.0));
    assert_eq!(consistency("2026-12-01", &[]), Some(100.0));
}

#[test]
fn a_complete_and_true_record_is_qualified_for_every_purpose() {
    for purpose in ["sale", "service", "marketing"] {
        let score = score(purpose, &good_row(), Facts::default());
        assert_eq!((score.total, score.failed.len()), (100.0, 0), "{purpose}");
        assert!(score.is_qualified);
    }
}

#[test]
fn what_is_missing_or_wrong_lowers_its_dimension_alone_and_is_named() {
    let row = CustomerRow {
        id_number: Some("110105194912310021"),
        ..good_row()
    };
    let score = score("sale", &row, Facts::default());
    assert!(score.total < 100.0);
    assert!(
        score.dimensions[Dimension::Accuracy as usize].is_some_and(|accuracy| accuracy < 100.0)
    );
    assert_eq!(score.dimensions[Dimension::Validity as usize], Some(100.0));
    assert!(score.failed.iter().any(|id| id == "document"));
}

#[test]
fn dimensions_that_do_not_apply_drop_out_and_others_count_when_known() {
    let unknown = score("sale", &good_row(), Facts::default());
    assert_eq!(unknown.dimensions[Dimension::Uniqueness as usize], None);
    let repeated = score(
        "sale",
        &good_row(),
        Facts {
            is_repeated: Some(true),
            ..Facts::default()
        },
    );
    assert_eq!(
        repeated.dimensions[Dimension::Uniqueness as usize],
        Some(0.0)
    );
    assert!(repeated.total < unknown.total);
}

#[test]
fn late_entry_costs_timeliness() {
    let facts = |entered| Facts {
        event_date: Some(day("2026-03-01")),
        entered_on: Some(day(entered)),
        ..Facts::default()
    };
    assert_eq!(
        score("sale", &good_row(), facts("2026-03-02")).dimensions[Dimension::Timeliness as usize],
        Some(100.0)
    );
    assert_eq!(
        score("sale", &good_row(), facts("2026-04-02")).dimensions[Dimension::Timeliness as usize],
        Some(0.0)
    );
}

#[test]
fn signs_of_invention_cap_the_total() {
    let score = score(
        "sale",
        &good_row(),
        Facts {
            credibility: Some(0.1),
            ..Facts::default()
        },
    );
    assert!(score.total <= 10.0 && !score.is_qualified);
}

#[test]
fn a_draft_is_never_in_force_and_a_later_version_follows_on_its_day() {
    let first = Standard {
        version: 1,
        effective_from: day("2026-01-01"),
        ..built_in()[0].clone()
    };
    let draft = Standard {
        version: 3,
        state: State::Draft,
        ..first.clone()
    };
    let second = Standard {
        version: 2,
        effective_from: day("2026-06-01"),
        ..first.clone()
    };
    let all = [first, draft, second];
    let on = |text| {
        effective_on(&all, RecordKind::Customers, day(text)).map(|standard| standard.version)
    };
    assert_eq!(
        [on("2025-12-31"), on("2026-05-31"), on("2026-06-01")],
        [None, Some(1), Some(2)]
    );
}

#[test]
fn what_is_wrong_in_a_file_is_named() {
    let text = include_str!("../../data/standards/customers.toml");
    for (from, to, said) in [
        (
            "kind = \"customers\"",
            "kind = \"clients\"",
            "kind \"clients\" is unknown",
        ),
        (
            "fields = [\"name\"]",
            "fields = [\"nome\"]",
            "\"nome\" is no field of customers",
        ),
        (
            "effective_from = \"2026-01-01\"",
            "effective_from = \"soon\"",
            "is no day",
        ),
        ("test = \"not_repeated\"", "test = \"unique\"", "unique"),
        ("pass = 80.0", "pass = 180.0", "outside 0 to 100"),
        (
            "[[purpose]]",
            "[invention]\nburst_records = 1\n\n[[purpose]]",
            "customers version 1, invention: burst_records 1: write a whole number",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Standard::parse(&text.replacen(from, to, 1)).expect_err(said);
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn each_purpose_has_a_name_of_its_own() {
    let text = include_str!("../../data/standards/customers.toml");
    let sale = "id = \"sale\"";
    for (to, said) in [
        (
            "id = \"service\"",
            "purpose \"service\": it stands there twice",
        ),
        ("id = \"overall\"", "purpose \"overall\": that is the mean"),
        ("id = \" \"", "give it a name"),
    ] {
        assert!(text.contains(sale));
        let named = text.replacen(sale, to, 1);
        let error = Standard::parse(&named).expect_err(said);
        assert!(error.to_string().contains(said), "{error}");
        // What an earlier release took is still read.
        assert!(Standard::parse_kept(&named).is_ok(), "{said}");
    }
}

#[test]
fn the_releases_thresholds_of_invention_are_those_it_had_before_they_were_data() {
    for standard in built_in() {
        assert_eq!(standard.invention, Settings::default(), "{standard:?}");
    }
}

#[test]
fn what_is_not_judged_needs_a_reason_and_has_no_weight() {
    let text = include_str!("../../data/standards/visits-2.toml");
    for (from, to, said) in [
        (
            "uniqueness = { zh",
            "timeliness = { zh",
            "purpose \"service\" gives it a weight",
        ),
        (
            "同一经销商的工单按工单号保存，重复提交即更新，不会出现两条",
            "",
            "in both languages",
        ),
        ("uniqueness = { zh", "colour = { zh", "colour"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Standard::parse(&text.replacen(from, to, 1)).expect_err(said);
        assert!(error.to_string().contains(said), "{error}");
    }
}
