//! Benefits: plans, what a customer has, what was granted and used.

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
    values::{Instant, instant, views},
};

/// A benefit of a customer's, this calendar year.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Benefit)]
pub(crate) struct BenefitView {
    /// Its name.
    #[schema(example = "free_towing")]
    benefit: String,
    /// What it is, in Chinese.
    zh: String,
    /// What it is, in English.
    en: String,
    /// Why customers like him have it, in Chinese.
    reason_zh: String,
    /// Why customers like him have it, in English.
    reason_en: String,
    /// Version of the plan that says so.
    plan_version: String,
    /// Whether the plan entitles him now; otherwise it was granted to him alone, or he used it when he was entitled.
    entitled: bool,
    /// The tier by which he is, where the benefit asks for one.
    #[serde(skip_serializing_if = "String::is_empty")]
    tier: String,
    /// Times granted to him alone.
    granted: i32,
    /// Times used.
    used: i32,
    /// Times left; absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<i32>,
}

impl From<pb::Benefit> for BenefitView {
    fn from(benefit: pb::Benefit) -> Self {
        Self {
            benefit: benefit.key,
            zh: benefit.zh,
            en: benefit.en,
            reason_zh: benefit.reason_zh,
            reason_en: benefit.reason_en,
            plan_version: benefit.plan_version,
            entitled: benefit.entitled,
            tier: benefit.tier,
            granted: benefit.granted,
            used: benefit.used,
            left: benefit.left,
        }
    }
}

/// A plan of benefits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BenefitPlan)]
pub(crate) struct BenefitPlanView {
    /// Its version: change anything, change the version.
    version: String,
    /// The whole plan as TOML.
    plan: String,
    /// Whether it counts now.
    active: bool,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
}

impl From<pb::BenefitPlan> for BenefitPlanView {
    fn from(plan: pb::BenefitPlan) -> Self {
        Self {
            version: plan.version,
            plan: plan.toml,
            active: plan.active,
            created_at: instant(plan.created_at),
        }
    }
}

/// All plans.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BenefitPlanList {
    /// The one that counts first, then the newest.
    benefit_plans: Vec<BenefitPlanView>,
}

/// All plans of benefits, the one that counts first.
#[utoipa::path(get, path = "/v1/benefit-plans", tag = "scores",
    responses((status = 200, description = "The plans", body = BenefitPlanList)))]
pub(crate) async fn list_benefit_plans(State(app): State<App>, call: Call) -> Answer {
    let list = app.clients.scoring.read(
        &call,
        pb::ListBenefitPlansRequest {},
        |mut client, request| async move { client.list_benefit_plans(request).await },
    );
    ok(&BenefitPlanList {
        benefit_plans: views(list.await?.plans),
    })
}

/// A plan: whole, or the version of a kept one to make it count again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BenefitPlanBody {
    /// The whole plan as TOML: each `[[benefit]]` says whom it is for (`tiers`, `classes`, `rungs`) and why.
    #[schema(
        example = "version = \"2026-1\"\n[[benefit]]\nkey = \"free_towing\"\nzh = \"免费道路救援\"\nen = \"free towing\"\ntiers = [\"vip\", \"major\"]\ntimes_a_year = 2\nreason_zh = \"重要客户的服务保障\"\nreason_en = \"service that our most valuable customers count on\"\n"
    )]
    plan: String,
    /// Alone: the version of a kept plan.
    version: String,
    /// It counts from now on.
    activate: bool,
}

/// Keep a plan of benefits under its version and, if asked, let it count from now on. Goes on record.
#[utoipa::path(put, path = "/v1/benefit-plans", tag = "scores", request_body = BenefitPlanBody,
    responses((status = 200, description = "As kept", body = BenefitPlanView)))]
pub(crate) async fn put_benefit_plan(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(body): Json<BenefitPlanBody>,
) -> Answer {
    let request = pb::PutBenefitPlanRequest {
        toml: body.plan,
        version: body.version,
        activate: body.activate,
        only_new: conditions.wants_absence(),
    };
    let put = app
        .clients
        .scoring
        .write(&call, request, |mut client, request| async move {
            client.put_benefit_plan(request).await
        });
    let put = put.await.map_err(|failure| {
        let failure = conditions.told(failure);
        failure.rename(&[("toml", "plan")])
    })?;
    ok(&BenefitPlanView::from(put.plan.unwrap_or_default()))
}
