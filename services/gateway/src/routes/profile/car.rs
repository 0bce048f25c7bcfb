//! One car: what it is, its last visits and what is due for it, whoever brought it.

use marque_api::{
    scoring::v1::GetDueDatesRequest,
    service_history::v1::ListVehicleVisitsRequest,
    vehicle::v1::{GetVehicleRequest, Vehicle},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    part::Part,
    visits::{LAST_VISITS, LastVisits},
};
use crate::{
    edge::Call,
    problem::Answer,
    routes::{
        loyalty::DueDates,
        vehicles::VehicleView,
        visits::{visits_of, without_strangers},
    },
    state::App,
    values::views,
};

/// What roles know of one car, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CarFacts {
    /// The car itself; `absent` where the caller has nothing to do with it yet: a look-up opens its file.
    vehicle: Part<VehicleView>,
    /// Its last ten visits, at all dealers.
    visits: Part<LastVisits>,
    /// What is due next for it.
    due_dates: Part<DueDates>,
}

impl CarFacts {
    /// Asks the roles side by side; what is due is asked by the id that the vehicle role gives.
    pub(super) async fn of(app: &App, call: &Call, vin: &str) -> Self {
        let ((vehicle, due_dates), visits) =
            tokio::join!(with_due_dates(app, call, vin), visits(app, call, vin));
        Self {
            vehicle,
            visits,
            due_dates,
        }
    }
}

async fn with_due_dates(app: &App, call: &Call, vin: &str) -> (Part<VehicleView>, Part<DueDates>) {
    match get(app, call, vin).await {
        Ok(vehicle) => {
            let due_dates = due_dates(app, call, vehicle.id.clone()).await;
            (Part::Ok(VehicleView::from(vehicle)), due_dates)
        }
        Err(failure) => (Part::missing(&failure), Part::missing(&failure)),
    }
}

async fn get(app: &App, call: &Call, vin: &str) -> Answer<Vehicle> {
    let request = GetVehicleRequest {
        id: String::new(),
        vin: vin.to_owned(),
    };
    let get = app
        .clients
        .vehicle
        .read_once(call, request, |mut client, request| async move {
            client.get_vehicle(request).await
        });
    Ok(get.await?.vehicle.unwrap_or_default())
}

async fn due_dates(app: &App, call: &Call, vehicle_id: String) -> Part<DueDates> {
    let request = GetDueDatesRequest {
        vehicle_id,
        ..GetDueDatesRequest::default()
    };
    let answer = app
        .clients
        .scoring
        .read_once(call, request, |mut client, request| async move {
            client.get_due_dates(request).await
        })
        .await;
    Part::of(answer, DueDates::from)
}

async fn visits(app: &App, call: &Call, vin: &str) -> Part<LastVisits> {
    let ask = |strangers| {
        let request = ListVehicleVisitsRequest {
            vin: vin.to_owned(),
            page_size: LAST_VISITS,
            page_token: String::new(),
            headers_only: true,
            strangers,
        };
        app.clients
            .visits
            .read_once(call, request, |mut client, request| async move {
                client.list_vehicle_visits(request).await
            })
    };
    let answer = without_strangers(app, call, ask, visits_of).await;
    Part::of(answer, |list| LastVisits {
        visits: views(list.visits),
    })
}
