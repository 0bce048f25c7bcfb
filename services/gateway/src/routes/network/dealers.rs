//! Dealers: put, get, list.

use axum::extract::State;
use http::StatusCode;
use marque_api::network::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{DealerBody, DealerView};
use crate::{
    answer::{Preconditions, json, ok, tagged},
    edge::Call,
    extract::{Json, Path, Query},
    problem::{Answer, Failure},
    routes::paging,
    state::App,
    values::views,
};

/// Create or replace a dealer.
///
/// With `If-Match` only the version that was read is replaced; with `If-None-Match: *` none is.
#[utoipa::path(put, path = "/v1/dealers/{dealer}", tag = "network",
    params(("dealer" = String, Path, description = "Code of the dealer: letters, digits, `-`, `_`", example = "D001")),
    request_body = DealerBody,
    responses(
        (status = 200, description = "Replaced", body = DealerView),
        (status = 201, description = "Created", body = DealerView)))]
pub(crate) async fn put_dealer(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(code): Path<String>,
    Json(body): Json<DealerBody>,
) -> Answer {
    let version = conditions.replaced_version()?;
    let request = pb::PutDealerRequest {
        dealer: Some(body.into_pb(code, version)),
    };
    let put = app
        .clients
        .network
        .write(&call, request, |mut client, request| async move {
            client.put_dealer(request).await
        });
    let answer = put.await.map_err(|failure| conditions.told(failure))?;
    let dealer = answer.dealer.unwrap_or_default();
    let status = if answer.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let version = dealer.version;
    Ok(tagged(json(status, &DealerView::from(dealer)), version))
}

async fn find(app: &App, call: &Call, code: String) -> Result<pb::Dealer, Failure> {
    let request = pb::GetDealerRequest { code };
    let get = app
        .clients
        .network
        .read(call, request, |mut client, request| async move {
            client.get_dealer(request).await
        });
    Ok(get.await?.dealer.unwrap_or_default())
}

/// One dealer.
#[utoipa::path(get, path = "/v1/dealers/{dealer}", tag = "network",
    params(("dealer" = String, Path, description = "Code of the dealer", example = "D001")),
    responses((status = 200, description = "The dealer", body = DealerView)))]
pub(crate) async fn get_dealer(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(code): Path<String>,
) -> Answer {
    let dealer = find(&app, &call, code).await?;
    conditions.read(dealer.version, &DealerView::from(dealer))
}

/// Which dealers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DealersQuery {
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
    /// Only dealers of this region.
    region: String,
}

/// A page of dealers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DealerPage {
    /// By code.
    dealers: Vec<DealerView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Dealers the caller may see, by code.
#[utoipa::path(get, path = "/v1/dealers", tag = "network", params(DealersQuery),
    responses((status = 200, description = "A page of dealers", body = DealerPage)))]
pub(crate) async fn list_dealers(
    State(app): State<App>,
    call: Call,
    Query(query): Query<DealersQuery>,
) -> Answer {
    let DealersQuery {
        page_size,
        page_token,
        region,
    } = query;
    let request = pb::ListDealersRequest {
        page_size: paging::size(page_size),
        page_token,
        region,
    };
    let list = app
        .clients
        .network
        .read(&call, request, |mut client, request| async move {
            client.list_dealers(request).await
        });
    let pb::ListDealersResponse {
        dealers,
        next_page_token,
    } = list.await?;
    ok(&DealerPage {
        dealers: views(dealers),
        next_page_token,
    })
}
