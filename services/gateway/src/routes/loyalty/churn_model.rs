//! The model of who stays away, with its calibration curve.

use std::collections::BTreeMap;

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::views::ChurnBinView;
use crate::{answer::ok, edge::Call, problem::Answer, state::App, values::views};

/// The model of who stays away.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChurnModel)]
pub(crate) struct ChurnModelView {
    /// Day up to which was learnt.
    learnt_on: String,
    /// Customers it was learnt from; 0 for the model that ships.
    learnt_from: i64,
    /// Days ahead for which the probability is stated.
    window_days: i32,
    /// How customers come and leave (BG/NBD).
    rhythm: RhythmModelView,
    /// What the correction adds to the log odds of staying away.
    correction: CorrectionView,
    /// How true its probabilities were of customers it had not seen; absent where too few were known.
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<CalibrationView>,
}

/// BG/NBD (Fader, Hardie, Lee 2005), in days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RhythmModel)]
pub(crate) struct RhythmModelView {
    /// Shape of the rates at which customers come.
    r: f64,
    /// Inverse scale of the rates.
    alpha: f64,
    /// First parameter of leaving after a coming.
    a: f64,
    /// Second parameter of leaving.
    b: f64,
}

/// A logistic correction of what the rhythm says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChurnCorrection)]
pub(crate) struct CorrectionView {
    /// For everybody.
    intercept: f64,
    /// What the log odds of the rhythm are multiplied by.
    slope: f64,
    /// For each reason that holds; above 0 speaks for staying away.
    reasons: BTreeMap<String, f64>,
}

/// A calibration curve.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChurnCalibration)]
pub(crate) struct CalibrationView {
    /// By rising probability, each of as many customers.
    bins: Vec<ChurnBinView>,
    /// Mean squared difference of probability and outcome; 0.25 is a coin.
    brier: f64,
    /// Mean distance of stated and happened.
    error: f64,
}

impl From<pb::GetChurnModelResponse> for ChurnModelView {
    fn from(model: pb::GetChurnModelResponse) -> Self {
        let bins = model.calibration;
        let figures = model.brier.zip(model.calibration_error);
        let weights = model.weights.into_iter();
        Self {
            learnt_on: model.learnt_on,
            learnt_from: model.learnt_from,
            window_days: model.window_days,
            rhythm: RhythmModelView {
                r: model.r,
                alpha: model.alpha,
                a: model.a,
                b: model.b,
            },
            correction: CorrectionView {
                intercept: model.intercept,
                slope: model.slope,
                reasons: weights.map(|each| (each.reason, each.weight)).collect(),
            },
            calibration: figures.map(|(brier, error)| CalibrationView {
                bins: views(bins),
                brier,
                error,
            }),
        }
    }
}

/// The model of who stays away: what it was learnt from, what each reason weighs, and whether its probabilities are true.
#[utoipa::path(get, path = "/v1/churn-model", tag = "scores",
    responses((status = 200, description = "The model", body = ChurnModelView)))]
pub(crate) async fn get_churn_model(State(app): State<App>, call: Call) -> Answer {
    let get = app.clients.scoring.read(
        &call,
        pb::GetChurnModelRequest {},
        |mut client, request| async move { client.get_churn_model(request).await },
    );
    ok(&ChurnModelView::from(get.await?))
}
