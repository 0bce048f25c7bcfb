//! The queue of pairs.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::DuplicateView;
use crate::{
    answer::ok, edge::Call, extract::Query, problem::Answer, routes::paging, state::App,
    values::views,
};

/// Which pairs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DuplicatesQuery {
    /// open (default), later, same, different, disputed or closed.
    state: String,
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// A page of pairs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DuplicatePage {
    /// What is worth most first.
    duplicates: Vec<DuplicateView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Pairs that may be one customer: what is worth most first.
#[utoipa::path(get, path = "/v1/duplicates", tag = "duplicates", params(DuplicatesQuery),
    responses((status = 200, description = "A page of pairs", body = DuplicatePage)))]
pub(crate) async fn list_duplicates(
    State(app): State<App>,
    call: Call,
    Query(query): Query<DuplicatesQuery>,
) -> Answer {
    let DuplicatesQuery {
        state,
        page_size,
        page_token,
    } = query;
    let request = pb::ListDuplicatesRequest {
        state,
        page_size: paging::size(page_size),
        page_token,
    };
    let list = app
        .clients
        .customer
        .read(&call, request, |mut client, request| async move {
            client.list_duplicates(request).await
        });
    let pb::ListDuplicatesResponse {
        duplicates,
        next_page_token,
    } = list.await?;
    ok(&DuplicatePage {
        duplicates: views(duplicates),
        next_page_token,
    })
}
