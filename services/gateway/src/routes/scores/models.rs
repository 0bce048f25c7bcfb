//! Value models: list, put, calibrate.

use std::collections::BTreeMap;

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::what_if::weights_to_pb;
use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::Json,
    problem::Answer,
    state::App,
    values::{Instant, instant, views},
};

/// A value model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreModel)]
pub(crate) struct ModelView {
    /// Its version: change anything, change the version.
    version: String,
    /// Whether customers are scored by it now.
    active: bool,
    /// Weights of the six indicators.
    weights: BTreeMap<String, f64>,
    /// The whole model as TOML, as `marque score --model` reads it.
    model: String,
    /// When it was last made active.
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<Instant>,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
}

impl From<pb::Model> for ModelView {
    fn from(model: pb::Model) -> Self {
        let weights = model.weights.into_iter();
        Self {
            version: model.version,
            active: model.active,
            weights: weights
                .map(|weight| (weight.indicator, weight.weight))
                .collect(),
            model: model.toml,
            activated_at: instant(model.activated_at),
            created_at: instant(model.created_at),
        }
    }
}

/// All models.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelList {
    /// The active one first, then the newest.
    score_models: Vec<ModelView>,
}

/// All value models, the active one first.
#[utoipa::path(get, path = "/v1/score-models", tag = "scores",
    responses((status = 200, description = "The models", body = ModelList)))]
pub(crate) async fn list_score_models(State(app): State<App>, call: Call) -> Answer {
    let list = app.clients.scoring.read(
        &call,
        pb::ListModelsRequest {},
        |mut client, request| async move { client.list_models(request).await },
    );
    ok(&ModelList {
        score_models: views(list.await?.models),
    })
}

/// A model: whole, or other weights under a new version, or the version of a kept one to make active again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ModelBody {
    /// The whole model as TOML.
    model: String,
    /// Other weights over the curves of the active model.
    #[schema(example = json!({"credit": 15, "interaction": 10}))]
    weights: BTreeMap<String, f64>,
    /// Version, with `weights`; alone, that of a kept model.
    #[schema(example = "2026-12")]
    version: String,
    /// Score everybody by it from now on.
    activate: bool,
}

/// What became of a model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutModel {
    /// As kept.
    score_model: ModelView,
    /// Customers scored anew.
    rescored: i64,
}

/// Keep a model under its version and, if asked, score everybody by it from now on. Goes on record.
#[utoipa::path(put, path = "/v1/score-models", tag = "scores", request_body = ModelBody,
    responses((status = 200, description = "As kept", body = PutModel)))]
pub(crate) async fn put_score_model(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(body): Json<ModelBody>,
) -> Answer {
    let request = pb::PutModelRequest {
        toml: body.model,
        weights: weights_to_pb(body.weights),
        version: body.version,
        activate: body.activate,
        only_new: conditions.wants_absence(),
    };
    let put = app
        .clients
        .scoring
        .write(&call, request, |mut client, request| async move {
            client.put_model(request).await
        });
    let put = put.await.map_err(|failure| {
        let failure = conditions.told(failure);
        failure.rename(&[("toml", "model")])
    })?;
    ok(&PutModel {
        score_model: put.model.unwrap_or_default().into(),
        rescored: put.rescored,
    })
}

/// A calibration run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalibrationBody {
    /// Version of the result.
    #[schema(example = "calibrated-2026-11")]
    version: String,
}

/// What a calibration gave.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Calibrated {
    /// As kept, not active.
    score_model: ModelView,
    /// Customers it was fitted to.
    customers: i64,
}

/// Fit the active model's curves to the customers there are, and keep the result as a model that is not active yet.
#[utoipa::path(post, path = "/v1/score-models/calibrations", tag = "scores", request_body = CalibrationBody,
    responses((status = 200, description = "As kept", body = Calibrated)))]
pub(crate) async fn calibrate_score_model(
    State(app): State<App>,
    call: Call,
    Json(body): Json<CalibrationBody>,
) -> Answer {
    let request = pb::CalibrateModelRequest {
        version: body.version,
    };
    let calibrate = app
        .clients
        .scoring
        .write(&call, request, |mut client, request| async move {
            client.calibrate_model(request).await
        });
    let calibrated = calibrate.await?;
    ok(&Calibrated {
        score_model: calibrated.model.unwrap_or_default().into(),
        customers: calibrated.customers,
    })
}
