//! The service on gRPC: converts, calls the app, converts back.

mod benefits;
mod convert;
mod loyalty;
mod promises;
mod score;
mod words;

use marque_api::scoring::v1::{self as pb, scoring_service_server::ScoringService};
use marque_auth::{CallContext, authorize};
use marque_core::{CustomerId, PageRequest, PageToken, VehicleId};
use marque_errors::status;
use marque_ledger::IdempotencyKey;
use marque_rpc::CallMeta;
use tonic::{Request, Response, Status};

use crate::{
    app::{
        Asked, DueAsked, FactRow, NewModel, Question, ReportQuestion, ScoreApp, Wanted, Weighing,
    },
    error::{Error, Result},
};

/// What an outlook holds is for whom these are.
const GET_SCORE: &str = "/marque.scoring.v1.ScoringService/GetScore";
const GET_LOYALTY: &str = "/marque.scoring.v1.ScoringService/GetLoyalty";

#[derive(Debug, Clone)]
pub(crate) struct ScoreGrpc {
    app: ScoreApp,
}

impl ScoreGrpc {
    pub(crate) fn new(app: ScoreApp) -> Self {
        Self { app }
    }

    async fn score(&self, request: Request<pb::GetScoreRequest>) -> Result<pb::GetScoreResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let request = request.into_inner();
        let asked = Asked {
            explain: request.explain,
            at: request.at.as_ref().map(marque_events::from_proto_time),
        };
        let customer = customer(&request.customer_id)?;
        let shown = self.app.get(ctx, &meta, customer, asked).await?;
        Ok(pb::GetScoreResponse {
            score: Some(score::to_pb(&shown)),
        })
    }

    async fn history(
        &self,
        request: Request<pb::ListScoreHistoryRequest>,
    ) -> Result<pb::ListScoreHistoryResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let request = request.into_inner();
        let list = format!("score_history?customer={}", request.customer_id);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let whom = (customer(&request.customer_id)?, request.for_the_person);
        let (shown, next) = self.app.list_history(ctx, &meta, whom, page).await?;
        Ok(pb::ListScoreHistoryResponse {
            scores: shown.iter().map(score::to_pb).collect(),
            next_page_token: token(next, &list),
        })
    }

    async fn export(
        &self,
        request: Request<pb::ExportFactsRequest>,
    ) -> Result<pb::ExportFactsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!(
            "exported_facts?customer={}&held={}",
            request.customer_id, request.held_rows
        );
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let customer = customer(&request.customer_id)?;
        if request.held_rows {
            let held = self.app.export_held(ctx, customer, page).await?;
            return Ok(pb::ExportFactsResponse {
                facts: Vec::new(),
                next_page_token: token(held.next, &list),
                held_rows: held.rows,
            });
        }
        let (told, next) = self.app.export_facts(ctx, customer, page).await?;
        Ok(pb::ExportFactsResponse {
            facts: told.into_iter().map(convert::fact_to_pb).collect(),
            held_rows: Vec::new(),
            next_page_token: token(next, &list),
        })
    }

    async fn scores(
        &self,
        request: Request<pb::ListScoresRequest>,
    ) -> Result<pb::ListScoresResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let request = request.into_inner();
        let (kind, tier) = (convert::kind(&request.kind)?, convert::tier(&request.tier)?);
        let brand = request.brand.trim().to_owned();
        let list = format!(
            "scores?kind={}&tier={}&brand={brand}",
            kind.key(),
            request.tier
        );
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let (shown, next) = self.app.list(ctx, &meta, (kind, brand), tier, page).await?;
        Ok(pb::ListScoresResponse {
            scores: shown.iter().map(score::to_pb).collect(),
            next_page_token: token(next, &list),
        })
    }

    async fn pyramid(
        &self,
        request: Request<pb::GetPyramidRequest>,
    ) -> Result<pb::GetPyramidResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let kind = convert::kind(&request.kind)?;
        let shown = self.app.pyramid(ctx, kind, request.brand).await?;
        Ok(convert::pyramid_to_pb(shown))
    }

    async fn ask_what_if(&self, request: Request<pb::WhatIfRequest>) -> Result<pb::WhatIfResponse> {
        let meta = CallMeta::of(&request);
        let request = request.into_inner();
        let limit = usize::try_from(request.limit)
            .map_err(|_| Error::field("limit", "INVALID", "a number from 0 to 10000"))?;
        let is_described = !request.weights.is_empty() || !request.model_toml.is_empty();
        if is_described && !request.model_version.is_empty() {
            return Err(Error::field("model_version", "INVALID", ONE_MODEL));
        }
        let then = new_model(
            ("model_toml", &request.model_toml),
            request.weights,
            &request.model_version,
            "what-if",
        )?;
        let question = Question {
            then,
            limit: if limit == 0 { 100 } else { limit.min(10_000) },
        };
        let answer = self.app.what_if(&meta, question).await?;
        Ok(convert::what_if_to_pb(&answer))
    }

    async fn models(&self) -> Result<pb::ListModelsResponse> {
        let models = self.app.list_models().await?;
        Ok(pb::ListModelsResponse {
            models: models.into_iter().map(convert::model_to_pb).collect(),
        })
    }

    async fn put(&self, request: Request<pb::PutModelRequest>) -> Result<pb::PutModelResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let version = request.version.trim();
        let new = new_model(("toml", &request.toml), request.weights, version, version)?;
        let how = (request.activate, request.only_new);
        let (model, rescored) = self.app.put_model(ctx, new, how).await?;
        Ok(pb::PutModelResponse {
            model: Some(convert::model_to_pb(model)),
            rescored: rescored as i64,
        })
    }

    async fn calibrate(
        &self,
        request: Request<pb::CalibrateModelRequest>,
    ) -> Result<pb::CalibrateModelResponse> {
        let ctx = CallContext::of(&request)?;
        let version = request.into_inner().version;
        let (model, customers) = self.app.calibrate(ctx, version).await?;
        Ok(pb::CalibrateModelResponse {
            model: Some(convert::model_to_pb(model)),
            customers: customers as i64,
        })
    }

    async fn loyalty_of(
        &self,
        request: Request<pb::GetLoyaltyRequest>,
    ) -> Result<pb::GetLoyaltyResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let customer = customer(&request.into_inner().customer_id)?;
        let shown = self.app.loyalty(ctx, &meta, customer).await?;
        Ok(pb::GetLoyaltyResponse {
            loyalty: Some(loyalty::loyalty_to_pb(&shown)),
        })
    }

    async fn loyalties(
        &self,
        request: Request<pb::ListLoyaltyRequest>,
    ) -> Result<pb::ListLoyaltyResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let request = request.into_inner();
        let list = format!(
            "loyalty?trust={}&churn={}&dealer={}",
            request.trust, request.churn_at_least, request.dealer
        );
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let wanted = Wanted {
            trust: request.trust,
            churn_at_least: request.churn_at_least,
            dealer: request.dealer,
        };
        let (lines, next) = self.app.list_loyalty(ctx, &meta, wanted, page).await?;
        Ok(pb::ListLoyaltyResponse {
            customers: lines.into_iter().map(loyalty::line_to_pb).collect(),
            next_page_token: token(next, &list),
        })
    }

    async fn due(
        &self,
        request: Request<pb::GetDueDatesRequest>,
    ) -> Result<pb::GetDueDatesResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let request = request.into_inner();
        let due = if request.vehicle_id.is_empty() {
            let whom = (customer(&request.customer_id)?, request.for_the_person);
            self.app.due_of_customer(ctx, &meta, whom).await?
        } else {
            let vehicle = vehicle(&request.vehicle_id)?;
            self.app.due_of_vehicle(&ctx, &meta, vehicle).await?
        };
        Ok(pb::GetDueDatesResponse {
            cars: loyalty::cars_due_to_pb(due, self.app.today()),
        })
    }

    async fn outlook_of(
        &self,
        request: Request<pb::GetOutlookRequest>,
    ) -> Result<pb::GetOutlookResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let pb::GetOutlookRequest {
            customer_id,
            looks_for_consent,
        } = request.into_inner();
        let customer = customer(&customer_id)?;
        let may = |method| authorize(method, ctx.roles()).is_ok();
        let (may_score, may_loyalty) = (may(GET_SCORE), may(GET_LOYALTY));
        let whom = (customer, looks_for_consent);
        let outlook = self.app.outlook(ctx, &meta, whom).await?;
        let score = outlook.score.as_ref().filter(|_| may_score);
        let shown = outlook.loyalty.as_ref().filter(|_| may_loyalty);
        Ok(pb::GetOutlookResponse {
            score: score.map(score::to_pb),
            loyalty: shown.map(loyalty::loyalty_to_pb),
            cars_left_out: outlook.cars.is_none(),
            cars: loyalty::cars_due_to_pb(outlook.cars.unwrap_or_default(), self.app.today()),
        })
    }

    async fn due_list(
        &self,
        request: Request<pb::ListDueDatesRequest>,
    ) -> Result<pb::ListDueDatesResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let request = request.into_inner();
        let list = format!(
            "due?within={}&overdue={}&kind={}&dealer={}",
            request.within_days, request.overdue, request.kind, request.dealer
        );
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let asked = DueAsked {
            within_days: request.within_days,
            overdue: request.overdue,
            kind: request.kind,
            dealer: request.dealer,
        };
        let (dates, next) = self.app.list_dues(ctx, &meta, asked, page).await?;
        Ok(pb::ListDueDatesResponse {
            dates: loyalty::dues_shown_to_pb(dates, self.app.today()),
            next_page_token: token(next, &list),
        })
    }

    async fn guarantees(
        &self,
        request: Request<pb::GetGuaranteesRequest>,
    ) -> Result<pb::GetGuaranteesResponse> {
        let (ctx, meta) = (CallContext::of(&request)?, CallMeta::of(&request));
        let request = request.into_inner();
        let vehicle = vehicle(&request.vehicle_id)?;
        let demand = request.demand.map(loyalty::demand_from_pb).transpose()?;
        let counted = self.app.guarantees(&ctx, &meta, vehicle, demand).await?;
        Ok(loyalty::guarantees_to_pb(&counted))
    }

    async fn plan(&self, request: Request<pb::PutPlanRequest>) -> Result<pb::PutPlanResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::PutPlanRequest { plan, only_new } = request.into_inner();
        let plan = plan.unwrap_or_default();
        let model = plan.model.trim().to_owned();
        let kept = loyalty::plan_from_pb(&plan);
        self.app
            .put_plan(ctx, model.clone(), kept, only_new)
            .await?;
        Ok(pb::PutPlanResponse {
            plan: Some(loyalty::plan_to_pb((model, kept))),
        })
    }

    async fn report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<pb::GetReportResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let (report, by) = convert::report(&request.report, &request.by)?;
        let kind = convert::kind(&request.kind)?;
        let time = |time: Option<&prost_types::Timestamp>| time.map(marque_events::from_proto_time);
        let asked = ReportQuestion {
            report,
            by,
            kind,
            only: Some(kind).filter(|_| !request.kind.is_empty()),
            to: time(request.to.as_ref()).unwrap_or_else(|| self.app.clock.now()),
            from: time(request.from.as_ref()),
        };
        Ok(convert::table_to_pb(self.app.report(ctx, asked).await?))
    }

    async fn fact(&self, request: Request<pb::PutFactRequest>) -> Result<pb::PutFactResponse> {
        let ctx = CallContext::of(&request)?;
        let (meta, key) = (
            CallMeta::of(&request),
            IdempotencyKey::of(request.metadata())?,
        );
        let request = request.into_inner();
        let columns = request.columns.clone().unwrap_or_default();
        let row = FactRow {
            key: &columns.key,
            customer_key: &columns.customer_key,
            vin: &columns.vin,
            amount: &columns.amount,
            date: &columns.date,
            paid_date: &columns.paid_date,
            subject: &columns.subject,
            value: &columns.value,
            valid_until: &columns.valid_until,
            withdrawn: &columns.withdrawn,
        };
        let put = (
            request.dealer.as_str(),
            request.source.as_str(),
            columns.kind.as_str(),
            row,
        );
        self.app
            .put_fact(
                ctx,
                &meta,
                key,
                put,
                request.clone(),
                convert::recorded_to_pb,
            )
            .await
    }
}

