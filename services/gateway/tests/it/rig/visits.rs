//! The stub of the service-history role.

use marque_api::{
    intake::v1::RowOutcome,
    service_history::v1::{
        self as pb,
        service_history_service_server::{ServiceHistoryService, ServiceHistoryServiceServer},
    },
};
use marque_rpc::Routes;
use tonic::{Request, Response, Status};

use super::{Script, samples};

struct Visits(Script);

pub(super) fn routes(script: &Script) -> Routes {
    Routes::new(ServiceHistoryServiceServer::new(Visits(script.clone())))
}

/// A visit without its customer, if he is one of these.
fn shown(visit: pb::Visit, strangers: &[String]) -> pb::Visit {
    if !strangers.contains(&visit.customer_id) {
        return visit;
    }
    pb::Visit {
        source_record_id: String::new(),
        customer_id: String::new(),
        complaint_text: String::new(),
        signatures: String::new(),
        ..visit
    }
}

#[tonic::async_trait]
impl ServiceHistoryService for Visits {
    async fn put_visit(
        &self,
        request: Request<pb::PutVisitRequest>,
    ) -> Result<Response<pb::PutVisitResponse>, Status> {
        self.0
            .play(
                &request,
                pb::PutVisitResponse {
                    visit: Some(samples::visit(true)),
                    outcome: RowOutcome::Unchanged.into(),
                },
            )
            .await
    }

    async fn get_visit(
        &self,
        request: Request<pb::GetVisitRequest>,
    ) -> Result<Response<pb::GetVisitResponse>, Status> {
        self.0
            .play(
                &request,
                pb::GetVisitResponse {
                    visit: Some(shown(samples::visit(true), &request.get_ref().strangers)),
                },
            )
            .await
    }

    async fn list_vehicle_visits(
        &self,
        request: Request<pb::ListVehicleVisitsRequest>,
    ) -> Result<Response<pb::ListVehicleVisitsResponse>, Status> {
        let visit = samples::visit(!request.get_ref().headers_only);
        let visit = shown(visit, &request.get_ref().strangers);
        self.0
            .play(
                &request,
                pb::ListVehicleVisitsResponse {
                    visits: vec![visit],
                    next_page_token: String::new(),
                },
            )
            .await
    }

    async fn list_customer_visits(
        &self,
        request: Request<pb::ListCustomerVisitsRequest>,
    ) -> Result<Response<pb::ListCustomerVisitsResponse>, Status> {
        let own = request.get_ref().customer_id == super::CUSTOMER;
        let visit = samples::visit(!request.get_ref().headers_only);
        self.0
            .play(
                &request,
                pb::ListCustomerVisitsResponse {
                    visits: if own { vec![visit] } else { Vec::new() },
                    next_page_token: String::new(),
                },
            )
            .await
    }

    async fn export_visits(
        &self,
        request: Request<pb::ExportVisitsRequest>,
    ) -> Result<Response<pb::ExportVisitsResponse>, Status> {
        if request.get_ref().held_rows {
            let answer = pb::ExportVisitsResponse {
                held_rows: vec![samples::held_row()],
                ..pb::ExportVisitsResponse::default()
            };
            return self.0.play(&request, answer).await;
        }
        let extra = vec![samples::column("vip", "yes")];
        let visit = pb::Visit {
            extra,
            ..samples::visit(true)
        };
        let earlier = pb::Visit {
            complaint_text: "a rattle".to_owned(),
            version: 1,
            ..visit.clone()
        };
        self.0
            .play(
                &request,
                pb::ExportVisitsResponse {
                    visits: vec![visit],
                    earlier: vec![earlier],
                    held_rows: Vec::new(),
                    next_page_token: String::new(),
                },
            )
            .await
    }

    async fn list_visit_versions(
        &self,
        request: Request<pb::ListVisitVersionsRequest>,
    ) -> Result<Response<pb::ListVisitVersionsResponse>, Status> {
        self.0
            .play(
                &request,
                pb::ListVisitVersionsResponse {
                    versions: vec![shown(samples::visit(true), &request.get_ref().strangers)],
                },
            )
            .await
    }
}
