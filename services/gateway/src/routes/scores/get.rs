//! One customer's score: now, as it stood, and all he has had.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use marque_core::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::ScoreView;
use crate::{
    answer::ok,
    edge::Call,
    extract::{Path, Query},
    problem::{Answer, Failure},
    routes::{customers::check_shown, paging::Paging},
    state::App,
    values::views,
};

/// What is wanted of a score.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScoreQuery {
    /// Also why: indicators → features → facts with their records, and what would lift him to the next tier.
    #[param(required = false)]
    explain: bool,
    /// The score as it stood at this instant, RFC 3339, computed again from its inputs and model.
    #[param(required = false, example = "2026-10-01T00:00:00Z")]
    at: String,
}

impl ScoreQuery {
    /// The score of now with its explanation.
    pub(crate) fn explained() -> Self {
        Self {
            explain: true,
            at: String::new(),
        }
    }
}

/// The value score of a customer: what he is worth, his rank and tier, and why.
#[utoipa::path(get, path = "/v1/customers/{id}/score", tag = "scores",
    params(("id" = String, Path, description = "Customer id"), ScoreQuery),
    responses((status = 200, description = "The score", body = ScoreView)))]
pub(crate) async fn get_score(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
    Query(query): Query<ScoreQuery>,
) -> Answer {
    check_shown(&app, &call, &id).await?;
    ok(&find(&app, &call, id, query).await?)
}

/// Asks the scoring role.
pub(crate) async fn find(
    app: &App,
    call: &Call,
    customer_id: String,
    query: ScoreQuery,
) -> Answer<ScoreView> {
    let request = pb::GetScoreRequest {
        customer_id,
        explain: query.explain,
        at: time("at", &query.at)?,
    };
    let get = app
        .clients
        .scoring
        .read(call, request, |mut client, request| async move {
            client.get_score(request).await
        });
    Ok(get.await?.score.unwrap_or_default().into())
}

/// An instant of a query parameter; `None` if it is empty.
pub(crate) fn time(field: &str, text: &str) -> Answer<Option<prost_types::Timestamp>> {
    if text.is_empty() {
        return Ok(None);
    }
    let Some(instant) = Timestamp::parse_rfc3339(text) else {
        let words = "an instant such as 2026-10-01T00:00:00Z";
        return Err(Failure::field(field, "INVALID", words));
    };
    let micros = instant.as_micros();
    Ok(Some(prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: (micros.rem_euclid(1_000_000) * 1000) as i32,
    }))
}

/// A page of past scores.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScoreHistoryPage {
    /// Newest first.
    scores: Vec<ScoreView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Every score that a customer, and whoever was merged into him, has had, newest first, each computed again from its inputs and model.
///
/// None of one who withdrew consent to `scoring`; he himself finds them in `GET /v1/me/personal-data`.
#[utoipa::path(get, path = "/v1/customers/{id}/score-history", tag = "scores",
    params(("id" = String, Path, description = "Customer id"), Paging),
    responses((status = 200, description = "A page of scores", body = ScoreHistoryPage)))]
pub(crate) async fn list_score_history(
    State(app): State<App>,
    call: Call,
    Path(customer_id): Path<String>,
    Query(paging): Query<Paging>,
) -> Answer {
    check_shown(&app, &call, &customer_id).await?;
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListScoreHistoryRequest {
        customer_id,
        page_size,
        page_token,
        for_the_person: false,
    };
    let list = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.list_score_history(request).await
        });
    let pb::ListScoreHistoryResponse {
        scores,
        next_page_token,
    } = list.await?;
    ok(&ScoreHistoryPage {
        scores: views(scores),
        next_page_token,
    })
}
