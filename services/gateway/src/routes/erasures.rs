//! To be forgotten (PIPL Art. 47): asking for it, deciding it, and what is kept under lock all the same.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{customers::SourceRecordView, paging};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Json, Path, Query},
    problem::Answer,
    state::App,
    values::{Instant, instant, views},
};

/// Why somebody asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureBody {
    /// purpose_ended, service_ended, consent_withdrawn, unlawful or other.
    #[schema(example = "service_ended")]
    ground: String,
}

/// A duty to keep records, from a day on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RunningDuty)]
pub(crate) struct RunningDutyView {
    /// Code of `GET /v1/retention-duties`.
    #[schema(example = "repair_record")]
    code: String,
    /// The day from which its term runs, YYYY-MM-DD.
    #[schema(example = "2025-03-05")]
    since: String,
}

impl From<pb::RunningDuty> for RunningDutyView {
    fn from(pb::RunningDuty { code, since }: pb::RunningDuty) -> Self {
        Self { code, since }
    }
}

/// A request to be forgotten.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
pub(crate) struct ErasureView {
    /// Id.
    id: String,
    /// The customer, as his id was when he asked.
    customer_id: String,
    /// requested, restricted (locked away until the law lets go), erased or refused.
    #[schema(example = "requested")]
    state: String,
    /// Why he asks.
    ground: String,
    /// `self`, or who asked for him.
    requested_by: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_at: Option<Instant>,
    /// When it must be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Instant>,
    /// Who decided; empty until then.
    #[serde(skip_serializing_if = "String::is_empty")]
    decided_by: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Instant>,
    /// Why it was decided so.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// The duties for which he is locked away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duties: Vec<RunningDutyView>,
    /// The day on which he is erased at last, YYYY-MM-DD.
    #[serde(skip_serializing_if = "String::is_empty")]
    kept_until: String,
}

impl From<pb::Erasure> for ErasureView {
    fn from(erasure: pb::Erasure) -> Self {
        let pb::Erasure {
            id,
            customer_id,
            state,
            ground,
            requested_by,
            requested_at,
            due_at,
            decided_by,
            decided_at,
            reason,
            duties,
            kept_until,
        } = erasure;
        Self {
            id,
            customer_id,
            state,
            ground,
            requested_by,
            requested_at: instant(requested_at),
            due_at: instant(due_at),
            decided_by,
            decided_at: instant(decided_at),
            reason,
            duties: views(duties),
            kept_until,
        }
    }
}

/// Ask to be forgotten. While a request waits, asking again answers with it.
#[utoipa::path(post, path = "/v1/me/erasure", tag = "me",
    request_body = ErasureBody,
    responses((status = 200, description = "The request, to be decided by its `due_at`", body = ErasureView)))]
pub(crate) async fn request_my_erasure(
    State(app): State<App>,
    call: Call,
    Json(ErasureBody { ground }): Json<ErasureBody>,
) -> Answer {
    let id = call.own_customer()?;
    request(&app, &call, id, ground).await
}

/// What became of my last request to be forgotten. Answers also when nothing else of me does any more.
#[utoipa::path(get, path = "/v1/me/erasure", tag = "me",
    responses((status = 200, description = "The request", body = ErasureView)))]
pub(crate) async fn get_my_erasure(State(app): State<App>, call: Call) -> Answer {
    call.own_customer()?;
    find(&app, &call, String::new()).await
}

/// Ask for a customer to be forgotten, in his name.
#[utoipa::path(post, path = "/v1/customers/{id}/erasure", tag = "customers",
    params(("id" = String, Path, description = "Customer id")),
    request_body = ErasureBody,
    responses((status = 200, description = "The request, to be decided by its `due_at`", body = ErasureView)))]
pub(crate) async fn request_erasure(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
    Json(ErasureBody { ground }): Json<ErasureBody>,
) -> Answer {
    request(&app, &call, id, ground).await
}

async fn request(app: &App, call: &Call, customer_id: String, ground: String) -> Answer {
    let request = pb::RequestErasureRequest {
        customer_id,
        ground,
    };
    let asked = app
        .clients
        .rights
        .write(call, request, |mut client, request| async move {
            client.request_erasure(request).await
        });
    let erasure = asked.await?.erasure.unwrap_or_default();
    ok(&ErasureView::from(erasure))
}

/// One request to be forgotten.
#[utoipa::path(get, path = "/v1/erasures/{id}", tag = "customers",
    params(("id" = String, Path, description = "The request")),
    responses((status = 200, description = "The request", body = ErasureView)))]
pub(crate) async fn get_erasure(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
) -> Answer {
    find(&app, &call, id).await
}

async fn find(app: &App, call: &Call, erasure_id: String) -> Answer {
    let request = pb::GetErasureRequest { erasure_id };
    let get = app
        .clients
        .rights
        .read(call, request, |mut client, request| async move {
            client.get_erasure(request).await
        });
    let erasure = get.await?.erasure.unwrap_or_default();
    ok(&ErasureView::from(erasure))
}

/// Which requests.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ErasuresQuery {
    /// requested (default), restricted, erased or refused.
    state: String,
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// A page of requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErasurePage {
    /// What is due first comes first.
    erasures: Vec<ErasureView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Requests to be forgotten: what is due first comes first.
