//! Compensations of a case: asked for, approved, refused.

use axum::extract::State;
use http::StatusCode;
use marque_api::complaint::v1 as pb;
use marque_core::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Preconditions, json, ok},
    edge::Call,
    extract::{Json, Path},
    problem::{Answer, Failure},
    state::App,
    values::{Instant, MoneyView, instant},
    yuan::Yuan,
};

/// What is done for a customer beyond the repair.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintCompensation)]
pub(crate) struct CompensationView {
    /// Id.
    id: String,
    /// money, voucher, goods, service or other.
    #[schema(example = "voucher")]
    kind: String,
    /// Its worth.
    amount: MoneyView,
    /// asked, approved or refused.
    #[schema(example = "asked")]
    state: String,
    /// Why.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// Who asked.
    asked_by: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_at: Option<Instant>,
    /// Who approved or refused it.
    #[serde(skip_serializing_if = "String::is_empty")]
    decided_by: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Instant>,
    /// What he said.
    #[serde(skip_serializing_if = "String::is_empty")]
    decision_note: String,
    /// Roles whose limit covers it, while it is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    may_decide: Vec<String>,
}

impl From<pb::Compensation> for CompensationView {
    fn from(compensation: pb::Compensation) -> Self {
        let pb::Compensation {
            id,
            kind,
            amount_minor,
            state,
            reason,
            asked_by,
            asked_at,
            decided_by,
            decided_at,
            decision_note,
            may_decide,
        } = compensation;
        Self {
            id,
            kind,
            amount: MoneyView::cny(amount_minor),
            state,
            reason,
            asked_by,
            asked_at: instant(asked_at),
            decided_by,
            decided_at: instant(decided_at),
            decision_note,
            may_decide,
        }
    }
}

/// What is asked for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CompensationBody {
    /// money, voucher, goods, service or other.
    #[schema(example = "voucher")]
    kind: String,
    /// Its worth in yuan, at most two decimals, or with its currency.
    amount: Yuan,
    /// Why.
    reason: String,
}

/// Ask for a compensation. What the caller's own limit covers is approved at once.
///
/// Limits count what the case was given in all: many small ones are a large one.
#[utoipa::path(post, path = "/v1/complaints/{id}/compensations", tag = "complaints",
    params(("id" = String, Path, description = "Id or number")),
    request_body = CompensationBody,
    responses((status = 201, description = "The compensation, asked for or approved", body = CompensationView)))]
pub(crate) async fn ask_compensation(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
    Json(body): Json<CompensationBody>,
) -> Answer {
    let CompensationBody {
        kind,
        amount,
        reason,
    } = body;
    let amount_minor = Money::parse_minor(amount.0.0.trim())
        .map_err(|error| Failure::field("amount", "FORMAT", error.to_string()))?;
    let request = pb::AskCompensationRequest {
        id,
        kind,
        amount_minor,
        reason,
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let asked = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.ask_compensation(request).await
        });
    let asked = asked.await.map_err(|failure| conditions.told(failure))?;
    let compensation = asked.compensation.unwrap_or_default();
    Ok(json(
        StatusCode::CREATED,
        &CompensationView::from(compensation),
    ))
}

/// What is decided.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VerdictBody {
    /// approve or refuse.
    #[schema(example = "approve")]
    decision: String,
    /// Why; needed to refuse.
    note: String,
}

/// Approve or refuse a compensation that was asked for. Whose limit covers it may.
#[utoipa::path(post, path = "/v1/complaints/{id}/compensations/{compensation}/decision", tag = "complaints",
    params(("id" = String, Path, description = "Id or number"), ("compensation" = String, Path, description = "The compensation")),
    request_body = VerdictBody,
    responses((status = 200, description = "As it now stands", body = CompensationView)))]
pub(crate) async fn decide_compensation(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path((id, compensation_id)): Path<(String, String)>,
    Json(VerdictBody { decision, note }): Json<VerdictBody>,
) -> Answer {
    let request = pb::DecideCompensationRequest {
        id,
        compensation_id,
        decision,
        note,
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let decided = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.decide_compensation(request).await
        });
    let decided = decided.await.map_err(|failure| conditions.told(failure))?;
    let compensation = decided.compensation.unwrap_or_default();
    ok(&CompensationView::from(compensation))
}
