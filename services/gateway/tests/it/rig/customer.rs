//! The stub of the customer role.

use marque_api::{
    customer::v1::{
        self as pb,
        customer_service_server::{CustomerService, CustomerServiceServer},
    },
    intake::v1::RowOutcome,
};
use marque_rpc::Routes;
use tonic::{Request, Response, Status};

use super::{Script, changed, samples};

struct Customers(Script);

pub(super) fn routes(script: &Script) -> Routes {
    Routes::new(CustomerServiceServer::new(Customers(script.clone())))
}

#[tonic::async_trait]
impl CustomerService for Customers {
    async fn put_source_record(
        &self,
        request: Request<pb::PutSourceRecordRequest>,
    ) -> Result<Response<pb::PutSourceRecordResponse>, Status> {
        self.0
            .play(
                &request,
                pb::PutSourceRecordResponse {
                    source_record_id: samples::source_record().id,
                    customer_id: super::CUSTOMER.to_owned(),
                    outcome: RowOutcome::AcceptedWithFindings.into(),
                    findings: vec![samples::finding()],
                    version: 2,
                },
            )
            .await
    }

    async fn get_customer(
        &self,
        request: Request<pb::GetCustomerRequest>,
    ) -> Result<Response<pb::GetCustomerResponse>, Status> {
        let pb::GetCustomerRequest { id, with_lineage } = request.get_ref();
        let customer = samples::person_of(id, *with_lineage);
        let answer = pb::GetCustomerResponse {
            customer: Some(customer),
        };
        self.0.play(&request, answer).await
    }

    async fn lookup(
        &self,
        request: Request<pb::LookupRequest>,
    ) -> Result<Response<pb::LookupResponse>, Status> {
        self.0
            .play(
                &request,
                pb::LookupResponse {
                    customers: vec![samples::person(false)],
                    reception: true,
                },
            )
            .await
    }

    async fn list_source_records(
        &self,
        request: Request<pb::ListSourceRecordsRequest>,
    ) -> Result<Response<pb::ListSourceRecordsResponse>, Status> {
        self.0
            .play(
                &request,
                pb::ListSourceRecordsResponse {
                    source_records: vec![samples::source_record()],
                    next_page_token: "next".to_owned(),
                },
            )
            .await
    }

    async fn get_source_record(
        &self,
        request: Request<pb::GetSourceRecordRequest>,
    ) -> Result<Response<pb::GetSourceRecordResponse>, Status> {
        let source_record = Some(samples::source_record());
        self.0
            .play(&request, pb::GetSourceRecordResponse { source_record })
            .await
    }

    async fn list_history(
        &self,
        request: Request<pb::ListHistoryRequest>,
    ) -> Result<Response<pb::ListHistoryResponse>, Status> {
        self.0
            .play(
                &request,
                pb::ListHistoryResponse {
                    entries: vec![pb::HistoryEntry {
                        act: "merged".to_owned(),
                        at: samples::at(0),
                        actor: "steward-1".to_owned(),
                        dealer: "D001".to_owned(),
                        subject: "mrg_1".to_owned(),
                        reason: "same person".to_owned(),
                    }],
                    next_page_token: String::new(),
                },
            )
            .await
    }

    async fn get_cohesion(
        &self,
        request: Request<pb::GetCohesionRequest>,
    ) -> Result<Response<pb::GetCohesionResponse>, Status> {
        self.0
            .play(
                &request,
                pb::GetCohesionResponse {
                    customer_id: super::CUSTOMER.to_owned(),
                    bonds: vec![samples::bond()],
                    whole: true,
                },
            )
            .await
    }

    async fn unmask(
        &self,
        request: Request<pb::UnmaskRequest>,
    ) -> Result<Response<pb::UnmaskResponse>, Status> {
        self.0
            .play(
                &request,
                pb::UnmaskResponse {
                    id_number: "invented".to_owned(),
                    phones: vec!["13800000000".to_owned()],
                    address: "invented".to_owned(),
                },
            )
            .await
    }

    async fn merge(
        &self,
        request: Request<pb::MergeRequest>,
    ) -> Result<Response<pb::MergeResponse>, Status> {
        if ![0, samples::VERSION].contains(&request.get_ref().expected_version) {
            return Err(changed("CUSTOMER_CHANGED"));
        }
        self.0
            .play(
                &request,
                pb::MergeResponse {
                    merge_id: "mrg_1".to_owned(),
                    customer: Some(samples::person(false)),
                },
            )
            .await
    }

