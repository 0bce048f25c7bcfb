//! Whole customer rows.

use proptest::prelude::*;

use super::*;
use crate::{dictionary::Lang, finding::Severity};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn clean(change: impl FnOnce(&mut CustomerRow<'static>)) -> Cleaned<CleanCustomer<'static>> {
    let mut row = CustomerRow {
        source_key: Some("C1"),
        name: Some("孟晓岚"),
        id_number: Some("11010519491231002X"),
        phone: Some("13912340567"),
        plate: Some("冀A8K302"),
        vin: Some("LJ1EEKRN7R4000001"),
        address: Some("河北省石家庄市裕华区槐安路88号样例小区3号楼2单元501室"),
        ..CustomerRow::default()
    };
    change(&mut row);
    clean_customer(&row, today())
}

fn rules(cleaned: &Cleaned<CleanCustomer<'_>>) -> Vec<Rule> {
    cleaned
        .findings
        .iter()
        .map(|finding| finding.rule)
        .collect()
}

#[test]
fn a_good_row_has_no_findings_and_takes_birthday_gender_and_region_from_what_it_says() {
    let cleaned = clean(|_| {});
    assert_eq!(rules(&cleaned), []);
    assert_eq!(
        cleaned.record.birthday,
        NaiveDate::from_ymd_opt(1949, 12, 31)
    );
    assert_eq!(cleaned.record.gender, Some(Gender::Female));
    assert_eq!(cleaned.record.region_code, Some(130_108));
    assert_eq!(
        cleaned.record.phone.map(|p| p.e164().to_owned()),
        Some("+8613912340567".to_owned())
    );
}

#[test]
fn a_bad_value_is_left_out_and_the_row_is_kept() {
    let cleaned = clean(|row| {
        row.vin = Some("LJ1EEKRN7R4000002");
        row.phone = Some("13800000000");
    });
    assert!(!cleaned.is_rejected());
    assert_eq!((cleaned.record.vin, cleaned.record.phone), (None, None));
    assert_eq!(
        rules(&cleaned),
        [Rule::VinCheckDigit, Rule::PhonePlaceholder]
    );
}

#[test]
fn only_rows_that_cannot_be_filed_are_rejected() {
    assert_eq!(
        rules(&clean(|row| row.source_key = Some(" "))),
        [Rule::SourceKeyMissing]
    );
    assert!(clean(|row| row.source_key = None).is_rejected());
    let nothing = clean_customer(
        &CustomerRow {
            source_key: Some("C1"),
            gender: Some("男"),
            ..CustomerRow::default()
        },
        today(),
    );
    assert_eq!(rules(&nothing), [Rule::NoIdentity]);
    assert!(!clean(|row| row.name = None).is_rejected());
}

#[test]
fn swapped_columns_are_put_right() {
    let cleaned = clean(|row| (row.phone, row.id_number) = (row.id_number, row.phone));
    assert_eq!(rules(&cleaned), [Rule::SwappedColumns]);
    assert!(cleaned.record.phone.is_some() && cleaned.record.id_document.is_some());

    let cleaned = clean(|row| (row.plate, row.vin) = (row.vin, row.plate));
    assert_eq!(rules(&cleaned), [Rule::SwappedColumns]);
    assert!(cleaned.record.plate.is_some() && cleaned.record.vin.is_some());

    let cleaned = clean(|row| (row.name, row.address) = (row.address, row.name));
    assert_eq!(rules(&cleaned), [Rule::SwappedColumns]);
    assert_eq!(
        cleaned.record.name.map(|name| name.text),
        Some("孟晓岚".into())
    );
}

#[test]
fn values_in_a_neighbouring_column_are_moved() {
    let cleaned = clean(|row| (row.phone, row.id_number) = (None, Some("13912340567")));
    assert_eq!(rules(&cleaned), [Rule::MovedFromColumn]);
    assert_eq!(cleaned.findings[0].field, Field::CustomerPhone);

    let cleaned = clean(|row| {
        (row.name, row.id_number) = (Some("样例商贸有限公司"), Some("91350100M000100Y43"));
    });
    assert_eq!(cleaned.record.kind, PartyKind::Organization);
    assert!(cleaned.record.credit_code.is_some());

    // An association's and a school's begin as an ID number does.
    for code in ["52100000500000007R", "121301004012600498"] {
        let cleaned = clean(|row| (row.name, row.id_number) = (Some("样例小学"), Some(code)));
        assert!(rules(&cleaned).contains(&Rule::MovedFromColumn), "{code}");
        assert!(cleaned.record.credit_code.is_some(), "{code}");
    }
}

#[test]
fn two_phones_with_a_blank_between_are_two() {
    let cleaned = clean(|row| row.phone = Some("13912340567 13812345670"));
    assert_eq!(rules(&cleaned), [Rule::PhoneSeveral]);
    let phones = [cleaned.record.phone, cleaned.record.phone2];
    let phones = phones.map(|phone| phone.map(|phone| phone.national().to_owned()));
    let expected = ["13912340567", "13812345670"].map(|phone| Some(phone.to_owned()));
    assert_eq!(phones, expected);
}

#[test]
fn a_number_that_merely_begins_as_a_credit_code_stays_an_id_number() {
    let cleaned = clean(|row| row.id_number = Some("999999195502301234"));
    assert_eq!(cleaned.record.kind, PartyKind::Person);
    assert_eq!(rules(&cleaned), [Rule::IdCheckCharacter]);
    let cleaned = clean(|row| row.id_number = Some("911101081020168903"));
    assert!(rules(&cleaned).contains(&Rule::MovedFromColumn));
}

#[test]
fn an_id_number_that_a_spreadsheet_has_cut_is_mended_by_the_format_of_its_column() {
    let cleaned = clean(|row| row.id_number = Some("110105194912310000"));
    assert_eq!(rules(&cleaned), [Rule::IdCut]);
    assert_eq!(cleaned.record.id_document, None);
    let [finding] = &cleaned.findings[..] else {
        panic!("one is found");
    };
    assert!(finding.how_to_fix(Lang::Zh).contains("文本"));
    assert!(finding.how_to_fix(Lang::En).contains("as text"));
    // A slip in the last place is none.
    let cleaned = clean(|row| row.id_number = Some("110105194912310021"));
    assert_eq!(rules(&cleaned), [Rule::IdCheckCharacter]);
}

#[test]
fn what_disagrees_with_the_document_is_said_and_the_document_followed() {
    let cleaned = clean(|row| {
        row.birthday = Some("1950-01-01");
        row.gender = Some("男");
    });
    assert_eq!(
        rules(&cleaned),
        [Rule::BirthdayDiffers, Rule::GenderDiffers]
    );
    assert_eq!(cleaned.record.gender, Some(Gender::Female));
}

#[test]
fn a_wrong_kind_is_corrected_by_evidence() {
    let cleaned = clean(|row| row.kind = Some("单位"));
    assert_eq!(cleaned.record.kind, PartyKind::Person);
    assert_eq!(rules(&cleaned), [Rule::KindContradicts]);
}

#[test]
fn no_finding_and_no_debug_output_shows_a_value() {
    let cleaned = clean(|row| {
        row.name = Some("孟晓岚13912340567");
        row.birthday = Some("1986-04-17");
        row.vin = Some("LJ1EEKRN7R4000O01");
    });
    let shown = format!("{:?} {:?}", cleaned.record, cleaned.findings);
    for finding in &cleaned.findings {
        assert!(finding.severity <= Severity::Error);
    }
    for value in [
        "孟晓岚",
        "13912340567",
        "11010519491231002X",
        "8K302",
        "LJ1EEKRN",
        "槐安路",
    ] {
        assert!(!shown.contains(value), "{value}");
    }
}

proptest! {
    #[test]
    fn any_row_is_cleaned_without_panic(cells in proptest::collection::vec(proptest::option::of("\\PC{0,24}"), 26)) {
        let mut row = CustomerRow::default();
        for (field, cell) in Field::of(crate::dictionary::RecordKind::Customers).zip(&cells) {
            row.set(field, cell.as_deref());
        }
        let cleaned = clean_customer(&row, today());
        prop_assert!(cleaned.record.name.is_some() || cleaned.record.phone.is_some() || !cleaned.findings.is_empty());
    }
}

#[test]
fn what_the_customer_asked_for_is_kept_whole() {
    let asked = "下午六点后再来电；".repeat(400);
    let row = CustomerRow {
        source_key: Some("C1"),
        name: Some("孟晓岚"),
        explicit_requests: Some(&asked),
        special_needs: Some(&asked),
        hobbies: Some(&asked),
        ..CustomerRow::default()
    };
    let cleaned = clean_customer(&row, today());
    assert_eq!(rules(&cleaned), []);
    let record = &cleaned.record;
    for kept in [
        &record.explicit_requests,
        &record.special_needs,
        &record.hobbies,
    ] {
        assert_eq!(
            kept.as_deref().map(|kept| kept.chars().count()),
            Some(3_600)
        );
    }
}

#[test]
fn a_key_is_too_long_or_missing_and_never_both() {
    let long = "K".repeat(101);
    let cleaned = clean_customer(
        &CustomerRow {
            source_key: Some(&long),
            name: Some("孟晓岚"),
            ..CustomerRow::default()
        },
        today(),
    );
    assert_eq!(rules(&cleaned), [Rule::SourceKeyTooLong]);
    assert!(cleaned.is_rejected());
}

#[test]
fn a_line_break_within_a_name_or_key_is_told() {
    let cleaned = clean(|row| {
        (row.source_key, row.name) = (Some("C\n1"), Some("孟\r\n晓岚"));
    });
    assert_eq!(rules(&cleaned), [Rule::LineBreak, Rule::LineBreak]);
    assert_eq!(
        cleaned.record.source_key.as_deref(),
        Some("C1"),
        "it is no part of the key"
    );
    assert_eq!(rules(&clean(|row| row.name = Some("孟晓岚\n"))), []);
}