/// A model described in one of three ways: whole, in a field of the request; by weights under `version`; or by the version of a kept one.
fn new_model(
    (field, toml): (&str, &str),
    weights: Vec<pb::Weight>,
    kept: &str,
    version: &str,
) -> Result<NewModel> {
    match (toml.is_empty(), weights.is_empty(), kept.is_empty()) {
        (false, true, _) => NewModel::whole(field, toml),
        (true, false, _) => Ok(NewModel::Reweighed(Weighing {
            version: version.to_owned(),
            weights: weights
                .into_iter()
                .map(|weight| (weight.indicator, weight.weight))
                .collect(),
        })),
        (true, true, false) => Ok(NewModel::Kept(kept.to_owned())),
        _ => Err(Error::field("weights", "MISSING", ONE_MODEL)),
    }
}

/// What to do about a model described in no way, or in more than one.
const ONE_MODEL: &str =
    "give other weights, a whole model, or the version of a kept one, and only one of them";

fn token(next: Option<String>, list: &str) -> String {
    next.map_or_else(String::new, |key| PageToken::write(&key, list))
}

/// An id that cannot be is as unknown as one that is not.
fn customer(id: &str) -> Result<CustomerId> {
    id.parse().map_err(|_| Error::CustomerUnknown)
}

/// The same for a car.
fn vehicle(id: &str) -> Result<VehicleId> {
    id.parse().map_err(|_| Error::VehicleUnknown)
}

