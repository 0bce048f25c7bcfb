//! Customers as JSON. What is not known is left out.

use marque_api::customer::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::values::{Instant, instant, views};

/// One golden customer out of many dealers' records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(crate) struct CustomerView {
    /// Current id; the id of one that was merged away answers with this one.
    #[schema(example = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// Number to say aloud.
    number: String,
    /// person, organization or unknown.
    #[schema(example = "person")]
    kind: &'static str,
    /// Name.
    name: String,
    /// Masked ID number.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(example = "310***********1234")]
    id_number: String,
    /// Credit code of an organisation.
    #[serde(skip_serializing_if = "String::is_empty")]
    credit_code: String,
    /// Ways to reach him, best first.
    contact_points: Vec<ContactPointView>,
    /// male or female.
    #[serde(skip_serializing_if = "String::is_empty")]
    gender: String,
    /// YYYY-MM-DD.
    #[serde(skip_serializing_if = "String::is_empty")]
    birthday: String,
    /// Address, as far as the caller needs it.
    #[serde(skip_serializing_if = "String::is_empty")]
    address: String,
    /// Division code.
    #[serde(skip_serializing_if = "String::is_empty")]
    region_code: String,
    /// Occupation.
    #[serde(skip_serializing_if = "String::is_empty")]
    occupation: String,
    /// Industry.
    #[serde(skip_serializing_if = "String::is_empty")]
    industry: String,
    /// Income band.
    #[serde(skip_serializing_if = "String::is_empty")]
    income_band: String,
    /// Hobbies.
    #[serde(skip_serializing_if = "String::is_empty")]
    hobbies: String,
    /// Explicit requests still standing.
    explicit_requests: Vec<String>,
    /// Special needs.
    special_needs: Vec<String>,
    /// How he first came.
    #[serde(skip_serializing_if = "String::is_empty")]
    acquisition_channel: String,
    /// The customer who referred him.
    #[serde(skip_serializing_if = "String::is_empty")]
    referrer_id: String,
    /// Contact persons of an organisation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contact_names: Vec<String>,
    /// Consents.
    consents: Vec<ConsentView>,
    /// Dealers with a record of him, as far as the caller may know.
    dealers: Vec<String>,
    /// How many source records he has, as far as the caller may know.
    source_records: i32,
    /// Where each field comes from; with `lineage=true`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lineage: Vec<LineageView>,
    /// Grows with each change; the ETag begins with it.
    version: i64,
    /// First known.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
    /// Last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
}

impl From<pb::Customer> for CustomerView {
    fn from(customer: pb::Customer) -> Self {
        let kind = match customer.kind() {
            pb::Kind::Unspecified => "unknown",
            pb::Kind::Person => "person",
            pb::Kind::Organization => "organization",
        };
        let pb::Customer {
            id,
            number,
            kind: _,
            name,
            id_number,
            credit_code,
            contact_points,
            gender,
            birthday,
            address,
            region_code,
            occupation,
            industry,
            income_band,
            hobbies,
            explicit_requests,
            special_needs,
            acquisition_channel,
            referrer_id,
            contact_names,
            consents,
            dealers,
            source_records,
            lineage,
            version,
            created_at,
            updated_at,
            trust_edition: _,
        } = customer;
        Self {
            id,
            number,
            kind,
            name,
            id_number,
            credit_code,
            contact_points: views(contact_points),
            gender,
            birthday,
            address,
            region_code,
            occupation,
            industry,
            income_band,
            hobbies,
            explicit_requests,
            special_needs,
            acquisition_channel,
            referrer_id,
            contact_names,
            consents: views(consents),
            dealers,
            source_records,
            lineage: views(lineage),
            version,
            created_at: instant(created_at),
            updated_at: instant(updated_at),
        }
    }
}

/// A phone, e-mail or other way to reach the customer, for the time it was known to be his.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactPoint)]
pub(crate) struct ContactPointView {
    /// phone, email or wechat.
    #[schema(example = "phone")]
    channel: String,
    /// The value, masked where the caller's role asks for it.
    value: String,
    /// First seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Instant>,
    /// Last seen; left out while current.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<Instant>,
    /// The record that says so.
    #[serde(skip_serializing_if = "String::is_empty")]
    source_record_id: String,
}

impl From<pb::ContactPoint> for ContactPointView {
    fn from(point: pb::ContactPoint) -> Self {
        let pb::ContactPoint {
            channel,
            value,
            valid_from,
            valid_to,
            source_record_id,
        } = point;
        Self {
            channel,
            value,
            valid_from: instant(valid_from),
            valid_to: instant(valid_to),
            source_record_id,
        }
    }
}

/// Where the value of a field comes from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lineage)]
pub(crate) struct LineageView {
    /// Field.
    field: String,
    /// The record that won; empty if the caller may not know of it.
    source_record_id: String,
    /// The rule that let it win.
    rule: String,
    /// When that record was typed, or came to say so where its dealer gave no later time; left out if the caller may not know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<Instant>,
    /// How many records say the same, as far as the caller may know of them.
    agreeing: i32,
    /// How many records say anything, as far as the caller may know of them.
    saying: i32,
    /// How far the source of the record that won is trusted, 0 to 1; 0 if that is another dealer's whom the caller may not know.
    trust: f64,
    /// Who says so: configured, data_quality, or default while nobody does.
    trust_from: String,
}

impl From<pb::Lineage> for LineageView {
    fn from(lineage: pb::Lineage) -> Self {
        let pb::Lineage {
            field,
            source_record_id,
            rule,
            recorded_at,
            agreeing,
            saying,
            trust,
            trust_from,
        } = lineage;
        Self {
            field,
            source_record_id,
            rule,
            recorded_at: instant(recorded_at),
            agreeing,
            saying,
            trust,
            trust_from,
        }
    }
}

/// Consent of a customer for a purpose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
pub(crate) struct ConsentView {
    /// marketing, care, scoring or sharing.
    #[schema(example = "marketing")]
    purpose: String,
    /// True while given.
    given: bool,
    /// Version of the notice it was given under.
    notice_version: String,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<Instant>,
    /// Channel it came by.
    channel: String,
}

impl From<pb::Consent> for ConsentView {
    fn from(consent: pb::Consent) -> Self {
        let pb::Consent {
            purpose,
            given,
            notice_version,
            changed_at,
            channel,
        } = consent;
        Self {
            purpose,
            given,
            notice_version,
            changed_at: instant(changed_at),
            channel,
        }
    }
}
