//! What a row says once it is cleaned.

use std::fmt;

use chrono::NaiveDate;
use marque_core::{Timestamp, business_date};
use marque_quality::{
    Finding, clean_customer,
    gender::Gender,
    name::Name,
    party::{self, PartyKind},
};

use crate::domain::{Columns, Kind};

/// The facts of one source record, normalised. What could not be read is absent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) name: Option<String>,
    /// Whether only a surname was typed, with or without a title: nobody is known by that.
    pub(crate) is_surname_only: bool,
    pub(crate) id_number: Option<String>,
    pub(crate) credit_code: Option<String>,
    /// E.164, first one first.
    pub(crate) phones: Vec<String>,
    pub(crate) email: Option<String>,
    pub(crate) wechat: Option<String>,
    pub(crate) gender: Option<&'static str>,
    pub(crate) birthday: Option<NaiveDate>,
    /// Whether birthday and gender are those of the ID number.
    pub(crate) is_documented: bool,
    pub(crate) address: Option<String>,
    pub(crate) region_code: Option<u32>,
    pub(crate) occupation: Option<String>,
    pub(crate) industry: Option<String>,
    pub(crate) income_band: Option<String>,
    pub(crate) hobbies: Option<String>,
    pub(crate) explicit_requests: Option<String>,
    pub(crate) special_needs: Option<String>,
    pub(crate) acquisition_channel: Option<String>,
    pub(crate) referrer_key: Option<String>,
    pub(crate) contact_name: Option<String>,
    pub(crate) plate: Option<String>,
    pub(crate) vin: Option<String>,
    pub(crate) recorded_at: Option<Timestamp>,
}

/// Shows the kind only.
impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A phone, e-mail or WeChat id that an earlier version of a record had.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PastContact {
    /// The channel's name.
    pub(crate) channel: String,
    pub(crate) value: String,
    /// First said.
    pub(crate) from: Timestamp,
    /// Unset while the record has it still.
    pub(crate) to: Option<Timestamp>,
}

impl fmt::Debug for PastContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PastContact")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

impl Facts {
    /// Cleans a row as of an instant; also what was found in it.
    pub(crate) fn of(columns: &Columns, now: Timestamp) -> (Self, Vec<Finding>) {
        let cleaned = clean_customer(&columns.row(), business_date(now));
        let record = cleaned.record;
        let owned =
            |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
        let facts = Self {
            kind: match record.kind {
                PartyKind::Organization => Kind::Organization,
                PartyKind::Person => Kind::Person,
            },
            is_surname_only: record.name.as_ref().is_some_and(is_surname_only),
            name: record.name.map(|name| name.text.into_owned()),
            is_documented: record
                .id_document
                .as_ref()
                .is_some_and(|document| document.birth_date().is_some()),
            id_number: record
                .id_document
                .map(|document| document.number().to_owned()),
            credit_code: record.credit_code.map(|code| code.as_str().to_owned()),
            phones: [record.phone, record.phone2]
                .into_iter()
                .flatten()
                .map(|phone| phone.e164().to_owned())
                .collect(),
            email: owned(record.email),
            wechat: owned(record.wechat),
            gender: record.gender.map(|gender| match gender {
                Gender::Male => "male",
                Gender::Female => "female",
            }),
            birthday: record.birthday,
            address: record
                .address
                .map(|address| address.into_text().into_owned()),
            region_code: record.region_code,
            occupation: owned(record.occupation),
            industry: owned(record.industry),
            income_band: owned(record.income_band),
            hobbies: owned(record.hobbies),
            explicit_requests: owned(record.explicit_requests),
            special_needs: owned(record.special_needs),
            acquisition_channel: owned(record.acquisition_channel),
            referrer_key: owned(record.referrer_key),
            contact_name: record.contact_name.map(|name| name.text.into_owned()),
            plate: record.plate.map(|plate| plate.as_str().to_owned()),
            vin: record.vin.map(|vin| vin.as_str().to_owned()),
            recorded_at: record
                .recorded_at
                .map(|at| Timestamp::from_micros(at.instant().timestamp_micros())),
        };
        (facts, cleaned.findings)
    }

    /// Every contact of the record: channel and value.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let phones = self.phones.iter().map(|phone| ("phone", phone.as_str()));
        let email = self.email.iter().map(|email| ("email", email.as_str()));
        let wechat = self.wechat.iter().map(|wechat| ("wechat", wechat.as_str()));
        phones.chain(email).chain(wechat)
    }
}

/// Whether nothing but a surname was typed; 欧阳先生 too, whose surname has two characters.
fn is_surname_only(name: &Name<'_>) -> bool {
    let is_bare = || name.title.is_some() && party::surname_of(&name.text) == Some(&*name.text);
    name.surname_only || is_bare()
}
