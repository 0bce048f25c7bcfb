//! The service on gRPC: converts, calls the app, converts back.

mod convert;

use marque_api::{
    intake::v1::RowOutcome,
    service_history::v1::{self as pb, service_history_service_server::ServiceHistoryService},
};
use marque_auth::CallContext;
use marque_core::{CustomerId, PageRequest, PageToken, VisitId};
use marque_errors::status;
use marque_intake::Outcome;
use marque_ledger::IdempotencyKey;
use marque_rpc::CallMeta;
use tonic::{Request, Response, Status};

use crate::{
    app::{Page, Shown, Strangers, VisitApp},
    error::{Error, Result},
    storage::Listed,
};

#[derive(Debug, Clone)]
pub(crate) struct VisitGrpc {
    app: VisitApp,
}

impl VisitGrpc {
    pub(crate) fn new(app: VisitApp) -> Self {
        Self { app }
    }

    async fn put(&self, request: Request<pb::PutVisitRequest>) -> Result<pb::PutVisitResponse> {
        let ctx = CallContext::of(&request)?;
        let (meta, key) = (
            CallMeta::of(&request),
            IdempotencyKey::of(request.metadata())?,
        );
        let request = request.into_inner();
        let columns = request.columns.clone().unwrap_or_default();
        let row = (
            request.dealer.as_str(),
            request.source.as_str(),
            convert::row_from_pb(&columns),
            request.expected_version,
        );
        let put = self.app.put(ctx, &meta, key, row, request.clone());
        let (shown, outcome) = put.await?;
        Ok(pb::PutVisitResponse {
            outcome: outcome_of(&shown, outcome) as i32,
            visit: Some(convert::visit_to_pb(shown)),
        })
    }

    async fn get(&self, request: Request<pb::GetVisitRequest>) -> Result<pb::GetVisitResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::GetVisitRequest { id, strangers } = request.into_inner();
        let get = self.app.get(ctx, visit(&id)?, customers(&strangers));
        let shown = get.await?;
        Ok(pb::GetVisitResponse {
            visit: Some(convert::visit_to_pb(shown)),
        })
    }

    async fn list_of_vehicle(
        &self,
        request: Request<pb::ListVehicleVisitsRequest>,
    ) -> Result<pb::ListVehicleVisitsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("vehicle_visits?vin={}", request.vin);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let listed = listed(request.headers_only);
        let strangers = customers(&request.strangers);
        let (visits, next_page_token) = wire(
            self.app
                .list_of_vehicle(ctx, &request.vin, (page, listed), strangers)
                .await?,
            &list,
        );
        Ok(pb::ListVehicleVisitsResponse {
            visits,
            next_page_token,
        })
    }

    async fn list_of_customer(
        &self,
        request: Request<pb::ListCustomerVisitsRequest>,
    ) -> Result<pb::ListCustomerVisitsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("customer_visits?customer={}", request.customer_id);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        // An id that cannot be is a customer who has no visits.
        let Ok(customer) = request.customer_id.parse::<CustomerId>() else {
            return Ok(pb::ListCustomerVisitsResponse::default());
        };
        let listed = listed(request.headers_only);
        let (visits, next_page_token) = wire(
            self.app
                .list_of_customer(ctx, customer, page, listed)
                .await?,
            &list,
        );
        Ok(pb::ListCustomerVisitsResponse {
            visits,
            next_page_token,
        })
    }

    async fn export(
        &self,
        request: Request<pb::ExportVisitsRequest>,
    ) -> Result<pb::ExportVisitsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!(
            "exported_visits?customer={}&held={}",
            request.customer_id, request.held_rows
        );
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        // An id that cannot be is a customer who has no visits.
        let Ok(customer) = request.customer_id.parse::<CustomerId>() else {
            return Ok(pb::ExportVisitsResponse::default());
        };
        if request.held_rows {
            let held = self.app.export_held(ctx, customer, page).await?;
            return Ok(pb::ExportVisitsResponse {
                held_rows: held.rows,
                next_page_token: held
                    .next
                    .map_or_else(String::new, |key| PageToken::write(&key, &list)),
                ..pb::ExportVisitsResponse::default()
            });
        }
        let export = self.app.export(ctx, customer, page).await?;
        let wire = |shown: Vec<Shown>| shown.into_iter().map(convert::whole_to_pb).collect();
        Ok(pb::ExportVisitsResponse {
            visits: wire(export.visits),
            earlier: wire(export.earlier),
            held_rows: Vec::new(),
            next_page_token: export
                .next
                .map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }

    async fn list_versions(
        &self,
        request: Request<pb::ListVisitVersionsRequest>,
    ) -> Result<pb::ListVisitVersionsResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::ListVisitVersionsRequest { id, strangers } = request.into_inner();
        let strangers = customers(&strangers);
        let list = self.app.list_versions(ctx, visit(&id)?, strangers);
        let versions = list.await?;
        Ok(pb::ListVisitVersionsResponse {
            versions: versions.into_iter().map(convert::visit_to_pb).collect(),
        })
    }
}

