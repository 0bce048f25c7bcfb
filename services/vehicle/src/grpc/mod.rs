//! The service on gRPC: converts, calls the app, converts back.

mod convert;

use marque_api::vehicle::v1::{
    self as pb, lookup_vehicles_request::Key, vehicle_service_server::VehicleService,
};
use marque_auth::CallContext;
use marque_core::{CustomerId, PageRequest, PageToken, VehicleId};
use marque_errors::{Violation, status};
use marque_intake::{findings_to_pb, outcome_of};
use marque_ledger::IdempotencyKey;
use marque_rpc::CallMeta;
use tonic::{Request, Response, Status};

use crate::{
    app::VehicleApp,
    domain::Party,
    error::{Error, Result},
};

#[derive(Debug, Clone)]
pub(crate) struct VehicleGrpc {
    app: VehicleApp,
}

/// Vehicles of a customer when the caller does not say how many, and at most.
const LIMIT: u32 = 20;
const LIMIT_MAX: u32 = 100;

impl VehicleGrpc {
    pub(crate) fn new(app: VehicleApp) -> Self {
        Self { app }
    }

    async fn put(&self, request: Request<pb::PutVehicleRequest>) -> Result<pb::PutVehicleResponse> {
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
        self.app
            .put(
                ctx,
                &meta,
                key,
                row,
                request.clone(),
                |shown, outcome, findings| pb::PutVehicleResponse {
                    vehicle: Some(convert::vehicle_to_pb(shown)),
                    outcome: outcome_of(outcome, findings) as i32,
                    findings: findings_to_pb(findings),
                },
            )
            .await
    }

