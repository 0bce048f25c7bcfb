//! The stub of the scoring role.

use marque_api::scoring::v1::{
    self as pb,
    scoring_service_server::{ScoringService, ScoringServiceServer},
};
use marque_rpc::Routes;
use tonic::{Request, Response, Status};

use super::{Script, samples};

struct Scores(Script);

pub(super) fn routes(script: &Script) -> Routes {
    Routes::new(ScoringServiceServer::new(Scores(script.clone())))
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ScoringService for Scores {
    async fn get_score(
        &self,
        request: Request<pb::GetScoreRequest>,
    ) -> Answer<pb::GetScoreResponse> {
        if request.get_ref().customer_id != super::CUSTOMER {
            return Err(Status::not_found("nobody"));
        }
        let score = Some(samples::score(request.get_ref().explain));
        self.0.play(&request, pb::GetScoreResponse { score }).await
    }

    async fn list_score_history(
        &self,
        request: Request<pb::ListScoreHistoryRequest>,
    ) -> Answer<pb::ListScoreHistoryResponse> {
        let answer = pb::ListScoreHistoryResponse {
            scores: vec![samples::score(false)],
            next_page_token: String::new(),
        };
        self.0.play(&request, answer).await
    }

    async fn list_scores(
        &self,
        request: Request<pb::ListScoresRequest>,
    ) -> Answer<pb::ListScoresResponse> {
        let answer = pb::ListScoresResponse {
            scores: vec![samples::score(false)],
            next_page_token: "more".into(),
        };
        self.0.play(&request, answer).await
    }

    async fn get_pyramid(
        &self,
        request: Request<pb::GetPyramidRequest>,
    ) -> Answer<pb::GetPyramidResponse> {
        let tier = |tier: &str, customers, border_hundredths| pb::TierCount {
            tier: tier.into(),
            customers,
            border_hundredths,
        };
        let answer = pb::GetPyramidResponse {
            kind: "person".into(),
            size: 20,
            tiers: vec![tier("vip", 0, None), tier("major", 1, Some(8_150))],
            unscored: 2,
            opted_out: 1,
            model_version: "shipped-1".into(),
            brands: vec!["Nova".into()],
            ..pb::GetPyramidResponse::default()
        };
        self.0.play(&request, answer).await
    }

    async fn what_if(&self, request: Request<pb::WhatIfRequest>) -> Answer<pb::WhatIfResponse> {
        let answer = pb::WhatIfResponse {
            population: 20,
            moved: 1,
            moves: vec![pb::TierMove {
                from: "small".into(),
                to: "ordinary".into(),
                customers: 1,
            }],
            movers: vec![pb::Mover {
                customer_id: super::CUSTOMER.into(),
                kind: "person".into(),
                from: None,
                to: samples::score(false).standing,
            }],
        };
        self.0.play(&request, answer).await
    }

    async fn list_models(
        &self,
        request: Request<pb::ListModelsRequest>,
    ) -> Answer<pb::ListModelsResponse> {
        let models = vec![samples::score_model()];
        self.0
            .play(&request, pb::ListModelsResponse { models })
            .await
    }

    async fn put_model(
        &self,
        request: Request<pb::PutModelRequest>,
    ) -> Answer<pb::PutModelResponse> {
        let answer = pb::PutModelResponse {
            model: Some(samples::score_model()),
            rescored: 20,
        };
        self.0.play(&request, answer).await
    }

    async fn calibrate_model(
        &self,
        request: Request<pb::CalibrateModelRequest>,
    ) -> Answer<pb::CalibrateModelResponse> {
        let answer = pb::CalibrateModelResponse {
            model: Some(samples::score_model()),
            customers: 20,
        };
        self.0.play(&request, answer).await
    }

    async fn put_fact(&self, request: Request<pb::PutFactRequest>) -> Answer<pb::PutFactResponse> {
        let answer = pb::PutFactResponse {
            id: "fct_1".into(),
            source_record_id: "src_1".into(),
            customer_id: super::CUSTOMER.into(),
            changed: true,
        };
        self.0.play(&request, answer).await
    }
}
