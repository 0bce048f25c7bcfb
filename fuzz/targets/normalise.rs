//! Normalisers of single values: what they make of a value, they leave as it is the second time.

#![no_main]

use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;
use marque_quality::{
    address::Address, credit_code::CreditCode, date, email, id_document::IdDocument, name, number,
    party::PartyKind, phone::Phone, plate::Plate, vin::Vin,
};

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");

fuzz_target!(|typed: &str| {
    if let Ok(vin) = Vin::parse(typed) {
        assert_eq!(Vin::parse(vin.as_str()).as_ref().map(Vin::as_str), Ok(vin.as_str()));
        let _ = (vin.check_digit_matches(), vin.model_year(2027));
    }
    if let Ok(plate) = Plate::parse(typed) {
        assert_eq!(Plate::parse(plate.as_str()).as_ref().map(Plate::as_str), Ok(plate.as_str()));
    }
    if let Ok(phone) = Phone::parse(typed) {
        assert_eq!(Phone::parse(phone.e164()).as_ref().map(Phone::e164), Ok(phone.e164()));
        let _ = (phone.national(), phone.extension(), phone.is_placeholder());
    }
    if let Ok(document) = IdDocument::parse(typed, TODAY) {
        let again = IdDocument::parse(document.number(), TODAY);
        assert_eq!(again.as_ref().map(IdDocument::number), Ok(document.number()));
        let _ = (document.birth_date(), document.gender(), document.age_on(TODAY));
    }
    if let Ok(code) = CreditCode::parse(typed) {
        let again = CreditCode::parse(code.as_str());
        assert_eq!(again.as_ref().map(CreditCode::as_str), Ok(code.as_str()));
    }
    for kind in [PartyKind::Person, PartyKind::Organization] {
        let _ = name::parse(typed, kind);
    }
    if let Some(email) = email::parse(typed) {
        assert_eq!(email::parse(&email).as_deref(), Some(&*email));
    }
    if let Ok(day) = date::parse(typed, TODAY) {
        let _ = day.instant();
    }
    let address = Address::parse(typed);
    let _ = (address.detail(), address.region_code(), address.is_deliverable());
    let _ = (number::parse_money_fen(typed), number::parse_odometer(typed));
    let _ = number::parse_quantity_milli(typed);
});
