//! One vehicle.

use axum::extract::State;
use marque_api::vehicle::v1 as pb;

use super::views::VehicleView;
use crate::{answer::Preconditions, edge::Call, extract::Path, problem::Answer, state::App};

/// One vehicle, by the id that a look-up gave.
#[utoipa::path(get, path = "/v1/vehicles/{id}", tag = "vehicles",
    params(("id" = String, Path, description = "Vehicle id", example = "veh_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")),
    responses((status = 200, description = "The vehicle", body = VehicleView)))]
pub(crate) async fn get_vehicle(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
) -> Answer {
    let vehicle = find(&app, &call, id).await?;
    conditions.read(vehicle.version, &VehicleView::from(vehicle))
}

/// The vehicle of an id.
pub(super) async fn find(app: &App, call: &Call, id: String) -> Answer<pb::Vehicle> {
    let request = pb::GetVehicleRequest {
        id,
        ..pb::GetVehicleRequest::default()
    };
    let get = app
        .clients
        .vehicle
        .read(call, request, |mut client, request| async move {
            client.get_vehicle(request).await
        });
    Ok(get.await?.vehicle.unwrap_or_default())
}
