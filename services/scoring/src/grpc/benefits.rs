//! Benefits and their plans on the wire.

use marque_api::scoring::v1 as pb;
use marque_auth::CallContext;
use marque_events::to_proto_time;
use marque_insight::rank::Tier;
use tonic::Request;

use super::ScoreGrpc;
use crate::{app::BenefitShown, error::Result, storage::StoredPlan};

impl ScoreGrpc {
    pub(super) async fn benefit_plans(&self) -> Result<pb::ListBenefitPlansResponse> {
        let plans = self.app.list_benefit_plans().await?;
        Ok(pb::ListBenefitPlansResponse {
            plans: plans.into_iter().map(plan_to_pb).collect(),
        })
    }

    pub(super) async fn benefit_plan(
        &self,
        request: Request<pb::PutBenefitPlanRequest>,
    ) -> Result<pb::PutBenefitPlanResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let asked = (request.toml, request.version);
        let how = (request.activate, request.only_new);
        let plan = self.app.put_benefit_plan(ctx, asked, how);
        Ok(pb::PutBenefitPlanResponse {
            plan: Some(plan_to_pb(plan.await?)),
        })
    }
}

fn plan_to_pb(stored: StoredPlan) -> pb::BenefitPlan {
    pb::BenefitPlan {
        version: stored.version,
        toml: stored.toml,
        active: stored.is_active,
        created_at: Some(to_proto_time(stored.created_at)),
    }
}

pub(super) fn benefit_to_pb(shown: &BenefitShown) -> pb::Benefit {
    let benefit = &shown.benefit;
    pb::Benefit {
        key: benefit.key.clone(),
        zh: benefit.zh.clone(),
        en: benefit.en.clone(),
        reason_zh: benefit.reason_zh.clone(),
        reason_en: benefit.reason_en.clone(),
        plan_version: shown.plan.clone(),
        entitled: shown.is_entitled,
        tier: shown.tier.map_or("", Tier::key).to_owned(),
        granted: shown.granted as i32,
        used: shown.used as i32,
        left: shown.left.map(|left| left as i32),
    }
}
