//! The service on gRPC: converts, calls the app, converts back.

mod convert;

use marque_api::network::v1::{self as pb, network_service_server::NetworkService};
use marque_auth::CallContext;
use marque_core::{PageRequest, PageToken};
use marque_errors::status;
use marque_ledger::Keyed;
use tonic::{Request, Response, Status};

use crate::{
    app::{NetworkApp, Sent, dealer_to_pb},
    domain::Only,
    error::{Error, Result},
};

#[derive(Debug, Clone)]
pub(crate) struct NetworkGrpc {
    app: NetworkApp,
}

impl NetworkGrpc {
    pub(crate) fn new(app: NetworkApp) -> Self {
        Self { app }
    }

    async fn list_dealers_page(
        &self,
        request: Request<pb::ListDealersRequest>,
    ) -> Result<pb::ListDealersResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("dealers?region={}", request.region);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let size = page.size as usize;
        let dealers = self.app.list_dealers(ctx, request.region, page).await?;
        let next = dealers
            .last()
            .filter(|_| dealers.len() == size)
            .map(|dealer| dealer.code.to_string());
        Ok(pb::ListDealersResponse {
            dealers: dealers.into_iter().map(dealer_to_pb).collect(),
            next_page_token: next.map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }

    async fn list_staff_page(
        &self,
        request: Request<pb::ListStaffRequest>,
    ) -> Result<pb::ListStaffResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("staff?dealer={}", request.dealer);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let size = page.size as usize;
        let staff = self
            .app
            .list_staff(ctx, convert::code(&request.dealer)?, page)
            .await?;
        let next = staff
            .last()
            .filter(|_| staff.len() == size)
            .map(|staff| staff.code.clone());
        Ok(pb::ListStaffResponse {
            staff: staff.into_iter().map(convert::staff_to_pb).collect(),
            next_page_token: next.map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }

    async fn put_dealer_inner(
        &self,
        request: Request<pb::PutDealerRequest>,
    ) -> Result<pb::PutDealerResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let dealer = keyed.request().dealer.clone().unwrap_or_default();
        let dealer = convert::dealer_from_pb(dealer);
        let code = convert::code(&dealer.code)?;
        let dealer = dealer.with_code(code);
        self.app
            .put_dealer(ctx, keyed, dealer, |dealer, created| {
                pb::PutDealerResponse {
                    dealer: Some(dealer_to_pb(dealer)),
                    created,
                }
            })
            .await
    }

    async fn get_dealer_inner(
        &self,
        request: Request<pb::GetDealerRequest>,
    ) -> Result<pb::GetDealerResponse> {
        let ctx = CallContext::of(&request)?;
        // A code that cannot exist is as unknown as one that does not.
        let code = convert::code(&request.into_inner().code).map_err(|_| Error::DealerUnknown)?;
        let dealer = self.app.get_dealer(ctx, code).await?;
        Ok(pb::GetDealerResponse {
            dealer: Some(dealer_to_pb(dealer)),
        })
    }

    async fn put_staff_inner(
        &self,
        request: Request<pb::PutStaffRequest>,
    ) -> Result<pb::PutStaffResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::PutStaffRequest { staff, only_new } = request.into_inner();
        let staff = convert::staff_from_pb(staff.unwrap_or_default());
        let dealer = convert::code(&staff.dealer)?;
        let staff = staff.of_dealer(dealer);
        let only = if only_new { Only::New } else { Only::Anybody };
        let staff = self.app.put_staff(ctx, staff, only).await?;
        Ok(pb::PutStaffResponse {
            staff: Some(convert::staff_to_pb(staff)),
        })
    }

    async fn apply_inner(
        &self,
        request: Request<pb::ApplyNetworkRequest>,
    ) -> Result<pb::ApplyNetworkResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::ApplyNetworkRequest { dealers, staff } = keyed.request().clone();
        let sent = Sent {
            dealers: dealers.into_iter().map(convert::dealer_from_pb).collect(),
            staff: staff.into_iter().map(convert::staff_from_pb).collect(),
        };
        self.app
            .apply(ctx, keyed, sent, |dealers, staff| {
                pb::ApplyNetworkResponse {
                    dealers: dealers as i32,
                    staff: staff as i32,
                }
            })
            .await
    }
}

fn answer<T>(result: Result<T>) -> std::result::Result<Response<T>, Status> {
    result.map(Response::new).map_err(|error| status(&error))
}

#[tonic::async_trait]
impl NetworkService for NetworkGrpc {
    async fn put_dealer(
        &self,
        request: Request<pb::PutDealerRequest>,
    ) -> std::result::Result<Response<pb::PutDealerResponse>, Status> {
        answer(self.put_dealer_inner(request).await)
    }

    async fn get_dealer(
        &self,
        request: Request<pb::GetDealerRequest>,
    ) -> std::result::Result<Response<pb::GetDealerResponse>, Status> {
        answer(self.get_dealer_inner(request).await)
    }

    async fn list_dealers(
        &self,
        request: Request<pb::ListDealersRequest>,
    ) -> std::result::Result<Response<pb::ListDealersResponse>, Status> {
        answer(self.list_dealers_page(request).await)
    }

    async fn put_staff(
        &self,
        request: Request<pb::PutStaffRequest>,
    ) -> std::result::Result<Response<pb::PutStaffResponse>, Status> {
        answer(self.put_staff_inner(request).await)
    }

    async fn list_staff(
        &self,
        request: Request<pb::ListStaffRequest>,
    ) -> std::result::Result<Response<pb::ListStaffResponse>, Status> {
        answer(self.list_staff_page(request).await)
    }

    async fn apply_network(
        &self,
        request: Request<pb::ApplyNetworkRequest>,
    ) -> std::result::Result<Response<pb::ApplyNetworkResponse>, Status> {
        answer(self.apply_inner(request).await)
    }
}
