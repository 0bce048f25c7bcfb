//! What-if: who would move under another model.

use std::collections::BTreeMap;

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::StandingView;
use crate::{answer::ok, edge::Call, extract::Json, problem::Answer, state::App, values::views};

/// Another model: exactly one of weights, model and model_version.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WhatIfBody {
    /// Other weights over the curves of the active model; indicators left out keep theirs.
    #[schema(example = json!({"credit": 25, "interaction": 0}))]
    weights: BTreeMap<String, f64>,
    /// A whole model as TOML.
    model: String,
    /// A kept model by its version.
    model_version: String,
    /// Most movers wanted, at most 10,000; 100 if not said.
    limit: i32,
}

/// Weights as the contract has them.
pub(super) fn weights_to_pb(weights: BTreeMap<String, f64>) -> Vec<pb::Weight> {
    weights
        .into_iter()
        .map(|(indicator, weight)| pb::Weight { indicator, weight })
        .collect()
}

/// Who would move.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhatIf)]
pub(crate) struct WhatIfView {
    /// Customers looked at.
    population: i64,
    /// How many would change their tier.
    moved: i64,
    /// All moves, those who stay among them.
    moves: Vec<TierMoveView>,
    /// Those who would move, the highest new rank first.
    movers: Vec<MoverView>,
}

/// How many go from one tier to another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TierMove)]
pub(crate) struct TierMoveView {
    /// vip, major, ordinary, small or unscored.
    from: String,
    /// The same.
    to: String,
    /// How many.
    customers: i64,
}

/// A customer whose tier would change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mover)]
pub(crate) struct MoverView {
    /// Who.
    customer_id: String,
    /// person or organization.
    kind: String,
    /// Where he stands now; absent when unscored.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<StandingView>,
    /// Where he would stand; absent when unscored.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<StandingView>,
}

impl From<pb::TierMove> for TierMoveView {
    fn from(moved: pb::TierMove) -> Self {
        Self {
            from: moved.from,
            to: moved.to,
            customers: moved.customers,
        }
    }
}

impl From<pb::Mover> for MoverView {
    fn from(mover: pb::Mover) -> Self {
        Self {
            customer_id: mover.customer_id,
            kind: mover.kind,
            from: mover.from.map(StandingView::from),
            to: mover.to.map(StandingView::from),
        }
    }
}

/// Rank the whole population under other weights or another model, and say who would move. Writes nothing.
#[utoipa::path(post, path = "/v1/scores/what-if", tag = "scores", request_body = WhatIfBody,
    responses((status = 200, description = "Who would move", body = WhatIfView)))]
pub(crate) async fn ask_what_if(
    State(app): State<App>,
    call: Call,
    Json(body): Json<WhatIfBody>,
) -> Answer {
    let request = pb::WhatIfRequest {
        weights: weights_to_pb(body.weights),
        model_toml: body.model,
        model_version: body.model_version,
        limit: body.limit,
    };
    let ask = app
        .clients
        .scoring
        .read(&call, request, |mut client, request| async move {
            client.what_if(request).await
        });
    let answer = ask
        .await
        // The scoring role of the release before has the shorter name.
        .map_err(|failure| failure.rename(&[("model_toml", "model"), ("toml", "model")]))?;
    ok(&WhatIfView {
        population: answer.population,
        moved: answer.moved,
        moves: views(answer.moves),
        movers: views(answer.movers),
    })
}
