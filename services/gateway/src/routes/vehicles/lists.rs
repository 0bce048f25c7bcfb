//! What hangs on a vehicle: visits, parties, readings.

use axum::extract::State;
use marque_api::{service_history::v1 as history, vehicle::v1 as pb};
use serde::Serialize;
use utoipa::ToSchema;

use super::{get::find, views::PartyView};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Path, Query},
    problem::Answer,
    routes::{
        paging::Paging,
        visits::{VisitPage, visits_of, without_strangers},
    },
    state::App,
    values::{Instant, instant, views},
};

/// Visits of a vehicle across all dealers, newest first.
#[utoipa::path(get, path = "/v1/vehicles/{id}/visits", tag = "vehicles",
    params(("id" = String, Path, description = "Vehicle id"), Paging),
    responses((status = 200, description = "A page of visits", body = VisitPage)))]
pub(crate) async fn list_vehicle_visits(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> Answer {
    let vehicle = find(&app, &call, id).await?;
    let (page_size, page_token) = paging.into_parts();
    let ask = |strangers| {
        let request = history::ListVehicleVisitsRequest {
            vin: vehicle.vin.clone(),
            page_size,
            page_token: page_token.clone(),
            headers_only: false,
            strangers,
        };
        app.clients
            .visits
            .read(&call, request, |mut client, request| async move {
                client.list_vehicle_visits(request).await
            })
    };
    let list = without_strangers(&app, &call, ask, visits_of);
    let history::ListVehicleVisitsResponse {
        visits,
        next_page_token,
    } = list.await?;
    ok(&VisitPage::new(visits, next_page_token))
}

/// The parties of a vehicle.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartyList {
    /// Current ones first.
    parties: Vec<PartyView>,
}

/// Who owned, drove, paid for or brought a vehicle, and when.
#[utoipa::path(get, path = "/v1/vehicles/{id}/parties", tag = "vehicles",
    params(("id" = String, Path, description = "Vehicle id")),
    responses((status = 200, description = "The parties, current ones first", body = PartyList)))]
pub(crate) async fn list_parties(
    State(app): State<App>,
    call: Call,
    Path(vehicle_id): Path<String>,
) -> Answer {
    let request = pb::ListPartiesRequest { vehicle_id };
    let list = app
        .clients
        .vehicle
        .read(&call, request, |mut client, request| async move {
            client.list_parties(request).await
        });
    ok(&PartyList {
        parties: views(list.await?.parties),
    })
}

/// One odometer reading: never refused, never overwritten.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reading)]
pub(crate) struct ReadingView {
    /// Kilometres as read.
    odometer_km: i32,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<Instant>,
    /// visit, row or call.
    origin: String,
    /// Dealer that read it.
    dealer: String,
    /// plausible, backwards, too_fast or sentinel.
    #[schema(example = "plausible")]
    quality: String,
}

impl From<pb::Reading> for ReadingView {
    fn from(reading: pb::Reading) -> Self {
        let pb::Reading {
            odometer_km,
            read_at,
            origin,
            dealer,
            quality,
        } = reading;
        Self {
            odometer_km,
            read_at: instant(read_at),
            origin,
            dealer,
            quality,
        }
    }
}

/// A page of readings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadingPage {
    /// Newest first.
    readings: Vec<ReadingView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Odometer readings of a vehicle with source and quality, newest first.
#[utoipa::path(get, path = "/v1/vehicles/{id}/readings", tag = "vehicles",
    params(("id" = String, Path, description = "Vehicle id"), Paging),
    responses((status = 200, description = "A page of readings", body = ReadingPage)))]
pub(crate) async fn list_readings(
    State(app): State<App>,
    call: Call,
    Path(vehicle_id): Path<String>,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListReadingsRequest {
        vehicle_id,
        page_size,
        page_token,
    };
    let list = app
        .clients
        .vehicle
        .read(&call, request, |mut client, request| async move {
            client.list_readings(request).await
        });
    let pb::ListReadingsResponse {
        readings,
        next_page_token,
    } = list.await?;
    ok(&ReadingPage {
        readings: views(readings),
        next_page_token,
    })
}
