//! Loyalty of one customer, and the lists: half-trusting, lost, won back.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{LoyaltyView, WonBackView};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Path, Query},
    problem::Answer,
    routes::{customers::check_shown, paging},
    state::App,
    values::views,
};

/// A customer's loyalty: class, rung, degrees, and how likely he stays away, with reasons.
#[utoipa::path(get, path = "/v1/customers/{id}/loyalty", tag = "scores",
    params(("id" = String, Path, description = "Customer id")),
    responses((status = 200, description = "His loyalty", body = LoyaltyView)))]
pub(crate) async fn get_loyalty(
    State(app): State<App>,
    call: Call,
    Path(customer_id): Path<String>,
) -> Answer {
    check_shown(&app, &call, &customer_id).await?;
    let request = pb::GetLoyaltyRequest { customer_id };
    let get = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.get_loyalty(request).await
        });
    ok(&LoyaltyView::from(get.await?.loyalty.unwrap_or_default()))
}

/// Which customers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LoyaltyQuery {
    /// trusting, half_trusting, lost or won_back; all if not said.
    #[param(required = false, example = "half_trusting")]
    trust: String,
    /// Only those who stay away with at least this probability, 0 to 1.
    #[param(required = false, example = 0.5)]
    churn_at_least: f64,
    /// Only who last came to this dealer; all the caller has to do with if not said.
    #[param(required = false, example = "D001")]
    dealer: String,
    /// Entries a page, 1 to 1000; 50 if not said.
    #[param(required = false)]
    page_size: i64,
    /// `next_page_token` of the page before.
    #[param(required = false)]
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// A customer in a list by loyalty.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoyaltyLine)]
pub(crate) struct LoyaltyLineView {
    /// Who.
    customer_id: String,
    /// person or organization.
    kind: String,
    /// loyal, general, marginal or lost.
    #[serde(skip_serializing_if = "String::is_empty")]
    class: String,
    /// potential, new, satisfied, retained or loyal.
    rung: String,
    /// trusting, half_trusting, lost or won_back.
    trust: String,
    /// Probability that he does not come within the window; absent of who neither bought nor came.
    #[serde(skip_serializing_if = "Option::is_none")]
    churn: Option<f64>,
    /// Visits so far.
    visits: i32,
    /// The last day he came.
    #[serde(skip_serializing_if = "String::is_empty")]
    last_visit: String,
    /// Dealer he last came to.
    #[serde(skip_serializing_if = "String::is_empty")]
    dealer: String,
    /// Model he last came with.
    #[serde(skip_serializing_if = "String::is_empty")]
    model: String,
    /// Of who was won back, how.
    #[serde(skip_serializing_if = "Option::is_none")]
    won_back: Option<WonBackView>,
}

impl From<pb::LoyaltyLine> for LoyaltyLineView {
    fn from(line: pb::LoyaltyLine) -> Self {
        Self {
            customer_id: line.customer_id,
            kind: line.kind,
            class: line.class,
            rung: line.rung,
            trust: line.trust,
            churn: (!line.churn_unknown).then_some(line.churn),
            visits: line.visits,
            last_visit: line.last_visit,
            dealer: line.dealer,
            model: line.model,
            won_back: line.won_back.map(WonBackView::from),
        }
    }
}

/// A page of customers by loyalty.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoyaltyPage {
    /// The likeliest to stay away first.
    customers: Vec<LoyaltyLineView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Customers by how likely they stay away, the likeliest first; those the caller has to do with.
///
/// It is a list of whom to win: nobody is on it who withdrew consent to `marketing` or to `scoring`.
#[utoipa::path(get, path = "/v1/loyalty", tag = "scores", params(LoyaltyQuery),
    responses((status = 200, description = "A page of customers", body = LoyaltyPage)))]
pub(crate) async fn list_loyalty(
    State(app): State<App>,
    call: Call,
    Query(query): Query<LoyaltyQuery>,
) -> Answer {
    let request = pb::ListLoyaltyRequest {
        trust: query.trust,
        churn_at_least: query.churn_at_least,
        dealer: query.dealer,
        page_size: paging::size(query.page_size),
        page_token: query.page_token,
    };
    let list = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.list_loyalty(request).await
        });
    let pb::ListLoyaltyResponse {
        customers,
        next_page_token,
    } = list.await?;
    ok(&LoyaltyPage {
        customers: views(customers),
        next_page_token,
    })
}
