//! The stub of the vehicle role.

use marque_api::{
    intake::v1::RowOutcome,
    vehicle::v1::{
        self as pb,
        lookup_vehicles_request::Key,
        vehicle_service_server::{VehicleService, VehicleServiceServer},
    },
};
use marque_rpc::Routes;
use tonic::{Request, Response, Status};

use super::{Script, samples};

struct Vehicles(Script);

pub(super) fn routes(script: &Script) -> Routes {
    Routes::new(VehicleServiceServer::new(Vehicles(script.clone())))
}

#[tonic::async_trait]
impl VehicleService for Vehicles {
    async fn put_vehicle(
        &self,
        request: Request<pb::PutVehicleRequest>,
    ) -> Result<Response<pb::PutVehicleResponse>, Status> {
        self.0
            .play(
                &request,
                pb::PutVehicleResponse {
                    vehicle: Some(samples::car()),
                    outcome: RowOutcome::Accepted.into(),
                    findings: Vec::new(),
                },
            )
            .await
    }

    async fn get_vehicle(
        &self,
        request: Request<pb::GetVehicleRequest>,
    ) -> Result<Response<pb::GetVehicleResponse>, Status> {
        self.0
            .play(
                &request,
                pb::GetVehicleResponse {
                    vehicle: Some(samples::car()),
                },
            )
            .await
    }

    async fn lookup_vehicles(
        &self,
        request: Request<pb::LookupVehiclesRequest>,
    ) -> Result<Response<pb::LookupVehiclesResponse>, Status> {
        let asked = request.get_ref();
        // Whom a VIN's car belongs to is not linked yet.
        let is_linked = !matches!(asked.key, Some(Key::Vin(_)));
        let mut party = samples::party();
        if !is_linked {
            party.customer_id.clear();
        }
        let parties = if asked.with_parties {
            vec![party]
        } else {
            Vec::new()
        };
        self.0
            .play(
                &request,
                pb::LookupVehiclesResponse {
                    vehicles: vec![samples::car()],
                    parties,
                },
            )
            .await
    }

    async fn list_customer_vehicles(
        &self,
        request: Request<pb::ListCustomerVehiclesRequest>,
    ) -> Result<Response<pb::ListCustomerVehiclesResponse>, Status> {
        let asked = request.get_ref();
        let own = asked.customer_id == super::CUSTOMER && self.0.has_heard();
        // Who asks for whole pages gets two of them.
        let has_more = own && asked.limit == 100 && asked.page_token.is_empty();
        let vehicle = pb::CustomerVehicle {
            vehicle: Some(samples::car()),
            parties: vec![samples::party()],
        };
        self.0
            .play(
                &request,
                pb::ListCustomerVehiclesResponse {
                    vehicles: if own { vec![vehicle] } else { Vec::new() },
                    next_page_token: if has_more { "second" } else { "" }.to_owned(),
                },
            )
            .await
    }

    async fn export_rows(
        &self,
        request: Request<pb::ExportRowsRequest>,
    ) -> Result<Response<pb::ExportRowsResponse>, Status> {
        let row = pb::ExportedRow {
            dealer: "D001".to_owned(),
            source: "dms".to_owned(),
            vin: "LSVAA4182E2123456".to_owned(),
            roles: vec!["owner".to_owned()],
            columns: vec![samples::column("plate", "沪A12345")],
            extra: vec![samples::column("vip", "yes")],
            received_at: samples::at(60),
        };
        self.0
            .play(
                &request,
                pb::ExportRowsResponse {
                    rows: if request.get_ref().held_rows {
                        Vec::new()
                    } else {
                        vec![row]
                    },
                    held_rows: Vec::new(),
                    next_page_token: String::new(),
                },
            )
            .await
    }

    async fn list_parties(
        &self,
        request: Request<pb::ListPartiesRequest>,
    ) -> Result<Response<pb::ListPartiesResponse>, Status> {
        self.0
            .play(
                &request,
                pb::ListPartiesResponse {
                    parties: vec![samples::party()],
                },
            )
            .await
    }

    async fn list_readings(
        &self,
        request: Request<pb::ListReadingsRequest>,
    ) -> Result<Response<pb::ListReadingsResponse>, Status> {
        self.0
            .play(
                &request,
                pb::ListReadingsResponse {
                    readings: vec![samples::reading()],
                    next_page_token: String::new(),
                },
            )
            .await
    }
}
