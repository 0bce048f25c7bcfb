//! The steward's word on a pair.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::DuplicateView;
use crate::{
    answer::ok,
    edge::Call,
    extract::{Json, Path},
    problem::Answer,
    state::App,
};

/// The word.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionBody {
    /// same (they are merged), different (never proposed again) or later. A word against another steward's puts the pair in
    /// dispute, for headquarters to settle.
    #[schema(example = "same")]
    decision: String,
    /// Why; goes on record.
    #[serde(default)]
    reason: String,
}

/// The pair as decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    /// The pair.
    duplicate: DuplicateView,
    /// The merge, if there was one.
    #[serde(skip_serializing_if = "String::is_empty")]
    merge_id: String,
}

/// Say whether a pair is one customer or two.
#[utoipa::path(post, path = "/v1/duplicates/{id}/decision", tag = "duplicates",
    params(("id" = String, Path, description = "The pair")),
    request_body = DecisionBody,
    responses((status = 200, description = "The pair as decided", body = Decided)))]
pub(crate) async fn decide_duplicate(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
    Json(DecisionBody { decision, reason }): Json<DecisionBody>,
) -> Answer {
    let request = pb::DecideDuplicateRequest {
        id,
        decision,
        reason,
    };
    let decide = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.decide_duplicate(request).await
        });
    let pb::DecideDuplicateResponse {
        duplicate,
        merge_id,
    } = decide.await?;
    ok(&Decided {
        duplicate: duplicate.unwrap_or_default().into(),
        merge_id,
    })
}
