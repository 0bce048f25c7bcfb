//! Moving a case, correcting it, and notes.

use axum::extract::State;
use marque_api::complaint::v1 as pb;
use serde::Deserialize;
use utoipa::ToSchema;

use super::views::ComplaintView;
use crate::{
    answer::{Preconditions, ok, tagged},
    edge::Call,
    extract::{Json, Path},
    problem::Answer,
    state::App,
};

/// Where a case is to go.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TransitionBody {
    /// State, such as acknowledged, in_progress, waiting_parts, resolved.
    #[schema(example = "acknowledged")]
    to: String,
    /// Why, or what was done; some moves need it.
    note: String,
    /// customer, parts or oem, where `to` is waiting.
    waiting_for: String,
    /// With followed_up, closed or reopened: satisfaction with the resolution, 1 to 5.
    satisfaction_resolution: i32,
    /// And with the handling.
    satisfaction_handling: i32,
    /// The note was said to the customer, such as what he is asked: he sees it, and it counts as a note with `told_customer`.
    told_customer: bool,
}

/// Move a case to another state. A forbidden move is refused with the allowed ones.
#[utoipa::path(post, path = "/v1/complaints/{id}/transitions", tag = "complaints",
    params(("id" = String, Path, description = "Id or number")),
    request_body = TransitionBody,
    responses((status = 200, description = "As it now stands", body = ComplaintView)))]
pub(crate) async fn move_complaint(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
    Json(body): Json<TransitionBody>,
) -> Answer {
    let TransitionBody {
        to,
        note,
        waiting_for,
        satisfaction_resolution,
        satisfaction_handling,
        told_customer,
    } = body;
    let request = pb::MoveComplaintRequest {
        id,
        to,
        note,
        waiting_for,
        satisfaction_resolution,
        satisfaction_handling,
        expected_version: conditions.expected_version()?.unwrap_or(0),
        told_customer,
    };
    let moved = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.move_complaint(request).await
        });
    let moved = moved.await.map_err(|failure| conditions.told(failure))?;
    answer(moved.complaint)
}

/// What is to be other than it is; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AmendmentBody {
    /// low, medium, high or critical.
    severity: String,
    /// Code of the category tree.
    category: String,
    /// Department.
    department: String,
    /// Part.
    part: String,
    /// Fault.
    fault: String,
    /// vip, major, ordinary or small.
    tier: String,
    /// VIN.
    vin: String,
    /// Visit it is about.
    visit_id: String,
    /// phone, visit, wechat, callback, web, app, email, letter, regulator, press or other.
    channel: String,
    /// Source system of customer_key.
    source: String,
    /// Who complains, by his key there; needs a note.
    customer_key: String,
    /// Or by the customer.
    customer_id: String,
    /// Dealer whose case it is to be: for a region, among its dealers, and for headquarters; needs a note.
    dealer: String,
    /// What is to be empty from now on: vin, visit_id, part or fault.
    clear: Vec<String>,
    /// Why.
    note: String,
}

/// Correct severity, category, department, part, fault or tier, and what was typed wrong at the desk: vehicle, visit, channel, who
/// complains. Clocks that run have the new times. A region or headquarters hands a case over to another dealer.
#[utoipa::path(post, path = "/v1/complaints/{id}/amendments", tag = "complaints",
    params(("id" = String, Path, description = "Id or number")),
    request_body = AmendmentBody,
    responses((status = 200, description = "As it now stands", body = ComplaintView)))]
pub(crate) async fn amend_complaint(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
    Json(body): Json<AmendmentBody>,
) -> Answer {
    let AmendmentBody {
        severity,
        category,
        department,
        part,
        fault,
        tier,
        vin,
        visit_id,
        channel,
        source,
        customer_key,
        customer_id,
        dealer,
        clear,
        note,
    } = body;
    let request = pb::AmendComplaintRequest {
        id,
        severity,
        category,
        department,
        part,
        fault,
        note,
        expected_version: conditions.expected_version()?.unwrap_or(0),
        tier,
        vin,
        visit_id,
        channel,
        source,
        customer_key,
        customer_id,
        clear,
        dealer,
    };
    let amended = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.amend_complaint(request).await
        });
    let amended = amended.await.map_err(|failure| conditions.told(failure))?;
    answer(amended.complaint)
}

/// A note.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NoteBody {
    /// What is to be noted.
    #[serde(alias = "text")]
    note: String,
    /// The customer was told: the first response to him, and the next word is due anew.
    told_customer: bool,
    /// He was given the reasoned answer that the law asks for within ten working days.
    law_answer: bool,
}

/// Write a note into the course of a case.
#[utoipa::path(post, path = "/v1/complaints/{id}/notes", tag = "complaints",
    params(("id" = String, Path, description = "Id or number")),
    request_body = NoteBody,
    responses((status = 200, description = "As it now stands", body = ComplaintView)))]
pub(crate) async fn add_complaint_note(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
    Json(NoteBody {
        note,
        told_customer,
        law_answer,
    }): Json<NoteBody>,
) -> Answer {
    let request = pb::AddNoteRequest {
        id,
        note,
        told_customer,
        law_answer,
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let noted = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.add_note(request).await
        });
    let noted = noted.await.map_err(|failure| conditions.told(failure))?;
    answer(noted.complaint)
}

/// The case as it now stands, with its version as ETag.
pub(super) fn answer(complaint: Option<pb::Complaint>) -> Answer {
    let complaint = complaint.unwrap_or_default();
    let version = complaint.version;
    Ok(tagged(ok(&ComplaintView::from(complaint))?, version))
}
