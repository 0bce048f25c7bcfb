//! The service on gRPC: converts, calls the app, converts back.

mod convert;
mod dictionary;
mod verify;

use marque_api::quality::v1::{self as pb, quality_service_server::QualityService};
use marque_auth::CallContext;
use marque_core::{PageRequest, PageToken};
use marque_errors::status;
use marque_events::{from_proto_time, to_proto_time};
use marque_ledger::Keyed;
use tonic::{Request, Response, Status};

use crate::{
    app::{AlertWord, CardLevel, CardQuery, QualityApp, alert_to_pb},
    domain::FindingState,
    error::{Error, Result},
    storage::FindingFilter,
};

#[derive(Debug, Clone)]
pub(crate) struct QualityGrpc {
    app: QualityApp,
}

impl QualityGrpc {
    pub(crate) fn new(app: QualityApp) -> Self {
        Self { app }
    }

    async fn standards(
        &self,
        request: Request<pb::GetStandardRequest>,
    ) -> Result<pb::GetStandardResponse> {
        let ctx = CallContext::of(&request)?;
        let kind = convert::kind_or_all(&request.into_inner().kind)?;
        let standards = self.app.list_standards(ctx, kind).await?;
        Ok(pb::GetStandardResponse {
            standards: standards.into_iter().map(convert::standard_to_pb).collect(),
        })
    }

    async fn put_one_standard(
        &self,
        request: Request<pb::PutStandardRequest>,
    ) -> Result<pb::PutStandardResponse> {
        let ctx = CallContext::of(&request)?;
        let standard = self
            .app
            .put_standard(ctx, request.into_inner().text)
            .await?;
        Ok(pb::PutStandardResponse {
            standard: Some(convert::standard_to_pb(standard)),
        })
    }

    async fn replay(
        &self,
        request: Request<pb::ReplayStandardRequest>,
    ) -> Result<pb::ReplayStandardResponse> {
        let ctx = CallContext::of(&request)?;
        let replayed = self.app.replay(ctx, request.into_inner().text).await?;
        Ok(convert::replayed_to_pb(replayed))
    }

