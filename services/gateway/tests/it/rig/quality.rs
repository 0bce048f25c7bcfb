//! The stub of the data-quality role.

use marque_api::quality::v1::{
    self as pb,
    quality_service_server::{QualityService, QualityServiceServer},
};
use marque_rpc::Routes;
use tonic::{Request, Response, Status};

use super::Script;

struct Quality(Script);

pub(super) fn routes(script: &Script) -> Routes {
    Routes::new(QualityServiceServer::new(Quality(script.clone())))
}

fn text(en: &str) -> Option<pb::Text> {
    Some(pb::Text {
        zh: "说明".into(),
        en: en.into(),
    })
}

fn card() -> pb::Scorecard {
    pb::Scorecard {
        level: "dealer".into(),
        kind: "customers".into(),
        dealer: "D001".into(),
        region: "east".into(),
        period: "2026-11".into(),
        purpose: "overall".into(),
        means: Some(pb::Means {
            records: 120,
            qualified: 90,
            total: 87.25,
        }),
        dimensions: vec![pb::DimensionScore {
            dimension: "completeness".into(),
            score: 91.5,
            records: 120,
        }],
        suspicious: 3,
        ..pb::Scorecard::default()
    }
}

fn finding() -> pb::Finding {
    pb::Finding {
        id: "fnd_1".into(),
        record_id: "src_1".into(),
        kind: "customers".into(),
        dealer: "D001".into(),
        clerk: "S17".into(),
        field: "phone".into(),
        rule: "phone_placeholder".into(),
        severity: "error".into(),
        text: text("phone only fills the field"),
        how_to_fix: text("Ask the customer."),
        state: "open".into(),
        standard_version: 1,
        opened_at: Some(prost_types::Timestamp {
            seconds: 1_795_000_000,
            nanos: 0,
        }),
        ..pb::Finding::default()
    }
}

fn moved() -> pb::Move {
    pb::Move {
        dimension: "accuracy".into(),
        before: 80.0,
        after: 90.0,
    }
}

fn rule_count() -> pb::RuleCount {
    pb::RuleCount {
        field: "phone".into(),
        rule: "phone_placeholder".into(),
        open: 7,
        text: text("phone only fills the field"),
    }
}

fn worst() -> pb::WorstRecord {
    pb::WorstRecord {
        id: "src_1".into(),
        total: 12.5,
        gain: 0.73,
        dealer: "D001".into(),
        clerk: "S17".into(),
        department: String::new(),
        findings: vec![finding()],
        failed_checks: vec![pb::FailedCheck {
            id: "reachable".into(),
            dimension: "completeness".into(),
            fields: vec!["phone".into(), "phone2".into()],
        }],
    }
}

fn standard() -> pb::Standard {
    pb::Standard {
        kind: "customers".into(),
        version: 2,
        state: "draft".into(),
        effective_from: "2027-01-01".into(),
        text: "kind = \"customers\"".into(),
        ..pb::Standard::default()
    }
}

fn alert() -> pb::Alert {
    pb::Alert {
        id: "alt_1".into(),
        kind: "entries_look_invented".into(),
        dealer: "D001".into(),
        detail: "staff_phone".into(),
        text: text("some entries look made up"),
        state: "open".into(),
        fall: Some(pb::ScoreFall {
            before: 87.25,
            after: 75.5,
            records_before: 40,
            records_after: 52,
        }),
        sign: Some(pb::SignFigures {
            count: 12,
            of: 120,
            expected: 0.4,
            strength: 0.9,
            p: 0.000_001,
            q: 0.000_02,
            window_s: Some(60),
            burst_at: Some(prost_types::Timestamp {
                seconds: 1_795_000_000,
                nanos: 0,
            }),
        }),
        ..pb::Alert::default()
    }
}

fn work_list() -> pb::WorkList {
    pb::WorkList {
        id: "wkl_1".into(),
        seed: 7,
        region: "east".into(),
        created_by: "call-centre".into(),
        records: 200,
        heard: 12,
        outcomes: vec![pb::OutcomeCount {
            outcome: "confirmed".into(),
            records: 12,
        }],
        ..pb::WorkList::default()
    }
}

