//! The customer's vehicles.

use marque_api::vehicle::v1::ListCustomerVehiclesRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::part::Part;
use crate::{edge::Call, routes::vehicles::CustomerVehicleView, state::App, values::views};

/// The customer's vehicles.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Vehicles {
    /// Current ones first.
    vehicles: Vec<CustomerVehicleView>,
}

/// What the vehicle role says of a customer.
pub(super) async fn of(app: &App, call: &Call, customer: &str) -> Part<Vehicles> {
    let request = ListCustomerVehiclesRequest {
        customer_id: customer.to_owned(),
        limit: 0,
        page_token: String::new(),
    };
    let answer = app
        .clients
        .vehicle
        .read_once(call, request, |mut client, request| async move {
            client.list_customer_vehicles(request).await
        })
        .await;
    Part::of(answer, |list| Vehicles {
        vehicles: views(list.vehicles),
    })
}