    async fn recount_all(
        &self,
        request: Request<pb::RecountRequest>,
    ) -> Result<pb::RecountResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        self.app
            .recount(ctx, keyed, |recounted| pb::RecountResponse {
                records: recounted.records,
                counters: recounted.counters,
                differing: recounted.differing,
            })
            .await
    }

    async fn cards(
        &self,
        request: Request<pb::ListScorecardsRequest>,
    ) -> Result<pb::ListScorecardsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let level = match request.level.as_str() {
            "" | "dealer" => CardLevel::Dealer,
            "department" => CardLevel::Department,
            "clerk" => CardLevel::Clerk,
            "region" => CardLevel::Region,
            _ => {
                return Err(convert::choice(
                    "level",
                    "dealer, department, clerk or region",
                ));
            }
        };
        let query = CardQuery {
            level,
            kind: convert::kind(&request.kind)?,
            purpose: convert::purpose(request.purpose),
            period: request.period,
            dealer: request.dealer,
            region: request.region,
            name: String::new(),
        };
        let list = format!(
            "scorecards?{}&{}&{}&{}&{}&{}",
            level.code(),
            query.kind.code(),
            query.purpose,
            query.period,
            query.dealer,
            query.region
        );
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let cards = self.app.list_cards(ctx, query.clone(), page).await?;
        let scorecards = cards.cards.into_iter();
        Ok(pb::ListScorecardsResponse {
            scorecards: scorecards
                .map(|card| convert::card_to_pb(&query, card))
                .collect(),
            next_page_token: next(cards.next, &list),
        })
    }

    async fn card(
        &self,
        request: Request<pb::GetScorecardRequest>,
    ) -> Result<pb::GetScorecardResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let (level, name) = match (request.clerk, request.department) {
            (clerk, department) if department.is_empty() && clerk.is_empty() => {
                (CardLevel::Dealer, clerk)
            }
            (clerk, department) if department.is_empty() => (CardLevel::Clerk, clerk),
            (clerk, department) if clerk.is_empty() => (CardLevel::Department, department),
            _ => {
                return Err(convert::choice(
                    "department",
                    "a clerk or a department, not both",
                ));
            }
        };
        let query = CardQuery {
            level,
            kind: convert::kind(&request.kind)?,
            purpose: convert::purpose(request.purpose),
            period: request.period,
            dealer: request.dealer,
            region: String::new(),
            name,
        };
        let detail = self.app.get_card(ctx, query.clone()).await?;
        Ok(convert::detail_to_pb(&query, detail))
    }

    async fn region_card(
        &self,
        request: Request<pb::GetRegionScorecardRequest>,
    ) -> Result<pb::GetRegionScorecardResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let query = CardQuery {
            level: CardLevel::Region,
            kind: convert::kind(&request.kind)?,
            purpose: convert::purpose(request.purpose),
            period: request.period,
            dealer: String::new(),
            region: request.region,
            name: String::new(),
        };
        let detail = self.app.get_region_card(ctx, query.clone()).await?;
        Ok(convert::region_detail_to_pb(&query, detail))
    }

    async fn findings(
        &self,
        request: Request<pb::ListFindingsRequest>,
    ) -> Result<pb::ListFindingsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let state = match request.state.as_str() {
            "" => FindingState::Open,
            state => FindingState::of(state)
                .ok_or_else(|| convert::choice("state", "open, mended or waived"))?,
        };
        let kind = convert::kind_or_all(&request.kind)?;
        let list = format!(
            "findings?{}&{}&{}&{}&{}&{}&{}",
            state.code(),
            request.kind,
            request.dealer,
            request.clerk,
            request.rule,
            request.field,
            request.record_id
        );
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let size = page.size as usize;
        let filter = FindingFilter {
            kind,
            dealer: request.dealer,
            clerk: request.clerk,
            rule: request.rule,
            field: request.field,
            state: Some(state),
            record: convert::record(&request.record_id)?,
        };
        let findings = self.app.list_findings(ctx, filter, page).await?;
        let last = findings.last().filter(|_| findings.len() == size);
        let next_page_token = next(last.map(crate::domain::Finding::position), &list);
        Ok(pb::ListFindingsResponse {
            findings: findings.into_iter().map(convert::finding_to_pb).collect(),
            next_page_token,
        })
    }

    async fn decide_one_finding(
        &self,
        request: Request<pb::DecideFindingRequest>,
    ) -> Result<pb::DecideFindingResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let request = keyed.request();
        let to = match request.decision.as_str() {
            "waive" => FindingState::Waived,
            "reopen" => FindingState::Open,
            _ => return Err(convert::choice("decision", "waive or reopen")),
        };
        // An id that cannot be is as unknown as one that is not.
        let id = request.id.parse().map_err(|_| Error::FindingUnknown)?;
        let decision = (id, to, request.reason.clone());
        self.app
            .decide_finding(ctx, keyed, decision, |finding| pb::DecideFindingResponse {
                finding: Some(convert::finding_to_pb(finding)),
            })
            .await
    }

    async fn suspects(
        &self,
        request: Request<pb::ListSuspectsRequest>,
    ) -> Result<pb::ListSuspectsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let clerks = match request.level.as_str() {
            "" => None,
            "dealer" => Some(false),
            "clerk" => Some(true),
            _ => return Err(convert::choice("level", "dealer or clerk")),
        };
        let (suspects, assessed_at) = self.app.list_suspects(ctx, request.dealer, clerks).await?;
        Ok(pb::ListSuspectsResponse {
            suspects: suspects.into_iter().map(convert::suspect_to_pb).collect(),
            assessed_at: assessed_at.map(to_proto_time),
        })
    }

    async fn alerts(
        &self,
        request: Request<pb::ListAlertsRequest>,
    ) -> Result<pb::ListAlertsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let state = convert::alert_state(&request.state)?;
        let list = format!("alerts?{}&{}", request.state, request.dealer);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let size = page.size as usize;
        let alerts = self
            .app
            .list_alerts(ctx, state, request.dealer, page)
            .await?;
        let last = alerts.last().filter(|_| alerts.len() == size);
        let next_page_token = next(last.map(crate::domain::Alert::position), &list);
        Ok(pb::ListAlertsResponse {
            alerts: alerts.into_iter().map(alert_to_pb).collect(),
            next_page_token,
        })
    }

    async fn decide_one_alert(
        &self,
        request: Request<pb::DecideAlertRequest>,
    ) -> Result<pb::DecideAlertResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let request = keyed.request();
        let word = match request.decision.as_str() {
            "acknowledge" => AlertWord::Acknowledge,
            "snooze" => AlertWord::Snooze(
                request
                    .until
                    .as_ref()
                    .map(from_proto_time)
                    .unwrap_or_default(),
            ),
            "close" => AlertWord::Close(request.outcome.clone()),
            _ => return Err(convert::choice("decision", "acknowledge, snooze or close")),
        };
        let id = request.id.parse().map_err(|_| Error::AlertUnknown)?;
        let decision = (id, word, request.remark.clone());
        self.app
            .decide_alert(ctx, keyed, decision, |alert| pb::DecideAlertResponse {
                alert: Some(alert_to_pb(alert)),
            })
            .await
    }
}

