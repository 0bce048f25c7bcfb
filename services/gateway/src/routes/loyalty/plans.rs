//! Maintenance plans by model.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::Json,
    problem::Answer,
    state::App,
    values::views,
};

/// A maintenance plan: km or months, whichever is first.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MaintenancePlan {
    /// Model, or series where cars have no model; empty for all others.
    #[schema(example = "S5 Plus")]
    model: String,
    /// Km from the sale to the first service.
    #[schema(example = 5000)]
    first_km: u32,
    /// Months from the sale to the first service.
    #[schema(example = 6)]
    first_months: u32,
    /// Km from each service to the next.
    #[schema(example = 10000)]
    every_km: u32,
    /// Months from each service to the next.
    #[schema(example = 12)]
    every_months: u32,
}

impl From<pb::Plan> for MaintenancePlan {
    fn from(plan: pb::Plan) -> Self {
        Self {
            model: plan.model,
            first_km: plan.first_km,
            first_months: plan.first_months,
            every_km: plan.every_km,
            every_months: plan.every_months,
        }
    }
}

/// All plans.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanList {
    /// By model; the one for all others first.
    maintenance_plans: Vec<MaintenancePlan>,
}

/// Maintenance plans by model.
#[utoipa::path(get, path = "/v1/maintenance-plans", tag = "scores",
    responses((status = 200, description = "The plans", body = PlanList)))]
pub(crate) async fn list_maintenance_plans(State(app): State<App>, call: Call) -> Answer {
    let list = app.clients.scoring.read(
        &call,
        pb::ListPlansRequest {},
        |mut client, request| async move { client.list_plans(request).await },
    );
    ok(&PlanList {
        maintenance_plans: views(list.await?.plans),
    })
}

/// Create or replace the maintenance plan of a model. Goes on record.
///
/// With `If-None-Match: *` none is replaced.
#[utoipa::path(put, path = "/v1/maintenance-plans", tag = "scores", request_body = MaintenancePlan,
    responses((status = 200, description = "As stored", body = MaintenancePlan)))]
pub(crate) async fn put_maintenance_plan(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(plan): Json<MaintenancePlan>,
) -> Answer {
    let plan = pb::Plan {
        model: plan.model,
        first_km: plan.first_km,
        first_months: plan.first_months,
        every_km: plan.every_km,
        every_months: plan.every_months,
    };
    let request = pb::PutPlanRequest {
        plan: Some(plan),
        only_new: conditions.wants_absence(),
    };
    let put = app
        .clients
        .scoring
        .write(&call, request, |mut client, request| async move {
            client.put_plan(request).await
        });
    let put = put.await.map_err(|failure| conditions.told(failure))?;
    ok(&MaintenancePlan::from(put.plan.unwrap_or_default()))
}
