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

    async fn get_loyalty(
        &self,
        request: Request<pb::GetLoyaltyRequest>,
    ) -> Answer<pb::GetLoyaltyResponse> {
        let loyalty = Some(samples::loyalty());
        self.0
            .play(&request, pb::GetLoyaltyResponse { loyalty })
            .await
    }

    async fn get_churn_model(
        &self,
        request: Request<pb::GetChurnModelRequest>,
    ) -> Answer<pb::GetChurnModelResponse> {
        self.0.play(&request, samples::churn_model()).await
    }

    async fn list_benefit_plans(
        &self,
        request: Request<pb::ListBenefitPlansRequest>,
    ) -> Answer<pb::ListBenefitPlansResponse> {
        let plans = vec![samples::benefit_plan()];
        self.0
            .play(&request, pb::ListBenefitPlansResponse { plans })
            .await
    }

    async fn put_benefit_plan(
        &self,
        request: Request<pb::PutBenefitPlanRequest>,
    ) -> Answer<pb::PutBenefitPlanResponse> {
        let plan = Some(samples::benefit_plan());
        self.0
            .play(&request, pb::PutBenefitPlanResponse { plan })
            .await
    }

    async fn list_loyalty(
        &self,
        request: Request<pb::ListLoyaltyRequest>,
    ) -> Answer<pb::ListLoyaltyResponse> {
        let line = pb::LoyaltyLine {
            customer_id: super::CUSTOMER.into(),
            kind: "person".into(),
            class: "lost".into(),
            rung: "satisfied".into(),
            trust: "won_back".into(),
            won_back: Some(pb::WonBack {
                on: "2025-05-15".into(),
                away_days: 540,
                visits_since: 1,
                certainty: "tentative".into(),
            }),
            churn: 0.93,
            churn_unknown: false,
            visits: 6,
            last_visit: "2025-05-15".into(),
            dealer: "D001".into(),
            model: "S5 Plus".into(),
        };
        let answer = pb::ListLoyaltyResponse {
            customers: vec![line],
            next_page_token: String::new(),
        };
        self.0.play(&request, answer).await
    }

    async fn get_due_dates(
        &self,
        request: Request<pb::GetDueDatesRequest>,
    ) -> Answer<pb::GetDueDatesResponse> {
        let cars = vec![samples::car_due()];
        self.0
            .play(&request, pb::GetDueDatesResponse { cars })
            .await
    }

    async fn get_outlook(
        &self,
        request: Request<pb::GetOutlookRequest>,
    ) -> Answer<pb::GetOutlookResponse> {
        let is_known = request.get_ref().customer_id == super::CUSTOMER;
        let answer = pb::GetOutlookResponse {
            score: is_known.then(|| samples::score(false)),
            loyalty: Some(samples::loyalty()),
            cars: vec![samples::car_due()],
            cars_left_out: false,
        };
        self.0.play(&request, answer).await
    }

    async fn get_guarantees(
        &self,
        request: Request<pb::GetGuaranteesRequest>,
    ) -> Answer<pb::GetGuaranteesResponse> {
        let answer = pb::GetGuaranteesResponse {
            vehicle_id: super::VEHICLE.into(),
            start: "2025-12-01".into(),
            period_end: "2027-12-01".into(),
            repair_period_end: "2028-12-01".into(),
            counters: vec![pb::GuaranteeCounter {
                rule: "main_part_replaced".into(),
                subject: "steering: EPS-1".into(),
                count: 1,
                reached_at: 2,
                level: "warning".into(),
                confirmed: false,
                evidence: vec!["D001/RO-1".into()],
            }],
            vehicle_use: "private".into(),
            terms: Some(samples::guarantee_terms()),
            terms_by: "model".into(),
            demanded: Some(pb::GuaranteeDemanded {
                answer_by: "2026-03-16".into(),
                complete_by: "2026-03-30".into(),
                provisional: false,
                usage_fee_minor: Some(540_000),
            }),
        };
        self.0.play(&request, answer).await
    }

    async fn list_plans(
        &self,
        request: Request<pb::ListPlansRequest>,
    ) -> Answer<pb::ListPlansResponse> {
        let plans = vec![samples::plan()];
        self.0.play(&request, pb::ListPlansResponse { plans }).await
    }

    async fn put_plan(&self, request: Request<pb::PutPlanRequest>) -> Answer<pb::PutPlanResponse> {
        let plan = Some(samples::plan());
        self.0.play(&request, pb::PutPlanResponse { plan }).await
    }

    async fn list_guarantee_terms(
        &self,
        request: Request<pb::ListGuaranteeTermsRequest>,
    ) -> Answer<pb::ListGuaranteeTermsResponse> {
        let terms = vec![samples::guarantee_terms()];
        self.0
            .play(&request, pb::ListGuaranteeTermsResponse { terms })
            .await
    }

    async fn put_guarantee_terms(
        &self,
        request: Request<pb::PutGuaranteeTermsRequest>,
    ) -> Answer<pb::PutGuaranteeTermsResponse> {
        let terms = Some(samples::guarantee_terms());
        self.0
            .play(&request, pb::PutGuaranteeTermsResponse { terms })
            .await
    }

    async fn list_due_dates(
        &self,
        request: Request<pb::ListDueDatesRequest>,
    ) -> Answer<pb::ListDueDatesResponse> {
        let car = samples::car_due();
        let answer = pb::ListDueDatesResponse {
            dates: vec![pb::CarDueDate {
                vehicle_id: car.vehicle_id,
                vin: car.vin,
                customer_id: super::CUSTOMER.into(),
                dealer: "D001".into(),
                due: car.dates.into_iter().next(),
            }],
            next_page_token: "more".into(),
        };
        self.0.play(&request, answer).await
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Answer<pb::GetReportResponse> {
        let cell = |value| pb::ReportCell { value: Some(value) };
        let row = |group: &str, customers, lost: Option<f64>| pb::ReportRow {
            cells: vec![
                cell(pb::report_cell::Value::Text(group.into())),
                cell(pb::report_cell::Value::Number(customers)),
                pb::ReportCell {
                    value: lost.map(pb::report_cell::Value::Number),
                },
            ],
        };
        let answer = pb::GetReportResponse {
            columns: vec!["group".into(), "customers".into(), "lost".into()],
            rows: vec![
                row("D001", 12.0, Some(4.0)),
                row("=D002, \"new\"", 3.5, None),
            ],
            kinds: vec!["text".into(), "number".into(), "integer".into()],
        };
        self.0.play(&request, answer).await
    }

    async fn export_facts(
        &self,
        request: Request<pb::ExportFactsRequest>,
    ) -> Answer<pb::ExportFactsResponse> {
        let purchase = pb::ExportedFact {
            id: "fct_1".into(),
            kind: "purchase".into(),
            source_record_id: "src_1".into(),
            dealer: "D001".into(),
            vin: "LSVAA4182E2123456".into(),
            happened_at: samples::at(0),
            amount_minor: Some(12_900_000),
            said_at: samples::at(60),
            ..pb::ExportedFact::default()
        };
        let answer = pb::ExportFactsResponse {
            facts: if request.get_ref().held_rows {
                Vec::new()
            } else {
                vec![purchase]
            },
            held_rows: Vec::new(),
            next_page_token: String::new(),
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