fn next(key: Option<String>, list: &str) -> String {
    key.map_or_else(String::new, |key| PageToken::write(&key, list))
}

type Answer<T> = std::result::Result<Response<T>, Status>;

fn answer<T>(result: Result<T>) -> Answer<T> {
    result.map(Response::new).map_err(|error| status(&error))
}

#[tonic::async_trait]
impl QualityService for QualityGrpc {
    async fn get_dictionary(
        &self,
        request: Request<pb::GetDictionaryRequest>,
    ) -> Answer<pb::GetDictionaryResponse> {
        let kind = convert::kind_or_all(&request.into_inner().kind);
        answer(kind.map(dictionary::dictionary))
    }

    async fn get_standard(
        &self,
        request: Request<pb::GetStandardRequest>,
    ) -> Answer<pb::GetStandardResponse> {
        answer(self.standards(request).await)
    }

    async fn put_standard(
        &self,
        request: Request<pb::PutStandardRequest>,
    ) -> Answer<pb::PutStandardResponse> {
        answer(self.put_one_standard(request).await)
    }

    async fn replay_standard(
        &self,
        request: Request<pb::ReplayStandardRequest>,
    ) -> Answer<pb::ReplayStandardResponse> {
        answer(self.replay(request).await)
    }

    async fn recount(&self, request: Request<pb::RecountRequest>) -> Answer<pb::RecountResponse> {
        answer(self.recount_all(request).await)
    }

    async fn list_scorecards(
        &self,
        request: Request<pb::ListScorecardsRequest>,
    ) -> Answer<pb::ListScorecardsResponse> {
        answer(self.cards(request).await)
    }

    async fn get_scorecard(
        &self,
        request: Request<pb::GetScorecardRequest>,
    ) -> Answer<pb::GetScorecardResponse> {
        answer(self.card(request).await)
    }

    async fn get_region_scorecard(
        &self,
        request: Request<pb::GetRegionScorecardRequest>,
    ) -> Answer<pb::GetRegionScorecardResponse> {
        answer(self.region_card(request).await)
    }

    async fn list_findings(
        &self,
        request: Request<pb::ListFindingsRequest>,
    ) -> Answer<pb::ListFindingsResponse> {
        answer(self.findings(request).await)
    }

    async fn decide_finding(
        &self,
        request: Request<pb::DecideFindingRequest>,
    ) -> Answer<pb::DecideFindingResponse> {
        answer(self.decide_one_finding(request).await)
    }

    async fn list_suspects(
        &self,
        request: Request<pb::ListSuspectsRequest>,
    ) -> Answer<pb::ListSuspectsResponse> {
        answer(self.suspects(request).await)
    }

    async fn record_verifications(
        &self,
        request: Request<pb::RecordVerificationsRequest>,
    ) -> Answer<pb::RecordVerificationsResponse> {
        answer(self.take_checks(request).await)
    }

    async fn create_work_list(
        &self,
        request: Request<pb::CreateWorkListRequest>,
    ) -> Answer<pb::CreateWorkListResponse> {
        answer(self.draw_list(request).await)
    }

    async fn list_work_lists(
        &self,
        request: Request<pb::ListWorkListsRequest>,
    ) -> Answer<pb::ListWorkListsResponse> {
        answer(self.list_lists(request).await)
    }

    async fn get_work_list(
        &self,
        request: Request<pb::GetWorkListRequest>,
    ) -> Answer<pb::GetWorkListResponse> {
        answer(self.list_items(request).await)
    }

    async fn list_accuracy(
        &self,
        request: Request<pb::ListAccuracyRequest>,
    ) -> Answer<pb::ListAccuracyResponse> {
        answer(self.accuracies(request).await)
    }

    async fn put_points(
        &self,
        request: Request<pb::PutPointsRequest>,
    ) -> Answer<pb::PutPointsResponse> {
        answer(self.put_table(request).await)
    }

    async fn list_alerts(
        &self,
        request: Request<pb::ListAlertsRequest>,
    ) -> Answer<pb::ListAlertsResponse> {
        answer(self.alerts(request).await)
    }

    async fn decide_alert(
        &self,
        request: Request<pb::DecideAlertRequest>,
    ) -> Answer<pb::DecideAlertResponse> {
        answer(self.decide_one_alert(request).await)
    }
}
