//! Is this somebody known? Asked while a clerk types.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::ok, edge::Call, extract::Json, problem::Answer, routes::source_records::CustomerRow,
    state::App,
};

/// Who asks, and the row as far as it is typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckBody {
    /// Dealer who asks.
    #[schema(example = "D001")]
    dealer: String,
    /// The row.
    record: CustomerRow,
}

/// Whether he is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checked {
    /// known, likely or none. Says nothing of a customer whom the caller does not see.
    #[schema(example = "likely")]
    verdict: String,
    /// The customer, if the caller sees him already.
    #[serde(skip_serializing_if = "String::is_empty")]
    customer_id: String,
}

/// Ask whether a row is somebody known, before it is written.
#[utoipa::path(post, path = "/v1/duplicates/check", tag = "duplicates",
    request_body = CheckBody,
    responses((status = 200, description = "Whether he is known", body = Checked)))]
pub(crate) async fn check_duplicate(
    State(app): State<App>,
    call: Call,
    Json(CheckBody { dealer, record }): Json<CheckBody>,
) -> Answer {
    let request = pb::CheckDuplicateRequest {
        dealer,
        columns: Some(record.into()),
    };
    let check = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.check_duplicate(request).await
        });
    let pb::CheckDuplicateResponse {
        verdict,
        customer_id,
    } = check.await?;
    ok(&Checked {
        verdict,
        customer_id,
    })
}
