//! Ranges as data: what they say, what is refused, what others would find.

use super::*;
use crate::{
    clean_customer, clean_customer_by, clean_vehicle, clean_vehicle_by, clean_visit,
    clean_visit_by,
    dictionary::{CustomerRow, RecordKind, VehicleRow, VisitRow},
    finding::Severity,
    standard::{Standard, built_in, built_in_texts, greatest, release},
};

fn today() -> NaiveDate {
    "2026-11-21".parse().expect("a day")
}

/// The release's first standard of a kind, with one of its passages written otherwise.
fn text_with(kind: RecordKind, from: &str, to: &str) -> String {
    let text = built_in_texts(kind)[0];
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

fn with(kind: RecordKind, from: &str, to: &str) -> Standard {
    Standard::parse(&text_with(kind, from, to)).expect(to)
}

fn rules(findings: &[Finding]) -> Vec<(Rule, Option<i64>)> {
    let told = findings.iter();
    told.map(|finding| (finding.rule, finding.params.number))
        .collect()
}

const AGE: &str = "measure = \"age\"\nmin = 16\nmax = 110";
const BORN: &str = "measure = \"year\"\nmin = 1900";
const MODEL_YEAR: &str = "min = 1980\nmax = \"today+1y\"";
const ODOMETER: &str = "max = 2000000\nrule = \"number_form\"";
const KM: &str = "min = 0\nmax = 2000000\nrule = \"number_form\"";

#[test]
fn every_version_of_the_release_has_the_same_ranges() {
    for standard in built_in() {
        assert_eq!(standard.ranges, release(standard.kind, today()).ranges);
    }
    let fastest = greatest(Field::VisitOdometerKm, Measure::KmADay, today());
    assert_eq!(fastest, Some(2000));
    assert_eq!(greatest(Field::VisitAmount, Measure::Yuan, today()), None);
}

#[test]
fn the_release_finds_what_it_found_when_its_bounds_were_code() {
    let year = |typed| {
        let row = VehicleRow {
            vin: Some("LSVAU2180N2183294"),
            model_year: Some(typed),
            ..VehicleRow::default()
        };
        let found = clean_vehicle(&row, today()).findings;
        rules(&found)
            .into_iter()
            .filter(|(rule, _)| *rule == Rule::NumberOutOfRange)
            .collect::<Vec<_>>()
    };
    assert_eq!(year("1979"), [(Rule::NumberOutOfRange, Some(1980))]);
    assert_eq!(year("2028"), [(Rule::NumberOutOfRange, Some(2027))]);
    assert_eq!((year("1980"), year("2027")), (Vec::new(), Vec::new()));
    let visit = |row: VisitRow<'static>| {
        let row = VisitRow {
            order_number: Some("RO1"),
            ..row
        };
        rules(&clean_visit(&row, today()).findings)
    };
    for (row, found) in [
        (
            VisitRow {
                odometer_km: Some("2000001"),
                ..VisitRow::default()
            },
            (Rule::NumberForm, None),
        ),
        (
            VisitRow {
                amount: Some("-20.00"),
                ..VisitRow::default()
            },
            (Rule::AmountNegative, None),
        ),
        (
            VisitRow {
                name: Some("机油"),
                quantity: Some("-1"),
                ..VisitRow::default()
            },
            (Rule::AmountNegative, None),
        ),
        (
            VisitRow {
                opened_at: Some("1979-12-31"),
                ..VisitRow::default()
            },
            (Rule::DateTooEarly, Some(1980)),
        ),
        (
            VisitRow {
                closed_at: Some("2026-11-22"),
                ..VisitRow::default()
            },
            (Rule::DateInFuture, None),
        ),
    ] {
        assert_eq!(visit(row), [found]);
    }
}

#[test]
fn other_bounds_find_otherwise_and_say_their_own() {
    let row = CustomerRow {
        source_key: Some("C1"),
        name: Some("孟晓岚"),
        id_number: Some("11010519491231002X"),
        birthday: Some("1949-12-31"),
        ..CustomerRow::default()
    };
    assert!(clean_customer(&row, today()).findings.is_empty());
    let young = with(
        RecordKind::Customers,
        AGE,
        "measure = \"age\"\nmin = 18\nmax = 70",
    );
    let found = clean_customer_by(&young, &row, today()).findings;
    assert_eq!(rules(&found), [(Rule::IdAgeImplausible, Some(70))]);
    assert!(found[0].text(Lang::Zh).contains("70岁"));
    assert!(found[0].text(Lang::En).ends_with("70"));
    let later = with(
        RecordKind::Customers,
        BORN,
        "measure = \"age\"\nmax = 70\n\n[[range]]\nfield = \"birthday\"\nmin = 1950",
    );
    let cleaned = clean_customer_by(&later, &row, today());
    assert_eq!(
        rules(&cleaned.findings),
        [(Rule::DateTooEarly, Some(1950))],
        "what is left out is not asked for its age"
    );
    let old = with(RecordKind::Customers, BORN, "measure = \"age\"\nmax = 70");
    let found = clean_customer_by(&old, &row, today()).findings;
    assert_eq!(rules(&found), [(Rule::BirthdayAgeImplausible, Some(70))]);
}

