//! The customer's last visits to a workshop.

use marque_api::service_history::v1::ListCustomerVisitsRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::part::Part;
use crate::{edge::Call, routes::visits::VisitView, state::App, values::views};

/// Visits a profile shows.
pub(super) const LAST_VISITS: i32 = 10;

/// The last visits of a customer or a car.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastVisits {
    /// Newest first, without lines.
    pub(super) visits: Vec<VisitView>,
}

/// What the service-history role says of a customer.
pub(super) async fn of(app: &App, call: &Call, customer: &str) -> Part<LastVisits> {
    let request = ListCustomerVisitsRequest {
        customer_id: customer.to_owned(),
        page_size: LAST_VISITS,
        page_token: String::new(),
        headers_only: true,
    };
    let answer = app
        .clients
        .visits
        .read_once(call, request, |mut client, request| async move {
            client.list_customer_visits(request).await
        })
        .await;
    Part::of(answer, |list| LastVisits {
        visits: views(list.visits),
    })
}