type Answer<T> = std::result::Result<Response<T>, Status>;

fn answer<T>(result: Result<T>) -> Answer<T> {
    result.map(Response::new).map_err(|error| status(&error))
}

#[tonic::async_trait]
impl ScoringService for ScoreGrpc {
    async fn get_score(
        &self,
        request: Request<pb::GetScoreRequest>,
    ) -> Answer<pb::GetScoreResponse> {
        answer(self.score(request).await)
    }

    async fn list_score_history(
        &self,
        request: Request<pb::ListScoreHistoryRequest>,
    ) -> Answer<pb::ListScoreHistoryResponse> {
        answer(self.history(request).await)
    }

    async fn list_scores(
        &self,
        request: Request<pb::ListScoresRequest>,
    ) -> Answer<pb::ListScoresResponse> {
        answer(self.scores(request).await)
    }

    async fn get_pyramid(
        &self,
        request: Request<pb::GetPyramidRequest>,
    ) -> Answer<pb::GetPyramidResponse> {
        answer(self.pyramid(request).await)
    }

    async fn what_if(&self, request: Request<pb::WhatIfRequest>) -> Answer<pb::WhatIfResponse> {
        answer(self.ask_what_if(request).await)
    }

    async fn list_models(
        &self,
        _: Request<pb::ListModelsRequest>,
    ) -> Answer<pb::ListModelsResponse> {
        answer(self.models().await)
    }