#[test]
fn days_years_and_readings_have_bounds_too() {
    let car = VehicleRow {
        vin: Some("LJ1EEKRN7R4000001"),
        model_year: Some("2024"),
        sale_date: Some("2026-11-20"),
        ..VehicleRow::default()
    };
    assert!(clean_vehicle(&car, today()).findings.is_empty());
    let standard = with(
        RecordKind::Vehicles,
        MODEL_YEAR,
        "min = \"today-1y\"\nmax = \"today\"",
    );
    let found = clean_vehicle_by(&standard, &car, today()).findings;
    assert_eq!(rules(&found), [(Rule::NumberOutOfRange, Some(2025))]);
    let standard = with(
        RecordKind::Vehicles,
        "measure = \"day\"\nmin = \"1980-01-01\"\nmax = \"today\"",
        "min = 2015-06-01\nmax = \"today-2d\"",
    );
    let cleaned = clean_vehicle_by(&standard, &car, today());
    assert_eq!(
        rules(&cleaned.findings),
        [(Rule::DateTooLate, Some(20_261_119))]
    );
    assert!(cleaned.record.sale_date.is_none());
    assert!(cleaned.findings[0].text(Lang::En).ends_with("2026-11-19"));
    let visit = VisitRow {
        order_number: Some("RO1"),
        odometer_km: Some("350000"),
        ..VisitRow::default()
    };
    let standard = with(RecordKind::Visits, ODOMETER, "max = 300000");
    let cleaned = clean_visit_by(&standard, &visit, today());
    assert_eq!(
        rules(&cleaned.findings),
        [(Rule::NumberOutOfRange, Some(300_000))]
    );
    assert_eq!(cleaned.record.odometer_km, None);
    let wider = with(RecordKind::Visits, ODOMETER, "max = 3000000");
    let far = VisitRow {
        odometer_km: Some("2500000"),
        ..visit
    };
    assert!(clean_visit_by(&wider, &far, today()).findings.is_empty());
}

#[test]
fn a_standard_that_names_no_range_has_those_of_the_release() {
    let mut bare = with(RecordKind::Vehicles, "version = 1", "version = 3");
    bare.ranges.clear();
    let row = VehicleRow {
        vin: Some("LJ1EEKRN7R4000001"),
        sale_date: Some("2027-01-01"),
        ..VehicleRow::default()
    };
    assert_eq!(
        clean_vehicle_by(&bare, &row, today()).findings,
        clean_vehicle(&row, today()).findings
    );
}

#[test]
fn a_range_with_one_end_has_the_other_end_of_the_release() {
    let standard = with(RecordKind::Visits, KM, "max = 300000");
    let range = standard.range(Field::VisitOdometerKm, Measure::Km);
    let range = range.expect("it is set");
    let (least, most) = (Some(Bound::Fixed(0)), Some(Bound::Fixed(300_000)));
    assert_eq!((range.min, range.below), (least, Rule::NumberForm));
    assert_eq!((range.max, range.above), (most, Rule::NumberOutOfRange));

    let standard = with(
        RecordKind::Vehicles,
        "measure = \"day\"\nmin = \"1980-01-01\"\nmax = \"today\"",
        "measure = \"day\"\nmin = \"2015-01-01\"",
    );
    let sold = |day| {
        let row = VehicleRow {
            vin: Some("LJ1EEKRN7R4000001"),
            sale_date: Some(day),
            ..VehicleRow::default()
        };
        rules(&clean_vehicle_by(&standard, &row, today()).findings)
    };
    assert_eq!(sold("2014-12-31"), [(Rule::DateTooEarly, Some(2015))]);
    assert_eq!(sold("2027-01-01"), [(Rule::DateInFuture, None)]);
}

#[test]
fn every_bound_that_was_passed_is_said_once() {
    let prices = "field = \"unit_price\"\nmeasure = \"yuan\"\nmin = 0";
    let standard = with(RecordKind::Visits, prices, &format!("{prices}\nmax = 100"));
    let measured = [-500, 20_000, 30_000].map(|value| Measured {
        field: Field::VisitUnitPrice,
        measure: Measure::Yuan,
        value,
    });
    let found = standard.findings(&[], &measured, today());
    assert_eq!(
        rules(&found),
        [
            (Rule::AmountNegative, None),
            (Rule::NumberOutOfRange, Some(100))
        ]
    );
}