fn row() -> pb::PointsRow {
    pb::PointsRow {
        from: 0.9,
        points: 6.0,
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl QualityService for Quality {
    async fn get_dictionary(
        &self,
        request: Request<pb::GetDictionaryRequest>,
    ) -> Answer<pb::GetDictionaryResponse> {
        let field = pb::DictionaryField {
            kind: "customers".into(),
            column: "phone".into(),
            label: text("phone"),
            good: vec!["13912340567".into()],
            owner: "sales".into(),
            owner_name: text("sales"),
            class: "contact".into(),
            class_name: text("contact data"),
            ..pb::DictionaryField::default()
        };
        let rule = pb::DictionaryRule {
            id: "phone_placeholder".into(),
            dimension: "accuracy".into(),
            severity: "error".into(),
            text: text("{field} only fills the field"),
            fix: text("Ask the customer."),
        };
        let answer = pb::GetDictionaryResponse {
            fields: vec![field],
            rules: vec![rule],
        };
        self.0.play(&request, answer).await
    }

    async fn get_standard(
        &self,
        request: Request<pb::GetStandardRequest>,
    ) -> Answer<pb::GetStandardResponse> {
        let answer = pb::GetStandardResponse {
            standards: vec![standard()],
        };
        self.0.play(&request, answer).await
    }

    async fn put_standard(
        &self,
        request: Request<pb::PutStandardRequest>,
    ) -> Answer<pb::PutStandardResponse> {
        let answer = pb::PutStandardResponse {
            standard: Some(standard()),
        };
        self.0.play(&request, answer).await
    }

    async fn replay_standard(
        &self,
        request: Request<pb::ReplayStandardRequest>,
    ) -> Answer<pb::ReplayStandardResponse> {
        let change = pb::ReplayChange {
            dealer: "D001".into(),
            purpose: "overall".into(),
            before: card().means,
            after: card().means,
        };
        let answer = pb::ReplayStandardResponse {
            changes: vec![change],
            lost: 4,
            gained: 1,
        };
        self.0.play(&request, answer).await
    }

    async fn recount(&self, request: Request<pb::RecountRequest>) -> Answer<pb::RecountResponse> {
        let answer = pb::RecountResponse {
            records: 120,
            counters: 24,
            differing: 0,
        };
        self.0.play(&request, answer).await
    }

    async fn list_scorecards(
        &self,
        request: Request<pb::ListScorecardsRequest>,
    ) -> Answer<pb::ListScorecardsResponse> {
        let answer = pb::ListScorecardsResponse {
            scorecards: vec![card()],
            next_page_token: String::new(),
        };
        self.0.play(&request, answer).await
    }

    async fn get_scorecard(
        &self,
        request: Request<pb::GetScorecardRequest>,
    ) -> Answer<pb::GetScorecardResponse> {
        let answer = pb::GetScorecardResponse {
            scorecard: Some(card()),
            trend: vec![card()],
            rank: 2,
            of: 5,
            dealer: Some(card()),
            region: Some(card()),
            region_trend: vec![card()],
            moves: vec![moved()],
            rules: vec![rule_count()],
            worst: vec![worst()],
        };
        self.0.play(&request, answer).await
    }

    async fn get_region_scorecard(
        &self,
        request: Request<pb::GetRegionScorecardRequest>,
    ) -> Answer<pb::GetRegionScorecardResponse> {
        let of_region = pb::Scorecard {
            level: "region".into(),
            dealer: String::new(),
            ..card()
        };
        let answer = pb::GetRegionScorecardResponse {
            scorecard: Some(of_region.clone()),
            trend: vec![of_region],
            rank: 2,
            of: 5,
            network: Some(pb::Scorecard {
                level: "network".into(),
                dealer: String::new(),
                region: String::new(),
                ..card()
            }),
            moves: vec![moved()],
            rules: vec![rule_count()],
            worst: vec![worst()],
        };
        self.0.play(&request, answer).await
    }

    async fn list_findings(
        &self,
        request: Request<pb::ListFindingsRequest>,
    ) -> Answer<pb::ListFindingsResponse> {
        let answer = pb::ListFindingsResponse {
            findings: vec![finding()],
            next_page_token: String::new(),
        };
        self.0.play(&request, answer).await
    }

    async fn decide_finding(
        &self,
        request: Request<pb::DecideFindingRequest>,
    ) -> Answer<pb::DecideFindingResponse> {
        let answer = pb::DecideFindingResponse {
            finding: Some(pb::Finding {
                state: "waived".into(),
                ..finding()
            }),
        };
        self.0.play(&request, answer).await
    }

    async fn list_suspects(
        &self,
        request: Request<pb::ListSuspectsRequest>,
    ) -> Answer<pb::ListSuspectsResponse> {
        let suspect = pb::Suspect {
            dealer: "D001".into(),
            kind: "staff_phone".into(),
            strength: 0.9,
            p: 1e-7,
            count: 12,
            of: 120,
            expected: 0.4,
            q: 2e-5,
            reason: text("one number stands for several unrelated customers"),
            evidence: text(
                "one number stands for several unrelated customers: 12 of 120, where 0.4 would be usual",
            ),
            ..pb::Suspect::default()
        };
        let answer = pb::ListSuspectsResponse {
            suspects: vec![suspect],
            assessed_at: None,
        };
        self.0.play(&request, answer).await
    }

    async fn record_verifications(
        &self,
        request: Request<pb::RecordVerificationsRequest>,
    ) -> Answer<pb::RecordVerificationsResponse> {
        let answer = pb::RecordVerificationsResponse { recorded: 1 };
        self.0.play(&request, answer).await
    }

    async fn create_work_list(
        &self,
        request: Request<pb::CreateWorkListRequest>,
    ) -> Answer<pb::CreateWorkListResponse> {
        let answer = pb::CreateWorkListResponse {
            work_list: Some(work_list()),
        };
        self.0.play(&request, answer).await
    }

    async fn list_work_lists(
        &self,
        request: Request<pb::ListWorkListsRequest>,
    ) -> Answer<pb::ListWorkListsResponse> {
        let answer = pb::ListWorkListsResponse {
            work_lists: vec![work_list()],
            next_page_token: String::new(),
        };
        self.0.play(&request, answer).await
    }

    async fn get_work_list(
        &self,
        request: Request<pb::GetWorkListRequest>,
    ) -> Answer<pb::GetWorkListResponse> {
        let item = pb::WorkItem {
            position: 1,
            record_id: "src_1".into(),
            dealer: "D001".into(),
            department: "sales".into(),
            outcome: "confirmed".into(),
        };
        let answer = pb::GetWorkListResponse {
            work_list: Some(work_list()),
            items: vec![item],
            next_page_token: String::new(),
        };
        self.0.play(&request, answer).await
    }

    async fn list_accuracy(
        &self,
        request: Request<pb::ListAccuracyRequest>,
    ) -> Answer<pb::ListAccuracyResponse> {
        let accuracy = pb::Accuracy {
            dealer: "D001".into(),
            checked: 100,
            confirmed: 93,
            silent: 12,
            rate: 0.93,
            low: 0.8625,
            high: 0.9657,
            points: Some(6.0),
        };
        let answer = pb::ListAccuracyResponse {
            dealers: vec![accuracy],
            least_checked: 30,
            rows: vec![row()],
        };
        self.0.play(&request, answer).await
    }

    async fn put_points(
        &self,
        request: Request<pb::PutPointsRequest>,
    ) -> Answer<pb::PutPointsResponse> {
        let answer = pb::PutPointsResponse {
            least_checked: 30,
            rows: vec![row()],
        };
        self.0.play(&request, answer).await
    }

    async fn list_alerts(
        &self,
        request: Request<pb::ListAlertsRequest>,
    ) -> Answer<pb::ListAlertsResponse> {
        let answer = pb::ListAlertsResponse {
            alerts: vec![alert()],
            next_page_token: String::new(),
        };
        self.0.play(&request, answer).await
    }

    async fn decide_alert(
        &self,
        request: Request<pb::DecideAlertRequest>,
    ) -> Answer<pb::DecideAlertResponse> {
        let answer = pb::DecideAlertResponse {
            alert: Some(pb::Alert {
                state: "snoozed".into(),
                ..alert()
            }),
        };
        self.0.play(&request, answer).await
    }
}