    async fn split(
        &self,
        request: Request<pb::SplitRequest>,
    ) -> Result<Response<pb::SplitResponse>, Status> {
        self.0
            .play(
                &request,
                pb::SplitResponse {
                    merge_id: "mrg_2".to_owned(),
                    customer: Some(samples::person(false)),
                    remaining: Some(samples::person(false)),
                },
            )
            .await
    }

    async fn undo(
        &self,
        request: Request<pb::UndoRequest>,
    ) -> Result<Response<pb::UndoResponse>, Status> {
        self.0
            .play(
                &request,
                pb::UndoResponse {
                    customers: vec![samples::person(false)],
                },
            )
            .await
    }

    async fn list_duplicates(
        &self,
        request: Request<pb::ListDuplicatesRequest>,
    ) -> Result<Response<pb::ListDuplicatesResponse>, Status> {
        self.0
            .play(
                &request,
                pb::ListDuplicatesResponse {
                    duplicates: vec![samples::duplicate()],
                    next_page_token: String::new(),
                },
            )
            .await
    }

    async fn decide_duplicate(
        &self,
        request: Request<pb::DecideDuplicateRequest>,
    ) -> Result<Response<pb::DecideDuplicateResponse>, Status> {
        self.0
            .play(
                &request,
                pb::DecideDuplicateResponse {
                    duplicate: Some(samples::duplicate()),
                    merge_id: "mrg_1".to_owned(),
                },
            )
            .await
    }

    async fn put_consent(
        &self,
        request: Request<pb::PutConsentRequest>,
    ) -> Result<Response<pb::PutConsentResponse>, Status> {
        self.0
            .play(
                &request,
                pb::PutConsentResponse {
                    consent: Some(samples::consent()),
                },
            )
            .await
    }

    async fn check_duplicate(
        &self,
        request: Request<pb::CheckDuplicateRequest>,
    ) -> Result<Response<pb::CheckDuplicateResponse>, Status> {
        let checked = pb::CheckDuplicateResponse {
            verdict: "likely".to_owned(),
            customer_id: String::new(),
        };
        self.0.play(&request, checked).await
    }

    async fn start_reconciliation(
        &self,
        request: Request<pb::StartReconciliationRequest>,
    ) -> Result<Response<pb::StartReconciliationResponse>, Status> {
        let whole = request.get_ref().whole;
        let running = pb::StartReconciliationResponse {
            reconciliation: Some(pb::Reconciliation {
                state: "running".to_owned(),
                whole,
                ..Default::default()
            }),
        };
        self.0.play(&request, running).await
    }

    async fn list_reconciliations(
        &self,
        request: Request<pb::ListReconciliationsRequest>,
    ) -> Result<Response<pb::ListReconciliationsResponse>, Status> {
        let last = pb::ListReconciliationsResponse {
            reconciliations: vec![pb::Reconciliation {
                state: "done".to_owned(),
                ..Default::default()
            }],
        };
        self.0.play(&request, last).await
    }

    async fn list_moves(
        &self,
        request: Request<pb::ListMovesRequest>,
    ) -> Result<Response<pb::ListMovesResponse>, Status> {
        let moves = pb::ListMovesResponse {
            moves: vec![pb::Move {
                act: "merged".to_owned(),
                records: 2,
                ..Default::default()
            }],
            ..Default::default()
        };
        self.0.play(&request, moves).await
    }

    async fn get_matcher(
        &self,
        request: Request<pb::GetMatcherRequest>,
    ) -> Result<Response<pb::GetMatcherResponse>, Status> {
        let matcher = pb::GetMatcherResponse {
            decisions: 3,
            reliability: vec![pb::Reliability::default()],
            ..Default::default()
        };
        self.0.play(&request, matcher).await
    }

    async fn count_customers(
        &self,
        request: Request<pb::CountCustomersRequest>,
    ) -> Result<Response<pb::CountCustomersResponse>, Status> {
        let counts = pb::CountCustomersResponse {
            persons: 2,
            ..Default::default()
        };
        self.0.play(&request, counts).await
    }
}
