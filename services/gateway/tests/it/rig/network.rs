//! The stub of the network role.

use marque_api::network::v1::{
    self as pb,
    network_service_server::{NetworkService, NetworkServiceServer},
};
use marque_rpc::Routes;
use tonic::{Request, Response, Status};

use super::{Script, changed, samples};

struct Network(Script);

pub(super) fn routes(script: &Script) -> Routes {
    Routes::new(NetworkServiceServer::new(Network(script.clone())))
}

#[tonic::async_trait]
impl NetworkService for Network {
    async fn put_dealer(
        &self,
        request: Request<pb::PutDealerRequest>,
    ) -> Result<Response<pb::PutDealerResponse>, Status> {
        let asked = request.get_ref().dealer.clone().unwrap_or_default();
        let is_there = asked.code != "NONE";
        if asked.version > 0 && asked.version != 3 || asked.version < 0 && is_there {
            return Err(changed("DEALER_CHANGED"));
        }
        self.0
            .play(
                &request,
                pb::PutDealerResponse {
                    dealer: Some(samples::dealer(&asked.code)),
                    created: asked.version <= 0,
                },
            )
            .await
    }

    async fn get_dealer(
        &self,
        request: Request<pb::GetDealerRequest>,
    ) -> Result<Response<pb::GetDealerResponse>, Status> {
        let code = request.get_ref().code.clone();
        if code == "NONE" {
            return Err(Status::not_found("no such dealer"));
        }
        self.0
            .play(
                &request,
                pb::GetDealerResponse {
                    dealer: Some(samples::dealer(&code)),
                },
            )
            .await
    }

    async fn list_dealers(
        &self,
        request: Request<pb::ListDealersRequest>,
    ) -> Result<Response<pb::ListDealersResponse>, Status> {
        self.0
            .play(
                &request,
                pb::ListDealersResponse {
                    dealers: vec![samples::dealer("D001")],
                    next_page_token: "next".to_owned(),
                },
            )
            .await
    }

    async fn put_staff(
        &self,
        request: Request<pb::PutStaffRequest>,
    ) -> Result<Response<pb::PutStaffResponse>, Status> {
        self.0
            .play(
                &request,
                pb::PutStaffResponse {
                    staff: Some(samples::staff()),
                },
            )
            .await
    }

    async fn list_staff(
        &self,
        request: Request<pb::ListStaffRequest>,
    ) -> Result<Response<pb::ListStaffResponse>, Status> {
        self.0
            .play(
                &request,
                pb::ListStaffResponse {
                    staff: vec![samples::staff()],
                    next_page_token: String::new(),
                },
            )
            .await
    }

    async fn apply_network(
        &self,
        request: Request<pb::ApplyNetworkRequest>,
    ) -> Result<Response<pb::ApplyNetworkResponse>, Status> {
        let network = request.get_ref();
        let (dealers, staff) = (network.dealers.len() as i32, network.staff.len() as i32);
        self.0
            .play(&request, pb::ApplyNetworkResponse { dealers, staff })
            .await
    }
}
