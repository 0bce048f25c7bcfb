//! Which car is it? Cars alone by one exact key: whoever works on cars need not learn whose they are.

use axum::extract::State;
use marque_api::vehicle::v1::{self as pb, lookup_vehicles_request::Key};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::VehicleView;
use crate::{
    answer::ok,
    edge::Call,
    extract::Json,
    problem::{Answer, Failure},
    state::App,
    values::views,
};

/// Exactly one of these, as typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VehicleKeyBody {
    /// VIN.
    #[schema(example = "LSVAA4182E2123456")]
    vin: Option<String>,
    /// Plate.
    plate: Option<String>,
}

impl VehicleKeyBody {
    fn key(self) -> Answer<Key> {
        match (self.vin, self.plate) {
            (Some(vin), None) => Ok(Key::Vin(vin)),
            (None, Some(plate)) => Ok(Key::Plate(plate)),
            _ => Err(Failure::invalid(
                "LOOKUP_KEY",
                "give exactly one of vin, plate",
            )),
        }
    }
}

/// The cars of a key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundVehicles {
    /// By plate the current holder first.
    vehicles: Vec<VehicleView>,
}

/// Look up vehicles by VIN or plate, and nobody's name with them.
///
/// For a dealer an exact hit opens the vehicle's file for 90 days and is on record.
#[utoipa::path(post, path = "/v1/vehicles/lookup", tag = "vehicles", request_body = VehicleKeyBody,
    responses((status = 200, description = "What was found; the list may be empty", body = FoundVehicles)))]
pub(crate) async fn look_up_vehicles(
    State(app): State<App>,
    call: Call,
    Json(body): Json<VehicleKeyBody>,
) -> Answer {
    let request = pb::LookupVehiclesRequest {
        key: Some(body.key()?),
        with_parties: false,
    };
    let found = find_vehicles(&app, &call, request).await?;
    ok(&FoundVehicles {
        vehicles: views(found.vehicles),
    })
}

/// The vehicles of a key. Asked once only: a look-up is on record, and a second try would be there twice.
pub(crate) async fn find_vehicles(
    app: &App,
    call: &Call,
    request: pb::LookupVehiclesRequest,
) -> Answer<pb::LookupVehiclesResponse> {
    app.clients
        .vehicle
        .write(call, request, |mut client, request| async move {
            client.lookup_vehicles(request).await
        })
        .await
}
