//! Everything about one customer at once. Peers are asked side by side; one that is down or late leaves its part out.

use axum::{extract::State, response::Response};
use marque_api::{
    customer::v1::{self as customer, GetCustomerRequest},
    service_history::v1::{self as visits, ListCustomerVisitsRequest},
    vehicle::v1::{self as vehicle, ListCustomerVehiclesRequest},
};
use marque_errors::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::ok,
    edge::Call,
    extract::Path,
    problem::{Answer, Failure},
    routes::{customers::CustomerView, vehicles::CustomerVehicleView, visits::VisitView},
    state::App,
    values::views,
};

/// Visits an overview shows.
const LAST_VISITS: i32 = 10;

/// One part of a profile.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Part<T> {
    /// Here it is.
    Ok(T),
    /// The role that knows it is down or late: try again later.
    Unavailable,
    /// There is none, or it is not for the caller.
    Absent,
}

/// The customer's vehicles.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Vehicles {
    /// Current ones first.
    vehicles: Vec<CustomerVehicleView>,
}

/// The customer's last visits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastVisits {
    /// Newest first, without lines.
    visits: Vec<VisitView>,
}

/// A part that a role of a later version fills.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Later {}

/// Everything about one customer, part by part.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profile {
    /// The golden customer.
    customer: Part<CustomerView>,
    /// His vehicles.
    vehicles: Part<Vehicles>,
    /// His last ten visits.
    visits: Part<LastVisits>,
    /// Complaints that are not closed.
    open_complaints: Part<Later>,
    /// Value score.
    score: Part<Later>,
    /// Loyalty.
    loyalty: Part<Later>,
    /// What is due next.
    due_dates: Part<Later>,
}

/// A customer at once: himself, vehicles, last visits, and what further roles know.
///
/// A part whose role is down or late says `unavailable`, and the answer is still 200.
#[utoipa::path(get, path = "/v1/customers/{id}/profile", tag = "customers",
    params(("id" = String, Path, description = "Customer id", example = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")),
    responses((status = 200, description = "The profile", body = Profile)))]
pub(crate) async fn get_profile(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
) -> Answer {
    assemble(&app, call, id).await
}

/// The profile of an id; one that was merged away is asked again as the customer it now is.
pub(crate) async fn assemble(app: &App, mut call: Call, id: String) -> Answer<Response> {
    call.meta = call.meta.within(app.settings.part_deadline);
    let (customer, vehicles, visits) = tokio::join!(
        customer_of(app, &call, id.clone()),
        vehicles_of(app, &call, id.clone()),
        visits_of(app, &call, id.clone())
    );
    if let Err(failure) = &customer
        && !is_outage(failure)
    {
        return Err(failure.clone());
    }
    let current = customer
        .as_ref()
        .ok()
        .map(|customer| customer.id.clone())
        .filter(|current| *current != id);
    let (vehicles, visits) = match current {
        Some(current) => tokio::join!(
            vehicles_of(app, &call, current.clone()),
            visits_of(app, &call, current)
        ),
        None => (vehicles, visits),
    };
    // With every role out of reach there is no profile to show.
    if let (Err(failure), Err(_), Err(_)) = (&customer, &vehicles, &visits) {
        return Err(failure.clone());
    }
    ok(&Profile {
        customer: part(customer, CustomerView::from),
        vehicles: part(vehicles, |vehicles| Vehicles {
            vehicles: views(vehicles),
        }),
        visits: part(visits, |visits| LastVisits {
            visits: views(visits),
        }),
        open_complaints: Part::Absent,
        score: Part::Absent,
        loyalty: Part::Absent,
        due_dates: Part::Absent,
    })
}

/// Whether the peer failed, and not the request.
fn is_outage(failure: &Failure) -> bool {
    matches!(
        failure.code(),
        ErrorCode::Unavailable
            | ErrorCode::Timeout
            | ErrorCode::Internal
            | ErrorCode::ResourceExhausted
    )
}

fn part<M, V>(answer: Answer<M>, view: impl FnOnce(M) -> V) -> Part<V> {
    match answer {
        Ok(message) => Part::Ok(view(message)),
        Err(failure) if is_outage(&failure) => Part::Unavailable,
        Err(_) => Part::Absent,
    }
}

async fn customer_of(app: &App, call: &Call, id: String) -> Answer<customer::Customer> {
    let request = GetCustomerRequest {
        id,
        with_lineage: false,
    };
    let get = app
        .clients
        .customer
        .read_once(call, request, |mut client, request| async move {
            client.get_customer(request).await
        });
    Ok(get.await?.customer.unwrap_or_default())
}

async fn vehicles_of(
    app: &App,
    call: &Call,
    customer_id: String,
) -> Answer<Vec<vehicle::CustomerVehicle>> {
    let request = ListCustomerVehiclesRequest {
        customer_id,
        limit: 0,
    };
    let list = app
        .clients
        .vehicle
        .read_once(call, request, |mut client, request| async move {
            client.list_customer_vehicles(request).await
        });
    Ok(list.await?.vehicles)
}

async fn visits_of(app: &App, call: &Call, customer_id: String) -> Answer<Vec<visits::Visit>> {
    let request = ListCustomerVisitsRequest {
        customer_id,
        page_size: LAST_VISITS,
        page_token: String::new(),
        headers_only: true,
    };
    let list = app
        .clients
        .visits
        .read_once(call, request, |mut client, request| async move {
            client.list_customer_visits(request).await
        });
    Ok(list.await?.visits)
}