#[test]
fn what_was_measured_is_judged_anew_and_the_rest_is_the_owners_word() {
    let row = VehicleRow {
        vin: Some("LJ1EEKRN7R4000001"),
        plate: Some("冀AI8302"),
        sale_date: Some("1979-05-01"),
        ..VehicleRow::default()
    };
    let cleaned = clean_vehicle(&row, today());
    let measured: Vec<Measured> = cleaned.measures.all().collect();
    let own = release(RecordKind::Vehicles, today());
    let same = own.findings(&cleaned.findings, &measured, today());
    assert_eq!(same, cleaned.findings);
    let wider = with(
        RecordKind::Vehicles,
        "min = \"1980-01-01\"",
        "min = \"1970-01-01\"",
    );
    let left = wider.findings(&cleaned.findings, &measured, today());
    assert_eq!(rules(&left), [(Rule::PlateLetterIo, None)]);
    let unmeasured = wider.findings(&cleaned.findings, &[], today());
    assert_eq!(unmeasured, cleaned.findings);
    let after = |value| Measured {
        field: Field::VehicleSaleDate,
        measure: Measure::DaysAfterFirstVisit,
        value,
    };
    let found = own.judge(after(1), today()).map(|finding| finding.rule);
    assert_eq!(found, Some(Rule::SaleAfterVisit));
    assert_eq!(own.judge(after(0), today()), None);
    let patient = with(RecordKind::Vehicles, "max = 0", "max = 7");
    assert_eq!(patient.judge(after(7), today()), None);
    let late = patient.judge(after(8), today()).expect("it is late");
    assert_eq!(late.severity, Severity::Warning);
    assert!(late.text(Lang::Zh).contains("7天"));
}

#[test]
fn what_cannot_be_a_range_is_refused_with_its_place_and_what_can() {
    for (kind, from, to, said) in [
        (
            RecordKind::Visits,
            "field = \"odometer_km\"",
            "field = \"meter\"",
            "use opened_at, closed_at, odometer_km, amount",
        ),
        (
            RecordKind::Visits,
            "measure = \"km\"",
            "measure = \"miles\"",
            "use km, km_a_day",
        ),
        (
            RecordKind::Visits,
            ODOMETER,
            "max = -1",
            "min 0 lies above max -1",
        ),
        (
            RecordKind::Visits,
            ODOMETER,
            "max = \"far\"",
            "write whole kilometres, such as 2000",
        ),
        (
            RecordKind::Visits,
            ODOMETER,
            "max = \"today\"",
            "\"today\" is no bound of km",
        ),
        (
            RecordKind::Visits,
            ODOMETER,
            "max = 2000000.5",
            "2000000.5 is no bound of km",
        ),
        (
            RecordKind::Visits,
            "rule = \"number_form\"",
            "rule = \"vin_length\"",
            "use number_out_of_range, number_form",
        ),
        (
            RecordKind::Visits,
            "max = 2000\n",
            "min = 1\n",
            "km_a_day has a max alone",
        ),
        (
            RecordKind::Visits,
            "max = 2000\n",
            "\n",
            "give min, max or both",
        ),
        (
            RecordKind::Visits,
            "min = \"1980-01-01\"",
            "min = 1980",
            "1980 is no bound of day: write a day",
        ),
        (
            RecordKind::Visits,
            "min = \"1980-01-01\"",
            "min = \"2030-01-01\"",
            "lies above max \"today\"",
        ),
        (
            RecordKind::Visits,
            "\"closed_at\"\nmeasure",
            "\"opened_at\"\nmeasure",
            "its day stands there twice",
        ),
        (
            RecordKind::Visits,
            "max = \"today\"",
            "max = \"today+1w\"",
            "\"today+1y\", \"today-18m\", \"today+30d\"",
        ),
        (
            RecordKind::Vehicles,
            "\"today+1y\"",
            "\"today+30d\"",
            "write a year such as 1980",
        ),
        (RecordKind::Vehicles, MODEL_YEAR, "lowest = 1980", "lowest"),
        (
            RecordKind::Customers,
            BORN,
            "measure = \"day\"\nmin = 1900",
            "use year, age",
        ),
        (
            RecordKind::Visits,
            "min = \"1980-01-01\"",
            "min = \"25-06-01\"",
            "\"25-06-01\" is no bound of day",
        ),
        (
            RecordKind::Visits,
            "min = \"1980-01-01\"",
            "min = \"+250000-02-02\"",
            "is no bound of day",
        ),
        (
            RecordKind::Visits,
            "min = \"1980-01-01\"",
            "min = \"0980-01-01\"",
            "is no bound of day",
        ),
        (
            RecordKind::Vehicles,
            "min = 1980",
            "min = 80",
            "80 is no bound of year",
        ),
        (
            RecordKind::Vehicles,
            "\"today+1y\"",
            "\"today+1000y\"",
            "write a year such as 1980",
        ),
        (
            RecordKind::Visits,
            KM,
            "max = -1",
            "the release's min 0 lies above max -1: set min too",
        ),
        (
            RecordKind::Visits,
            "min = \"1980-01-01\"\nmax = \"today\"",
            "min = \"2030-01-01\"",
            "min 2030-01-01 lies above the release's max today",
        ),
    ] {
        let error = Standard::parse(&text_with(kind, from, to)).expect_err(said);
        let error = error.to_string();
        assert!(error.contains(said), "{error}");
    }
    let wrong = text_with(RecordKind::Visits, ODOMETER, "max = -1");
    let error = Standard::parse(&wrong).expect_err("no such range");
    assert_eq!(
        error.to_string(),
        "visits version 1, range \"odometer_km\": min 0 lies above max -1"
    );
}
