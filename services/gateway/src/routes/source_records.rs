//! Source records, live: one row of a dealer's customers at a time.

use std::collections::BTreeMap;

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Preconditions, ok, tagged},
    edge::Call,
    extract::{Json, Path},
    problem::Answer,
    state::App,
    values::{FindingView, outcome_name, views},
};

/// A customer's row as the dealer's system has it: text as typed. What it does not know it leaves out.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = CustomerColumns)]
pub(crate) struct CustomerRow {
    /// person or organization; found out if not said.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(example = "person")]
    kind: String,
    /// Full name as written.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// Resident ID number or other document.
    #[serde(skip_serializing_if = "String::is_empty")]
    id_number: String,
    /// Unified social credit code.
    #[serde(skip_serializing_if = "String::is_empty")]
    credit_code: String,
    /// First phone.
    #[serde(skip_serializing_if = "String::is_empty")]
    phone: String,
    /// Second phone.
    #[serde(skip_serializing_if = "String::is_empty")]
    phone2: String,
    /// E-mail.
    #[serde(skip_serializing_if = "String::is_empty")]
    email: String,
    /// WeChat id.
    #[serde(skip_serializing_if = "String::is_empty")]
    wechat: String,
    /// Gender.
    #[serde(skip_serializing_if = "String::is_empty")]
    gender: String,
    /// Birthday.
    #[serde(skip_serializing_if = "String::is_empty")]
    birthday: String,
    /// Address.
    #[serde(skip_serializing_if = "String::is_empty")]
    address: String,
    /// Division code of GB/T 2260.
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
    /// What the customer asked for, or asked us never to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    explicit_requests: String,
    /// Special needs.
    #[serde(skip_serializing_if = "String::is_empty")]
    special_needs: String,
    /// How he came.
    #[serde(skip_serializing_if = "String::is_empty")]
    acquisition_channel: String,
    /// Source key of who referred him.
    #[serde(skip_serializing_if = "String::is_empty")]
    referrer_key: String,
    /// Contact person of an organisation.
    #[serde(skip_serializing_if = "String::is_empty")]
    contact_name: String,
    /// Plate of a car of his.
    #[serde(skip_serializing_if = "String::is_empty")]
    plate: String,
    /// VIN of a car of his.
    #[serde(skip_serializing_if = "String::is_empty")]
    vin: String,
    /// Who typed it.
    #[serde(skip_serializing_if = "String::is_empty")]
    clerk: String,
    /// When it was typed at the dealer.
    #[serde(skip_serializing_if = "String::is_empty")]
    recorded_at: String,
    /// Columns of the dealer's own, kept as they come.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<String, String>,
}

impl From<CustomerRow> for pb::CustomerColumns {
    fn from(row: CustomerRow) -> Self {
        let CustomerRow {
            kind,
            name,
            id_number,
            credit_code,
            phone,
            phone2,
            email,
            wechat,
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
            referrer_key,
            contact_name,
            plate,
            vin,
            clerk,
            recorded_at,
            extra,
        } = row;
        Self {
            kind,
            name,
            id_number,
            credit_code,
            phone,
            phone2,
            email,
            wechat,
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
            referrer_key,
            contact_name,
            plate,
            vin,
            clerk,
            recorded_at,
            extra,
        }
    }
}

impl From<pb::CustomerColumns> for CustomerRow {
    fn from(columns: pb::CustomerColumns) -> Self {
        let pb::CustomerColumns {
            kind,
            name,
            id_number,
            credit_code,
            phone,
            phone2,
            email,
            wechat,
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
            referrer_key,
            contact_name,
            plate,
            vin,
            clerk,
            recorded_at,
            extra,
        } = columns;
        Self {
            kind,
            name,
            id_number,
            credit_code,
            phone,
            phone2,
            email,
            wechat,
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
            referrer_key,
            contact_name,
            plate,
            vin,
            clerk,
            recorded_at,
            extra,
        }
    }
}

/// What became of a record that was put.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutRecord {
    /// The record.
    #[schema(example = "src_5f0c6b0e7a8b5c1d9e2f3a4b5c6d7e8f")]
    source_record_id: String,
    /// The customer it belongs to.
    #[schema(example = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    customer_id: String,
    /// accepted, accepted_with_findings, quarantined or unchanged.
    #[schema(example = "accepted")]
    outcome: &'static str,
    /// Remarks.
    findings: Vec<FindingView>,
    /// Grows with each change of the record.
    version: i64,
}

impl From<pb::PutSourceRecordResponse> for PutRecord {
    fn from(response: pb::PutSourceRecordResponse) -> Self {
        let outcome = outcome_name(response.outcome());
        let pb::PutSourceRecordResponse {
            source_record_id,
            customer_id,
            outcome: _,
            findings,
            version,
        } = response;
        Self {
            source_record_id,
            customer_id,
            outcome,
            findings: views(findings),
            version,
        }
    }
}

/// Put one customer record, live.
///
/// The record is found by dealer, source system and key; the same record again changes nothing and says `unchanged`.
/// With `If-None-Match: *` it is only put where there is none yet.
#[utoipa::path(put, path = "/v1/source-records/{dealer}/{source}/{key}", tag = "customers",
    params(
        ("dealer" = String, Path, description = "Code of the dealer", example = "D001"),
        ("source" = String, Path, description = "Source system at the dealer", example = "dms"),
        ("key" = String, Path, description = "Key of the record in that system: not a phone, a plate or a name", example = "C-1024")),
    request_body = CustomerRow,
    responses((status = 200, description = "What became of it", body = PutRecord)))]
pub(crate) async fn put_source_record(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path((dealer, source, key)): Path<(String, String, String)>,
    Json(row): Json<CustomerRow>,
) -> Answer {
    let request = pb::PutSourceRecordRequest {
        dealer,
        source,
        key,
        columns: Some(row.into()),
        expected_version: conditions.replaced_version()?,
    };
    let put = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.put_source_record(request).await
        });
    let put = put.await.map_err(|failure| conditions.told(failure))?;
    let record = PutRecord::from(put);
    let version = record.version;
    Ok(tagged(ok(&record)?, version))
}
