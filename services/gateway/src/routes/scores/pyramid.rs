//! The pyramid.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::score_of;
use crate::{answer::ok, edge::Call, extract::Query, problem::Answer, state::App, values::views};

/// Which pyramid.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PyramidQuery {
    /// person or organization; person if not said.
    #[param(required = false)]
    kind: String,
    /// Only customers who drive this brand; all if not said.
    #[param(required = false)]
    brand: String,
}

/// The customer pyramid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pyramid)]
pub(crate) struct PyramidView {
    /// person or organization.
    kind: String,
    /// Brand; absent for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    brand: String,
    /// Ranked customers of the group in the whole network.
    size: i64,
    /// From the top.
    tiers: Vec<TierView>,
    /// Customers without any basis for a score.
    unscored: i64,
    /// Customers who do not want to be scored.
    opted_out: i64,
    /// Version of the model.
    model_version: String,
    /// Brands there are pyramids of.
    brands: Vec<String>,
    /// How far behind a tier's border, in per mille of its rank, a customer keeps the tier he began the day with; absent where
    /// tiers are by rank alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_margin_permille: Option<i64>,
}

/// One tier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tier)]
pub(crate) struct TierView {
    /// vip, major, ordinary or small.
    #[schema(example = "vip")]
    tier: String,
    /// Customers in it that the caller may see.
    customers: i64,
    /// Score of its last customer; absent for a tier of nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    border: Option<f64>,
}

impl From<pb::TierCount> for TierView {
    fn from(tier: pb::TierCount) -> Self {
        Self {
            tier: tier.tier,
            customers: tier.customers,
            border: tier.border_hundredths.map(score_of),
        }
    }
}

/// How many customers each tier holds: VIP the top 1 %, major to 5 %, ordinary to 20 %, small the rest.
#[utoipa::path(get, path = "/v1/scores/pyramid", tag = "scores", params(PyramidQuery),
    responses((status = 200, description = "The pyramid", body = PyramidView)))]
pub(crate) async fn get_pyramid(
    State(app): State<App>,
    call: Call,
    Query(query): Query<PyramidQuery>,
) -> Answer {
    let request = pb::GetPyramidRequest {
        kind: query.kind,
        brand: query.brand,
    };
    let get = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.get_pyramid(request).await
        });
    let pyramid = get.await?;
    ok(&PyramidView {
        kind: pyramid.kind,
        brand: pyramid.brand,
        size: pyramid.size,
        tiers: views(pyramid.tiers),
        unscored: pyramid.unscored,
        opted_out: pyramid.opted_out,
        model_version: pyramid.model_version,
        brands: pyramid.brands,
        tier_margin_permille: Some(pyramid.tier_margin_permille).filter(|margin| *margin > 0),
    })
}