    async fn get(&self, request: Request<pb::GetVehicleRequest>) -> Result<pb::GetVehicleResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::GetVehicleRequest { id, vin } = request.into_inner();
        let shown = if id.is_empty() {
            self.app.get_by_vin(ctx, &vin).await?
        } else {
            self.app.get(ctx, vehicle(&id)?).await?
        };
        Ok(pb::GetVehicleResponse {
            vehicle: Some(convert::vehicle_to_pb(shown)),
        })
    }

    async fn lookup(
        &self,
        request: Request<pb::LookupVehiclesRequest>,
    ) -> Result<pb::LookupVehiclesResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::LookupVehiclesRequest { key, with_parties } = request.into_inner();
        let found = match key {
            Some(Key::Plate(plate)) => self.app.find_by_plate(ctx, &plate, with_parties).await?,
            Some(Key::Vin(vin)) => self.app.find_by_vin(ctx, &vin, with_parties).await?,
            None => return Err(missing("key", "give a plate or a VIN")),
        };
        let vehicles = found.vehicles.into_iter().map(convert::vehicle_to_pb);
        let parties = found.parties.into_iter().map(convert::party_to_pb);
        Ok(pb::LookupVehiclesResponse {
            vehicles: vehicles.collect(),
            parties: parties.collect(),
        })
    }

    async fn list_of_customer(
        &self,
        request: Request<pb::ListCustomerVehiclesRequest>,
    ) -> Result<pb::ListCustomerVehiclesResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("customer_vehicles?customer={}", request.customer_id);
        let mut page = PageRequest::read(0, &request.page_token, &list)?;
        page.size = match u32::try_from(request.limit) {
            Err(_) => return Err(missing("limit", "must not be negative")),
            Ok(0) => LIMIT,
            Ok(limit) => limit.min(LIMIT_MAX),
        };
        // An id that cannot be is a customer who has no vehicles.
        let Ok(customer) = request.customer_id.parse::<CustomerId>() else {
            return Ok(pb::ListCustomerVehiclesResponse::default());
        };
        let page = self.app.list_of_customer(ctx, customer, page).await?;
        let vehicles = page
            .entries
            .into_iter()
            .map(|(shown, parties)| pb::CustomerVehicle {
                vehicle: Some(convert::vehicle_to_pb(shown)),
                parties: parties.into_iter().map(convert::party_to_pb).collect(),
            });
        Ok(pb::ListCustomerVehiclesResponse {
            vehicles: vehicles.collect(),
            next_page_token: page
                .next
                .map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }

    async fn export(
        &self,
        request: Request<pb::ExportRowsRequest>,
    ) -> Result<pb::ExportRowsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!(
            "exported_rows?customer={}&held={}",
            request.customer_id, request.held_rows
        );
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        // An id that cannot be is a customer whom no row names.
        let Ok(customer) = request.customer_id.parse::<CustomerId>() else {
            return Ok(pb::ExportRowsResponse::default());
        };
        if request.held_rows {
            let held = self.app.export_held(ctx, customer, page).await?;
            return Ok(pb::ExportRowsResponse {
                rows: Vec::new(),
                held_rows: held.rows,
                next_page_token: held
                    .next
                    .map_or_else(String::new, |key| PageToken::write(&key, &list)),
            });
        }
        let page = self.app.export_rows(ctx, customer, page).await?;
        Ok(pb::ExportRowsResponse {
            rows: page.entries.into_iter().map(convert::row_to_pb).collect(),
            held_rows: Vec::new(),
            next_page_token: page
                .next
                .map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }

    async fn list_all_parties(
        &self,
        request: Request<pb::ListPartiesRequest>,
    ) -> Result<pb::ListPartiesResponse> {
        let ctx = CallContext::of(&request)?;
        let dealer = ctx.scope().dealer().cloned();
        let parties = self
            .app
            .list_parties(ctx, vehicle(&request.into_inner().vehicle_id)?)
            .await?;
        let Some(dealer) = dealer else {
            return Ok(pb::ListPartiesResponse {
                parties: parties.into_iter().map(convert::party_to_pb).collect(),
            });
        };
        let is_own = |party: &Party| party.fact.dealer == dealer.as_str();
        let known: Vec<CustomerId> = parties
            .iter()
            .filter(|party| is_own(party))
            .filter_map(|party| party.fact.customer)
            .collect();
        let shown = parties.into_iter().map(|party| {
            let is_known = is_own(&party)
                || party
                    .fact
                    .customer
                    .is_some_and(|customer| known.contains(&customer));
            let party = convert::party_to_pb(party);
            if is_known {
                party
            } else {
                convert::without_person(party)
            }
        });
        Ok(pb::ListPartiesResponse {
            parties: shown.collect(),
        })
    }

    async fn list_readings_page(
        &self,
        request: Request<pb::ListReadingsRequest>,
    ) -> Result<pb::ListReadingsResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let list = format!("readings?vehicle={}", request.vehicle_id);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let page = self
            .app
            .list_readings(ctx, vehicle(&request.vehicle_id)?, page)
            .await?;
        Ok(pb::ListReadingsResponse {
            readings: page
                .entries
                .into_iter()
                .map(convert::reading_to_pb)
                .collect(),
            next_page_token: page
                .next
                .map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }
}

/// An id that cannot be is as unknown as one that is not.
fn vehicle(id: &str) -> Result<VehicleId> {
    id.parse().map_err(|_| Error::VehicleUnknown)
}

fn missing(field: &str, message: &str) -> Error {
    Error::Invalid(vec![Violation::new(field, "INVALID", message)])
}

type Answer<T> = std::result::Result<Response<T>, Status>;

fn answer<T>(result: Result<T>) -> Answer<T> {
    result.map(Response::new).map_err(|error| status(&error))
}

#[tonic::async_trait]
impl VehicleService for VehicleGrpc {
    async fn put_vehicle(
        &self,
        request: Request<pb::PutVehicleRequest>,
    ) -> Answer<pb::PutVehicleResponse> {
        answer(self.put(request).await)
    }

    async fn get_vehicle(
        &self,
        request: Request<pb::GetVehicleRequest>,
    ) -> Answer<pb::GetVehicleResponse> {
        answer(self.get(request).await)
    }

    async fn lookup_vehicles(
        &self,
        request: Request<pb::LookupVehiclesRequest>,
    ) -> Answer<pb::LookupVehiclesResponse> {
        answer(self.lookup(request).await)
    }

    async fn list_customer_vehicles(
        &self,
        request: Request<pb::ListCustomerVehiclesRequest>,
    ) -> Answer<pb::ListCustomerVehiclesResponse> {
        answer(self.list_of_customer(request).await)
    }

    async fn export_rows(
        &self,
        request: Request<pb::ExportRowsRequest>,
    ) -> Answer<pb::ExportRowsResponse> {
        answer(self.export(request).await)
    }

    async fn list_parties(
        &self,
        request: Request<pb::ListPartiesRequest>,
    ) -> Answer<pb::ListPartiesResponse> {
        answer(self.list_all_parties(request).await)
    }

    async fn list_readings(
        &self,
        request: Request<pb::ListReadingsRequest>,
    ) -> Answer<pb::ListReadingsResponse> {
        answer(self.list_readings_page(request).await)
    }
}
