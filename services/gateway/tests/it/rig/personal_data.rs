//! The stub of the customer role's service of personal-data rights.

use marque_api::customer::v1::{
    self as pb,
    personal_data_service_server::{PersonalDataService, PersonalDataServiceServer},
};
use tonic::{Request, Response, Status};

use super::{Script, samples};

pub(super) struct Rights(Script);

pub(super) fn service(script: &Script) -> PersonalDataServiceServer<Rights> {
    PersonalDataServiceServer::new(Rights(script.clone()))
}

type Answer<T> = Result<Response<T>, Status>;

fn erasure(state: &str) -> pb::Erasure {
    let is_decided = state != "requested";
    let said = |text: &str| {
        if is_decided {
            text.to_owned()
        } else {
            String::new()
        }
    };
    pb::Erasure {
        id: "ers_1".to_owned(),
        customer_id: super::CUSTOMER.to_owned(),
        state: state.to_owned(),
        ground: "service_ended".to_owned(),
        requested_by: "self".to_owned(),
        requested_at: samples::at(0),
        due_at: samples::at(1),
        decided_by: said("admin-1"),
        decided_at: samples::at(2).filter(|_| is_decided),
        reason: said("repair records must be kept"),
        duties: vec![pb::RunningDuty {
            code: "repair_record".to_owned(),
            since: "2025-03-05".to_owned(),
        }],
        kept_until: said("2031-03-05"),
    }
}

#[tonic::async_trait]
impl PersonalDataService for Rights {
    async fn request_erasure(
        &self,
        request: Request<pb::RequestErasureRequest>,
    ) -> Answer<pb::RequestErasureResponse> {
        let erasure = Some(erasure("requested"));
        let answer = pb::RequestErasureResponse { erasure };
        self.0.play(&request, answer).await
    }

    async fn get_erasure(
        &self,
        request: Request<pb::GetErasureRequest>,
    ) -> Answer<pb::GetErasureResponse> {
        let erasure = Some(erasure("requested"));
        let answer = pb::GetErasureResponse { erasure };
        self.0.play(&request, answer).await
    }

    async fn list_erasures(
        &self,
        request: Request<pb::ListErasuresRequest>,
    ) -> Answer<pb::ListErasuresResponse> {
        let answer = pb::ListErasuresResponse {
            erasures: vec![erasure("requested")],
            next_page_token: "next".to_owned(),
        };
        self.0.play(&request, answer).await
    }

    async fn decide_erasure(
        &self,
        request: Request<pb::DecideErasureRequest>,
    ) -> Answer<pb::DecideErasureResponse> {
        let erasure = Some(erasure("restricted"));
        let answer = pb::DecideErasureResponse { erasure };
        self.0.play(&request, answer).await
    }

    async fn open_restricted(
        &self,
        request: Request<pb::OpenRestrictedRequest>,
    ) -> Answer<pb::OpenRestrictedResponse> {
        let source_records = vec![samples::source_record()];
        let answer = pb::OpenRestrictedResponse { source_records };
        self.0.play(&request, answer).await
    }

    async fn export_customer(
        &self,
        request: Request<pb::ExportCustomerRequest>,
    ) -> Answer<pb::ExportCustomerResponse> {
        let answer = pb::ExportCustomerResponse {
            customer: Some(samples::person(true)),
            source_records: vec![samples::source_record()],
        };
        self.0.play(&request, answer).await
    }

    async fn list_retention(
        &self,
        request: Request<pb::ListRetentionRequest>,
    ) -> Answer<pb::ListRetentionResponse> {
        let duty = pb::Duty {
            code: "repair_record".to_owned(),
            records: "who had a car repaired".to_owned(),
            years: 6,
            since: "the day the car was handed back".to_owned(),
            source: "SAMR Order 43, Art. 17".to_owned(),
            in_force_from: "2022-01-01".to_owned(),
        };
        let answer = pb::ListRetentionResponse {
            duties: vec![duty],
            checked_on: "2026-11-22".to_owned(),
        };
        self.0.play(&request, answer).await
    }
}
