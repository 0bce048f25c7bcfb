//! Who is one and who is two: merge, split, undo.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::CustomerView;
use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::{Json, Path, Query},
    problem::Answer,
    state::App,
    values::views,
};

/// Which customer stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeBody {
    /// The customer that stays.
    into: String,
    /// Why; goes on record.
    #[serde(default)]
    reason: String,
    /// Tell what would be, and change nothing.
    #[serde(default)]
    preview: bool,
}

/// Which records leave.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitBody {
    /// Records that leave.
    source_record_ids: Vec<String>,
    /// Why; goes on record.
    #[serde(default)]
    reason: String,
    /// Tell what would be, and change nothing.
    #[serde(default)]
    preview: bool,
}

/// A merge as it was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Merged {
    /// For `POST /v1/merges/{id}/undo`; left out of a preview.
    #[schema(example = "mrg_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    #[serde(skip_serializing_if = "String::is_empty")]
    merge_id: String,
    /// The customer that stays.
    customer: CustomerView,
}

/// A split as it was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Parted {
    /// For `POST /v1/merges/{id}/undo`; left out of a preview.
    #[schema(example = "mrg_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    #[serde(skip_serializing_if = "String::is_empty")]
    merge_id: String,
    /// The new customer.
    customer: CustomerView,
    /// The customer whose records left, as he is then.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<CustomerView>,
}

/// The customers of an undone merge or split.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Undone {
    /// As they are again.
    customers: Vec<CustomerView>,
}

/// Merge a customer into another. It can be undone.
#[utoipa::path(post, path = "/v1/customers/{id}/merge", tag = "customers",
    params(("id" = String, Path, description = "The customer that goes")),
    request_body = MergeBody,
    responses((status = 200, description = "The customer that stays", body = Merged)))]
pub(crate) async fn merge_customer(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(customer_id): Path<String>,
    Json(MergeBody {
        into,
        reason,
        preview,
    }): Json<MergeBody>,
) -> Answer {
    let request = pb::MergeRequest {
        customer_id,
        into,
        reason,
        preview,
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let merge = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.merge(request).await
        });
    let pb::MergeResponse { merge_id, customer } =
        merge.await.map_err(|failure| conditions.told(failure))?;
    ok(&Merged {
        merge_id,
        customer: customer.unwrap_or_default().into(),
    })
}

/// Part source records from a customer into a new one. It can be undone.
#[utoipa::path(post, path = "/v1/customers/{id}/split", tag = "customers",
    params(("id" = String, Path, description = "The customer that is split")),
    request_body = SplitBody,
    responses((status = 200, description = "The new customer, and the other as he is then", body = Parted)))]
pub(crate) async fn split_customer(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(customer_id): Path<String>,
    Json(SplitBody {
        source_record_ids,
        reason,
        preview,
    }): Json<SplitBody>,
) -> Answer {
    let request = pb::SplitRequest {
        customer_id,
        source_record_ids,
        reason,
        preview,
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let split = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.split(request).await
        });
    let pb::SplitResponse {
        merge_id,
        customer,
        remaining,
    } = split.await.map_err(|failure| conditions.told(failure))?;
    ok(&Parted {
        merge_id,
        customer: customer.unwrap_or_default().into(),
        remaining: remaining.map(CustomerView::from),
    })
}

/// How to undo.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UndoQuery {
    /// Tell what would be, and change nothing.
    preview: bool,
}

/// Undo a merge or split.
#[utoipa::path(post, path = "/v1/merges/{id}/undo", tag = "customers",
    params(("id" = String, Path, description = "The merge or split"), UndoQuery),
    responses((status = 200, description = "The customers as they are again", body = Undone)))]
pub(crate) async fn undo_merge(
    State(app): State<App>,
    call: Call,
    Path(merge_id): Path<String>,
    Query(UndoQuery { preview }): Query<UndoQuery>,
) -> Answer {
    let request = pb::UndoRequest { merge_id, preview };
    let undo = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.undo(request).await
        });
    ok(&Undone {
        customers: views(undo.await?.customers),
    })
}