#[utoipa::path(get, path = "/v1/erasures", tag = "customers", params(ErasuresQuery),
    responses((status = 200, description = "A page of requests", body = ErasurePage)))]
pub(crate) async fn list_erasures(
    State(app): State<App>,
    call: Call,
    Query(query): Query<ErasuresQuery>,
) -> Answer {
    let request = pb::ListErasuresRequest {
        state: query.state,
        page_size: paging::size(query.page_size),
        page_token: query.page_token,
    };
    let list = app
        .clients
        .rights
        .read(&call, request, |mut client, request| async move {
            client.list_erasures(request).await
        });
    let pb::ListErasuresResponse {
        erasures,
        next_page_token,
    } = list.await?;
    ok(&ErasurePage {
        erasures: views(erasures),
        next_page_token,
    })
}

/// What headquarters decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ErasureDecision)]
pub(crate) struct DecisionBody {
    /// erase, restrict or refuse.
    #[schema(example = "restrict")]
    decision: String,
    /// Why; the person is told it. At least ten characters.
    #[schema(example = "the repair records of 2025 must be kept for six years")]
    reason: String,
    /// For restrict: the duties that still run.
    #[serde(default)]
    duties: Vec<RunningDutyView>,
}

/// Decide a request: erase the customer, lock him away until the law lets go of him, or refuse.
///
/// Erased and locked away he is gone from every part of the system within a minute, and what dealers' systems send under his
/// keys is left out with the outcome `erased`. It cannot be taken back.
#[utoipa::path(post, path = "/v1/erasures/{id}/decision", tag = "customers",
    params(("id" = String, Path, description = "The request")),
    request_body = DecisionBody,
    responses((status = 200, description = "The request as decided", body = ErasureView)))]
pub(crate) async fn decide_erasure(
    State(app): State<App>,
    call: Call,
    Path(erasure_id): Path<String>,
    Json(body): Json<DecisionBody>,
) -> Answer {
    let DecisionBody {
        decision,
        reason,
        duties,
    } = body;
    let duty = |RunningDutyView { code, since }| pb::RunningDuty { code, since };
    let request = pb::DecideErasureRequest {
        erasure_id,
        decision,
        reason,
        duties: duties.into_iter().map(duty).collect(),
    };
    let decide = app
        .clients
        .rights
        .write(&call, request, |mut client, request| async move {
            client.decide_erasure(request).await
        });
    let erasure = decide.await?.erasure.unwrap_or_default();
    ok(&ErasureView::from(erasure))
}

/// Why what is locked away is opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// At least ten characters; goes on record.
    #[schema(example = "the market regulator asks for the repair record")]
    reason: String,
}

/// What is locked away.
#[derive(Serialize, ToSchema)]
pub(crate) struct RestrictedRecords {
    /// The records as they came.
    source_records: Vec<SourceRecordView>,
}

/// Open what is locked away of a customer, against a reason that goes on record.
#[utoipa::path(post, path = "/v1/erasures/{id}/restricted-records", tag = "customers",
    params(("id" = String, Path, description = "The request")),
    request_body = OpenBody,
    responses((status = 200, description = "The records", body = RestrictedRecords)))]
pub(crate) async fn open_restricted(
    State(app): State<App>,
    call: Call,
    Path(erasure_id): Path<String>,
    Json(OpenBody { reason }): Json<OpenBody>,
) -> Answer {
    let request = pb::OpenRestrictedRequest { erasure_id, reason };
    let open = app
        .clients
        .rights
        .write(&call, request, |mut client, request| async move {
            client.open_restricted(request).await
        });
    ok(&RestrictedRecords {
        source_records: views(open.await?.source_records),
    })
}

/// A duty to keep records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RetentionDuty)]
pub(crate) struct DutyView {
    /// Code.
    #[schema(example = "repair_record")]
    code: String,
    /// What is to be kept.
    records: String,
    /// For how many years.
    years: i32,
    /// The day from which they run.
    since: String,
    /// The law or contract that wants it.
    source: String,
    /// Since when that is in force.
    in_force_from: String,
}

impl From<pb::Duty> for DutyView {
    fn from(duty: pb::Duty) -> Self {
        let pb::Duty {
            code,
            records,
            years,
            since,
            source,
            in_force_from,
        } = duty;
        Self {
            code,
            records,
            years,
            since,
            source,
            in_force_from,
        }
    }
}

/// The duties to keep records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetentionDuties {
    /// All of them.
    duties: Vec<DutyView>,
    /// The day on which they were last compared with the law.
    checked_on: String,
}

/// The duties to keep records, for which people are locked away instead of erased.
#[utoipa::path(get, path = "/v1/retention-duties", tag = "customers",
    responses((status = 200, description = "The duties", body = RetentionDuties)))]
pub(crate) async fn list_retention_duties(State(app): State<App>, call: Call) -> Answer {
    let list = app.clients.rights.read(
        &call,
        pb::ListRetentionRequest {},
        |mut client, request| async move { client.list_retention(request).await },
    );
    let pb::ListRetentionResponse { duties, checked_on } = list.await?;
    ok(&RetentionDuties {
        duties: views(duties),
        checked_on,
    })
}
