//! Columns that were filled in each other's place.

use super::Notes;
use crate::{
    credit_code::looks_like_credit_code,
    dictionary::{CustomerRow, Field},
    finding::Rule,
    id_document::{IdDocument, has_check_character},
    inline::Inline,
    party::{self, PartyKind},
    phone::{Phone, PhoneKind},
    plate::looks_like_plate,
    text::{fold_code, is_ideograph, present},
};

/// Puts values back that stand in the wrong column; each repair is noted.
pub(super) fn repair(row: &mut CustomerRow<'_>, notes: &mut Notes<'_>) {
    phone_and_id(row, notes);
    credit_code(row, notes);
    plate_and_vin(row, notes);
    name_and_address(row, notes);
}

/// The cell as a code of up to 24 ASCII characters; anything longer or wider is no code.
fn code(cell: Option<&str>) -> Option<Inline<24>> {
    let cell = present(cell)?;
    if cell.len() > 64 {
        None
    } else {
        fold_code::<24>(cell).filter(|code| code.is_ascii())
    }
}

/// An ID number under phone, or a mobile under ID number.
fn phone_and_id(row: &mut CustomerRow<'_>, notes: &mut Notes<'_>) {
    let is_usual = row.phone.is_some_and(|cell| cell.len() == 11)
        && row
            .id_number
            .is_none_or(|cell| matches!(cell.len(), 0 | 18));
    if is_usual || row.phone.is_none() && row.id_number.is_none() {
        return;
    }
    let is_id = |cell| {
        code(cell).is_some_and(|code| {
            matches!(code.len(), 15 | 18) && IdDocument::from_folded(&code, notes.today).is_ok()
        })
    };
    let is_mobile = |cell| {
        code(cell).is_some_and(|code| {
            Phone::parse(&code).is_ok_and(|phone| phone.kind() == PhoneKind::Mobile)
        })
    };
    let (phone_is_id, id_is_mobile) = (is_id(row.phone), is_mobile(row.id_number));
    let (phone_empty, id_empty) = (
        present(row.phone).is_none(),
        present(row.id_number).is_none(),
    );
    if phone_is_id && (id_is_mobile || id_empty) || id_is_mobile && phone_empty {
        std::mem::swap(&mut row.phone, &mut row.id_number);
        note(
            notes,
            Field::CustomerPhone,
            Field::CustomerIdNumber,
            phone_empty || id_empty,
            phone_is_id,
        );
    }
}

/// One column for all certificates: an organisation's credit code under ID number, or the reverse.
fn credit_code(row: &mut CustomerRow<'_>, notes: &mut Notes<'_>) {
    let is_plain_id = row.id_number.is_none_or(|cell| {
        cell.len() == 18
            && !cell.starts_with('9')
            && cell.bytes().take(17).all(|b| b.is_ascii_digit())
            && has_check_character(cell.as_bytes())
    });
    if !is_plain_id
        && present(row.credit_code).is_none()
        && code(row.id_number).is_some_and(|code| looks_like_credit_code(&code))
    {
        row.credit_code = row.id_number.take();
        notes.add_other(
            Field::CustomerCreditCode,
            Rule::MovedFromColumn,
            Field::CustomerIdNumber,
        );
        return;
    }
    let is_id = |cell| {
        code(cell).is_some_and(|code| {
            !looks_like_credit_code(&code) && IdDocument::from_folded(&code, notes.today).is_ok()
        })
    };
    if present(row.id_number).is_none()
        && present(row.credit_code).is_some()
        && is_id(row.credit_code)
    {
        row.id_number = row.credit_code.take();
        notes.add_other(
            Field::CustomerIdNumber,
            Rule::MovedFromColumn,
            Field::CustomerCreditCode,
        );
    }
}

/// A VIN under plate, or a plate under VIN.
fn plate_and_vin(row: &mut CustomerRow<'_>, notes: &mut Notes<'_>) {
    let plate_is_vin = present(row.plate).is_some_and(|cell| cell.len() >= 17)
        && code(row.plate).is_some_and(|code| code.len() == 17);
    let vin_is_plate = present(row.vin).is_some_and(looks_like_plate);
    let (plate_empty, vin_empty) = (present(row.plate).is_none(), present(row.vin).is_none());
    if plate_is_vin && (vin_is_plate || vin_empty) || vin_is_plate && plate_empty {
        std::mem::swap(&mut row.plate, &mut row.vin);
        note(
            notes,
            Field::CustomerPlate,
            Field::CustomerVin,
            plate_empty || vin_empty,
            plate_is_vin,
        );
    }
}

/// An address under name and a name under address.
fn name_and_address(row: &mut CustomerRow<'_>, notes: &mut Notes<'_>) {
    let Some(name) = present(row.name).filter(|name| looks_like_address(name)) else {
        return;
    };
    let address = present(row.address);
    let address_is_name = address.is_some_and(|text| {
        party::kind_of_name(text) == Some(PartyKind::Person) || is_short_name(text)
    });
    if address_is_name || address.is_none() {
        (row.name, row.address) = (address, Some(name));
        note(
            notes,
            Field::CustomerName,
            Field::CustomerAddress,
            address.is_none(),
            address.is_none(),
        );
    }
}

fn is_short_name(text: &str) -> bool {
    text.len() <= 15 && text.chars().all(is_ideograph)
}

/// A house number behind a road, estate or building, as no name has.
fn looks_like_address(text: &str) -> bool {
    if text.len() < 18 || party::kind_of_name(text) == Some(PartyKind::Organization) {
        return false;
    }
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    let words = [
        "号", "路", "街", "栋", "单元", "室", "小区", "村", "镇", "乡", "县", "市", "区",
    ];
    has_digit && words.iter().filter(|word| text.contains(**word)).count() >= 2
        || words.iter().filter(|word| text.contains(**word)).count() >= 4
}

/// Both exchanged, or one moved because the other was empty.
fn note(
    notes: &mut Notes<'_>,
    first: Field,
    second: Field,
    one_was_empty: bool,
    first_moved_away: bool,
) {
    match (one_was_empty, first_moved_away) {
        (false, _) => notes.add_other(first, Rule::SwappedColumns, second),
        (true, true) => notes.add_other(second, Rule::MovedFromColumn, first),
        (true, false) => notes.add_other(first, Rule::MovedFromColumn, second),
    }
}
