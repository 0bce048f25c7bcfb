//! Customers.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{Cleaned, Notes, swap};
use crate::{
    address::Address,
    credit_code::CreditCode,
    date::TypedDate,
    dictionary::{CustomerRow, Field, RecordKind},
    finding::Rule,
    gender::Gender,
    id_document::IdDocument,
    name::Name,
    party::{self, PartyKind},
    phone::Phone,
    plate::Plate,
    standard::{Standard, release},
    text::present,
    vin::Vin,
};

/// A customer row, typed and normalised. Fields mean what the dictionary says.
#[derive(Clone, Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of the dictionary, which says what each means"
)]
pub struct CleanCustomer<'a> {
    pub source_key: Option<Cow<'a, str>>,
    pub kind: PartyKind,
    pub name: Option<Name<'a>>,
    pub id_document: Option<IdDocument>,
    pub credit_code: Option<CreditCode>,
    pub phone: Option<Phone>,
    pub phone2: Option<Phone>,
    pub email: Option<Cow<'a, str>>,
    pub wechat: Option<Cow<'a, str>>,
    pub gender: Option<Gender>,
    pub birthday: Option<NaiveDate>,
    pub address: Option<Address<'a>>,
    /// As given, else that of the address.
    pub region_code: Option<u32>,
    pub occupation: Option<Cow<'a, str>>,
    pub industry: Option<Cow<'a, str>>,
    pub income_band: Option<Cow<'a, str>>,
    pub hobbies: Option<Cow<'a, str>>,
    pub explicit_requests: Option<Cow<'a, str>>,
    pub special_needs: Option<Cow<'a, str>>,
    pub acquisition_channel: Option<Cow<'a, str>>,
    pub referrer_key: Option<Cow<'a, str>>,
    pub contact_name: Option<Name<'a>>,
    pub plate: Option<Plate>,
    pub vin: Option<Vin>,
    /// What the VIN probably is where I, O or Q was typed: to be confirmed, never taken silently.
    pub vin_suggestion: Option<Vin>,
    pub clerk: Option<Cow<'a, str>>,
    pub recorded_at: Option<TypedDate>,
}

/// Cleans one customer row. `today` is the business day of the check, which names the release's standard whose ranges hold.
pub fn clean_customer<'a>(row: &CustomerRow<'a>, today: NaiveDate) -> Cleaned<CleanCustomer<'a>> {
    clean_customer_by(release(RecordKind::Customers, today), row, today)
}

/// Cleans one customer row by the ranges of a standard.
pub fn clean_customer_by<'a>(
    standard: &Standard,
    row: &CustomerRow<'a>,
    today: NaiveDate,
) -> Cleaned<CleanCustomer<'a>> {
    let mut notes = Notes::new(today, standard);
    let mut row = *row;
    swap::repair(&mut row, &mut notes);
    let kind = kind_of(&row, &mut notes);
    let mut customer = CleanCustomer {
        source_key: notes.own_key(Field::CustomerSourceKey, row.source_key),
        kind,
        name: notes.name(Field::CustomerName, row.name, kind),
        id_document: notes.id_document(Field::CustomerIdNumber, row.id_number),
        credit_code: notes.credit_code(Field::CustomerCreditCode, row.credit_code),
        email: notes.email(Field::CustomerEmail, row.email),
        wechat: notes.key(Field::CustomerWechat, row.wechat),
        gender: notes.gender(Field::CustomerGender, row.gender),
        birthday: notes.birthday(Field::CustomerBirthday, row.birthday),
        address: notes.address(Field::CustomerAddress, row.address),
        region_code: notes.region_code(Field::CustomerRegionCode, row.region_code),
        occupation: notes.text(Field::CustomerOccupation, row.occupation),
        industry: notes.text(Field::CustomerIndustry, row.industry),
        income_band: notes.text(Field::CustomerIncomeBand, row.income_band),
        hobbies: notes.words(Field::CustomerHobbies, row.hobbies),
        explicit_requests: notes.words(Field::CustomerExplicitRequests, row.explicit_requests),
        special_needs: notes.words(Field::CustomerSpecialNeeds, row.special_needs),
        acquisition_channel: notes.text(Field::CustomerAcquisitionChannel, row.acquisition_channel),
        referrer_key: notes.key(Field::CustomerReferrerKey, row.referrer_key),
        contact_name: notes.name(
            Field::CustomerContactName,
            row.contact_name,
            PartyKind::Person,
        ),
        plate: notes.plate(Field::CustomerPlate, row.plate),
        clerk: notes.key(Field::CustomerClerk, row.clerk),
        recorded_at: notes.date_in_range(Field::CustomerRecordedAt, row.recorded_at),
        ..CleanCustomer::default()
    };
    (customer.vin, customer.vin_suggestion) = notes.vin(Field::CustomerVin, row.vin);
    take_phones(&mut customer, &row, &mut notes);
    cross_check(&mut customer, &mut notes);
    reject_unusable(&customer, &mut notes);
    notes.into_cleaned(customer)
}