    async fn put_model(
        &self,
        request: Request<pb::PutModelRequest>,
    ) -> Answer<pb::PutModelResponse> {
        answer(self.put(request).await)
    }

    async fn calibrate_model(
        &self,
        request: Request<pb::CalibrateModelRequest>,
    ) -> Answer<pb::CalibrateModelResponse> {
        answer(self.calibrate(request).await)
    }

    async fn get_loyalty(
        &self,
        request: Request<pb::GetLoyaltyRequest>,
    ) -> Answer<pb::GetLoyaltyResponse> {
        answer(self.loyalty_of(request).await)
    }

    async fn get_churn_model(
        &self,
        _: Request<pb::GetChurnModelRequest>,
    ) -> Answer<pb::GetChurnModelResponse> {
        let fitted = self.app.churn_model().await;
        answer(fitted.map(|fitted| loyalty::churn_model_to_pb(&fitted)))
    }

    async fn list_loyalty(
        &self,
        request: Request<pb::ListLoyaltyRequest>,
    ) -> Answer<pb::ListLoyaltyResponse> {
        answer(self.loyalties(request).await)
    }

    async fn get_due_dates(
        &self,
        request: Request<pb::GetDueDatesRequest>,
    ) -> Answer<pb::GetDueDatesResponse> {
        answer(self.due(request).await)
    }

    async fn get_outlook(
        &self,
        request: Request<pb::GetOutlookRequest>,
    ) -> Answer<pb::GetOutlookResponse> {
        answer(self.outlook_of(request).await)
    }

    async fn list_due_dates(
        &self,
        request: Request<pb::ListDueDatesRequest>,
    ) -> Answer<pb::ListDueDatesResponse> {
        answer(self.due_list(request).await)
    }

    async fn get_guarantees(
        &self,
        request: Request<pb::GetGuaranteesRequest>,
    ) -> Answer<pb::GetGuaranteesResponse> {
        answer(self.guarantees(request).await)
    }

    async fn list_plans(&self, _: Request<pb::ListPlansRequest>) -> Answer<pb::ListPlansResponse> {
        let plans = self.app.list_plans().await;
        answer(plans.map(|plans| pb::ListPlansResponse {
            plans: plans.into_iter().map(loyalty::plan_to_pb).collect(),
        }))
    }

    async fn put_plan(&self, request: Request<pb::PutPlanRequest>) -> Answer<pb::PutPlanResponse> {
        answer(self.plan(request).await)
    }

    async fn list_guarantee_terms(
        &self,
        _: Request<pb::ListGuaranteeTermsRequest>,
    ) -> Answer<pb::ListGuaranteeTermsResponse> {
        answer(self.promises().await)
    }

    async fn put_guarantee_terms(
        &self,
        request: Request<pb::PutGuaranteeTermsRequest>,
    ) -> Answer<pb::PutGuaranteeTermsResponse> {
        answer(self.promise(request).await)
    }

    async fn list_benefit_plans(
        &self,
        _: Request<pb::ListBenefitPlansRequest>,
    ) -> Answer<pb::ListBenefitPlansResponse> {
        answer(self.benefit_plans().await)
    }

    async fn put_benefit_plan(
        &self,
        request: Request<pb::PutBenefitPlanRequest>,
    ) -> Answer<pb::PutBenefitPlanResponse> {
        answer(self.benefit_plan(request).await)
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Answer<pb::GetReportResponse> {
        answer(self.report(request).await)
    }

    async fn export_facts(
        &self,
        request: Request<pb::ExportFactsRequest>,
    ) -> Answer<pb::ExportFactsResponse> {
        answer(self.export(request).await)
    }

    async fn put_fact(&self, request: Request<pb::PutFactRequest>) -> Answer<pb::PutFactResponse> {
        answer(self.fact(request).await)
    }
}
