//! Customers by rank.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::ScoreView;
use crate::{
    answer::ok, edge::Call, extract::Query, problem::Answer, routes::paging, state::App,
    values::views,
};

/// Which customers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScoresQuery {
    /// person or organization; person if not said.
    #[param(required = false)]
    kind: String,
    /// vip, major, ordinary or small; all if not said.
    #[param(required = false, example = "vip")]
    tier: String,
    /// Only customers who drive this brand, each with where he stands among them; `tier` is then that among them. All if not said.
    #[param(required = false)]
    brand: String,
    /// Entries a page, 1 to 1000; 50 if not said.
    #[param(required = false)]
    page_size: i64,
    /// `next_page_token` of the page before.
    #[param(required = false)]
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// A page of scores.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScorePage {
    /// The highest rank first.
    scores: Vec<ScoreView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Scored customers by rank, the highest first; those the caller has to do with.
#[utoipa::path(get, path = "/v1/scores", tag = "scores", params(ScoresQuery),
    responses((status = 200, description = "A page of scores", body = ScorePage)))]
pub(crate) async fn list_scores(
    State(app): State<App>,
    call: Call,
    Query(query): Query<ScoresQuery>,
) -> Answer {
    let request = pb::ListScoresRequest {
        kind: query.kind,
        tier: query.tier,
        brand: query.brand,
        page_size: paging::size(query.page_size),
        page_token: query.page_token,
    };
    let list = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.list_scores(request).await
        });
    let pb::ListScoresResponse {
        scores,
        next_page_token,
    } = list.await?;
    ok(&ScorePage {
        scores: views(scores),
        next_page_token,
    })
}
