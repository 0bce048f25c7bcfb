//! One visit, live.

use std::collections::BTreeMap;

use axum::extract::State;
use marque_api::service_history::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::VisitView;
use crate::{
    answer::{Preconditions, located, ok, tagged},
    edge::Call,
    extract::Json,
    problem::Answer,
    state::App,
    values::{Text, outcome_name},
    yuan::Yuan,
};

/// A visit as the dealer's system has it: text as typed. What it does not know it leaves out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VisitRow {
    /// Dealer.
    #[schema(example = "D001")]
    dealer: String,
    /// Source system.
    #[schema(example = "dms")]
    source: String,
    /// Repair order number.
    #[schema(example = "RO-2026-0815")]
    order_number: String,
    /// VIN.
    vin: String,
    /// Source key of the customer at this dealer.
    customer_key: String,
    /// maintenance, repair, accident, warranty, recall, detailing or inspection, or the words that workshops use, such as 保养.
    kind: String,
    /// In.
    opened_at: String,
    /// Out.
    closed_at: String,
    /// Odometer in km.
    odometer_km: Text,
    /// Service adviser.
    adviser: String,
    /// The customer's own words.
    complaint_text: String,
    /// What was found.
    diagnosis: String,
    /// Total in yuan, such as `129.00`, or with its currency.
    amount: Yuan,
    /// Labour, parts and other lines.
    lines: Vec<LineRow>,
    /// towing, substitute, transport_hours, signatures, next_advice, and columns of the dealer's own.
    extra: BTreeMap<String, String>,
}

/// One line of a repair order; written back as it came, for the column `lines` of a row.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LineRow {
    /// labour, part or other.
    #[schema(example = "labour")]
    #[serde(skip_serializing_if = "String::is_empty")]
    line_kind: String,
    /// Labour code or part number.
    #[serde(skip_serializing_if = "String::is_empty")]
    code: String,
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// Hours of labour, number of parts.
    #[serde(skip_serializing_if = "Text::is_empty")]
    quantity: Text,
    /// Price of one in yuan, or with its currency.
    #[serde(skip_serializing_if = "Yuan::is_empty")]
    unit_price: Yuan,
    /// Technician who did it.
    #[serde(skip_serializing_if = "String::is_empty")]
    technician: String,
    /// customer, warranty, insurance or internal, or a usual word for one of them.
    #[serde(skip_serializing_if = "String::is_empty")]
    payer: String,
    /// Fault the line answers.
    #[serde(skip_serializing_if = "String::is_empty")]
    fault_code: String,
}

impl From<VisitRow> for pb::PutVisitRequest {
    fn from(row: VisitRow) -> Self {
        let VisitRow {
            dealer,
            source,
            order_number,
            vin,
            customer_key,
            kind,
            opened_at,
            closed_at,
            odometer_km: Text(odometer_km),
            adviser,
            complaint_text,
            diagnosis,
            amount: Yuan(Text(amount)),
            lines,
            extra,
        } = row;
        let lines = lines_column(&lines);
        let columns = pb::VisitColumns {
            order_number,
            vin,
            customer_key,
            kind,
            opened_at,
            closed_at,
            odometer_km,
            adviser,
            complaint_text,
            diagnosis,
            amount,
            lines,
            extra,
        };
        Self {
            dealer,
            source,
            columns: Some(columns),
            expected_version: 0,
        }
    }
}

/// The lines as a row of a file has them: a JSON array, or nothing.
fn lines_column(lines: &[LineRow]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    serde_json::to_string(lines).expect("lines are texts")
}

/// What became of a visit that was put.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutVisit {
    /// As stored.
    visit: VisitView,
    /// accepted, accepted_with_findings, quarantined or unchanged.
    #[schema(example = "accepted")]
    outcome: &'static str,
}

/// Create or correct a visit, found by dealer and order number. A correction keeps the earlier version.
///
/// With `If-None-Match: *` it is only put where there is none yet.
#[utoipa::path(post, path = "/v1/visits", tag = "visits", request_body = VisitRow,
    responses((status = 200, description = "As stored", body = PutVisit)))]
pub(crate) async fn put_visit(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(row): Json<VisitRow>,
) -> Answer {
    let request = pb::PutVisitRequest {
        expected_version: conditions.replaced_version()?,
        ..row.into()
    };
    let put = app
        .clients
        .visits
        .write(&call, request, |mut client, request| async move {
            client.put_visit(request).await
        });
    let response = put.await.map_err(|failure| conditions.told(failure))?;
    let outcome = outcome_name(response.outcome());
    let visit = response.visit.unwrap_or_default();
    let (path, version) = (format!("/v1/visits/{}", visit.id), visit.version);
    let answer = ok(&PutVisit {
        visit: visit.into(),
        outcome,
    })?;
    Ok(located(tagged(answer, version), path))
}
