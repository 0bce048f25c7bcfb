//! Staff of a dealer: put, list.

use axum::extract::State;
use marque_api::network::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::views::{StaffBody, StaffView};
use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::{Json, Path, Query},
    problem::Answer,
    routes::paging::Paging,
    state::App,
    values::views,
};

/// Create or replace a member of staff.
///
/// With `If-None-Match: *` none is replaced.
#[utoipa::path(put, path = "/v1/dealers/{dealer}/staff/{code}", tag = "network",
    params(
        ("dealer" = String, Path, description = "Code of the dealer", example = "D001"),
        ("code" = String, Path, description = "Code of the person in the dealer's system", example = "S17")),
    request_body = StaffBody,
    responses((status = 200, description = "As stored", body = StaffView)))]
pub(crate) async fn put_staff(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path((dealer, code)): Path<(String, String)>,
    Json(body): Json<StaffBody>,
) -> Answer {
    let request = pb::PutStaffRequest {
        staff: Some(body.into_pb(dealer, code)),
        only_new: conditions.wants_absence(),
    };
    let put = app
        .clients
        .network
        .write(&call, request, |mut client, request| async move {
            client.put_staff(request).await
        });
    let put = put.await.map_err(|failure| conditions.told(failure))?;
    ok(&StaffView::from(put.staff.unwrap_or_default()))
}

/// A page of staff.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffPage {
    /// By code.
    staff: Vec<StaffView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Staff of a dealer, by code.
#[utoipa::path(get, path = "/v1/dealers/{dealer}/staff", tag = "network",
    params(("dealer" = String, Path, description = "Code of the dealer", example = "D001"), Paging),
    responses((status = 200, description = "A page of staff", body = StaffPage)))]
pub(crate) async fn list_staff(
    State(app): State<App>,
    call: Call,
    Path(dealer): Path<String>,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListStaffRequest {
        dealer,
        page_size,
        page_token,
    };
    let list = app
        .clients
        .network
        .read(&call, request, |mut client, request| async move {
            client.list_staff(request).await
        });
    let pb::ListStaffResponse {
        staff,
        next_page_token,
    } = list.await?;
    ok(&StaffPage {
        staff: views(staff),
        next_page_token,
    })
}