/// The kind by evidence first (credit code, company's name), then as declared, then by the ID number and the name.
fn kind_of(row: &CustomerRow<'_>, notes: &mut Notes<'_>) -> PartyKind {
    let declared = present(row.kind).and_then(|typed| {
        let kind = PartyKind::parse(typed);
        if kind.is_none() {
            notes.add(Field::CustomerKind, Rule::KindUnknown);
        }
        kind
    });
    let by_name = present(row.name).and_then(|name| party::kind_of_name(&crate::text::tidy(name)));
    let has_credit_code = present(row.credit_code).is_some();
    let has_id = present(row.id_number).is_some();
    let evidence = match (by_name, has_credit_code, has_id) {
        (Some(PartyKind::Organization), _, _) | (None, true, false) => {
            Some(PartyKind::Organization)
        }
        (Some(PartyKind::Person), false, true) | (None, false, true) => Some(PartyKind::Person),
        // A person's name declared as organisation without any code may be the contact; keep what was declared.
        (Some(PartyKind::Person), true, _) => declared.or(Some(PartyKind::Organization)),
        _ => None,
    };
    if let (Some(declared), Some(evidence)) = (declared, evidence)
        && declared != evidence
    {
        notes.add(Field::CustomerKind, Rule::KindContradicts);
    }
    evidence.or(declared).or(by_name).unwrap_or_default()
}

/// The numbers of both cells, of the name, and of cells with several, each once.
fn take_phones(customer: &mut CleanCustomer<'_>, row: &CustomerRow<'_>, notes: &mut Notes<'_>) {
    let [first, spare] = notes.phones(Field::CustomerPhone, row.phone);
    let [second, _] = notes.phones(Field::CustomerPhone2, row.phone2);
    let in_name = customer.name.as_ref().and_then(|name| name.phone);
    customer.phone = first.or(second).or(in_name);
    customer.phone2 = [second, spare, in_name]
        .into_iter()
        .flatten()
        .find(|phone| Some(*phone) != customer.phone);
    if first.is_some() && first == second {
        notes.add_other(
            Field::CustomerPhone2,
            Rule::PhoneRepeated,
            Field::CustomerPhone,
        );
    }
}

/// What the ID number says against what was typed; the document wins.
fn cross_check(customer: &mut CleanCustomer<'_>, notes: &mut Notes<'_>) {
    if customer.kind == PartyKind::Person && customer.credit_code.is_some() {
        notes.add(Field::CustomerCreditCode, Rule::CreditOnPerson);
    }
    if let Some(document) = &customer.id_document {
        let (born, gender) = (document.birth_date(), document.gender());
        if born.is_some() && customer.birthday.is_some() && born != customer.birthday {
            notes.add_other(
                Field::CustomerBirthday,
                Rule::BirthdayDiffers,
                Field::CustomerIdNumber,
            );
        }
        if gender.is_some() && customer.gender.is_some() && gender != customer.gender {
            notes.add_other(
                Field::CustomerGender,
                Rule::GenderDiffers,
                Field::CustomerIdNumber,
            );
        }
        customer.birthday = born.or(customer.birthday);
        customer.gender = gender.or(customer.gender);
    }
    if customer.gender.is_none() {
        customer.gender = customer
            .name
            .as_ref()
            .and_then(|name| name.title)
            .and_then(Gender::parse);
    }
    let of_address = customer.address.as_ref().and_then(Address::region_code);
    if let (Some(given), Some(of_address)) = (customer.region_code, of_address)
        && given / 10_000 != of_address / 10_000
    {
        notes.add_other(
            Field::CustomerRegionCode,
            Rule::RegionCodeDiffers,
            Field::CustomerAddress,
        );
    }
    customer.region_code = customer.region_code.or(of_address);
}

fn reject_unusable(customer: &CleanCustomer<'_>, notes: &mut Notes<'_>) {
    let has_identifier = customer.id_document.is_some()
        || customer.credit_code.is_some()
        || customer.phone.is_some()
        || customer.plate.is_some()
        || customer.vin.is_some()
        || customer.email.is_some();
    match (customer.name.is_some(), has_identifier) {
        (true, _) => {}
        (false, true) => {
            if !notes
                .findings
                .iter()
                .any(|finding| finding.field == Field::CustomerName)
            {
                notes.add(Field::CustomerName, Rule::FieldMissing);
            }
        }
        (false, false) => notes.add(Field::CustomerName, Rule::NoIdentity),
    }
}

#[cfg(test)]
mod tests;