/// How much of each visit is wanted.
const fn listed(headers_only: bool) -> Listed {
    if headers_only {
        Listed::WithoutLines
    } else {
        Listed::Whole
    }
}

fn wire(page: Page, list: &str) -> (Vec<pb::Visit>, String) {
    let next = page
        .next
        .map_or_else(String::new, |key| PageToken::write(&key, list));
    (
        page.entries.into_iter().map(convert::visit_to_pb).collect(),
        next,
    )
}

/// A doubted odometer is a finding too.
fn outcome_of(shown: &Shown, outcome: Outcome) -> RowOutcome {
    match marque_intake::outcome_of(outcome, &shown.visit.header.findings) {
        RowOutcome::Accepted if shown.doubt.is_some() => RowOutcome::AcceptedWithFindings,
        outcome => outcome,
    }
}

/// An id that cannot be is as unknown as one that is not.
fn visit(id: &str) -> Result<VisitId> {
    id.parse().map_err(|_| Error::VisitUnknown)
}

/// An id that cannot be is nobody's.
fn customers(ids: &[String]) -> Strangers {
    ids.iter().filter_map(|id| id.parse().ok()).collect()
}

type Answer<T> = std::result::Result<Response<T>, Status>;

fn answer<T>(result: Result<T>) -> Answer<T> {
    result.map(Response::new).map_err(|error| status(&error))
}

#[tonic::async_trait]
impl ServiceHistoryService for VisitGrpc {
    async fn put_visit(
        &self,
        request: Request<pb::PutVisitRequest>,
    ) -> Answer<pb::PutVisitResponse> {
        answer(self.put(request).await)
    }

    async fn get_visit(
        &self,
        request: Request<pb::GetVisitRequest>,
    ) -> Answer<pb::GetVisitResponse> {
        answer(self.get(request).await)
    }

    async fn list_vehicle_visits(
        &self,
        request: Request<pb::ListVehicleVisitsRequest>,
    ) -> Answer<pb::ListVehicleVisitsResponse> {
        answer(self.list_of_vehicle(request).await)
    }

    async fn list_customer_visits(
        &self,
        request: Request<pb::ListCustomerVisitsRequest>,
    ) -> Answer<pb::ListCustomerVisitsResponse> {
        answer(self.list_of_customer(request).await)
    }

    async fn export_visits(
        &self,
        request: Request<pb::ExportVisitsRequest>,
    ) -> Answer<pb::ExportVisitsResponse> {
        answer(self.export(request).await)
    }

    async fn list_visit_versions(
        &self,
        request: Request<pb::ListVisitVersionsRequest>,
    ) -> Answer<pb::ListVisitVersionsResponse> {
        answer(self.list_versions(request).await)
    }
}
