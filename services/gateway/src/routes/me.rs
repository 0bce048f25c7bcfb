//! A customer's own data, by his own token.

use axum::extract::State;
use marque_api::{
    customer::v1::PutConsentRequest, service_history::v1 as history, vehicle::v1 as vehicle,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    customers::{self, ConsentBody, ConsentView, CustomerView},
    paging::Paging,
    profile::{self, Profile},
    scores::{ScoreQuery, ScoreView},
    vehicles::CustomerVehicleView,
    visits::VisitPage,
};
use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::{Json, Path, Query},
    problem::Answer,
    state::App,
    values::views,
};

/// Myself.
#[utoipa::path(get, path = "/v1/me", tag = "me",
    responses((status = 200, description = "The customer of the token", body = CustomerView)))]
pub(crate) async fn get_me(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
) -> Answer {
    let customer = customers::find(&app, &call, call.own_customer()?, false).await?;
    let (version, edition) = (customer.version, customer.trust_edition);
    conditions.read_edition(version, edition, &CustomerView::from(customer))
}

/// Everything about me at once.
#[utoipa::path(get, path = "/v1/me/profile", tag = "me",
    responses((status = 200, description = "The profile", body = Profile)))]
pub(crate) async fn get_my_profile(State(app): State<App>, call: Call) -> Answer {
    let id = call.own_customer()?;
    profile::assemble(&app, call, &id).await
}

/// My vehicles.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnVehicles {
    /// Current ones first.
    vehicles: Vec<CustomerVehicleView>,
}

/// My vehicles, current ones first.
#[utoipa::path(get, path = "/v1/me/vehicles", tag = "me",
    responses((status = 200, description = "The vehicles", body = OwnVehicles)))]
pub(crate) async fn list_my_vehicles(State(app): State<App>, call: Call) -> Answer {
    let request = vehicle::ListCustomerVehiclesRequest {
        customer_id: call.own_customer()?,
        limit: 0,
        page_token: String::new(),
    };
    let list = app
        .clients
        .vehicle
        .read(&call, request, |mut client, request| async move {
            client.list_customer_vehicles(request).await
        });
    ok(&OwnVehicles {
        vehicles: views(list.await?.vehicles),
    })
}

/// My visits, newest first.
#[utoipa::path(get, path = "/v1/me/visits", tag = "me", params(Paging),
    responses((status = 200, description = "A page of visits", body = VisitPage)))]
pub(crate) async fn list_my_visits(
    State(app): State<App>,
    call: Call,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let customer_id = call.own_customer()?;
    let request = history::ListCustomerVisitsRequest {
        customer_id,
        page_size,
        page_token,
        headers_only: false,
    };
    let list = app
        .clients
        .visits
        .read(&call, request, |mut client, request| async move {
            client.list_customer_visits(request).await
        });
    let history::ListCustomerVisitsResponse {
        visits,
        next_page_token,
    } = list.await?;
    ok(&VisitPage::new(visits, next_page_token))
}

/// My score, what it rests on, and how it comes about in plain words, Chinese and English.
///
/// A score is an automated decision (PIPL Art. 24): withdraw consent with `PUT /v1/me/consents/scoring` and there is none.
#[utoipa::path(get, path = "/v1/me/score", tag = "me",
    responses((status = 200, description = "The score", body = ScoreView)))]
pub(crate) async fn get_my_score(State(app): State<App>, call: Call) -> Answer {
    let id = call.own_customer()?;
    ok(&super::scores::find(&app, &call, id, ScoreQuery::explained()).await?)
}

/// Give or withdraw my consent for a purpose: marketing, care, scoring or sharing.
#[utoipa::path(put, path = "/v1/me/consents/{purpose}", tag = "me",
    params(("purpose" = String, Path, description = "marketing, care, scoring or sharing", example = "scoring")),
    request_body = ConsentBody,
    responses((status = 200, description = "As it now stands", body = ConsentView)))]
pub(crate) async fn put_my_consent(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(purpose): Path<String>,
    Json(body): Json<ConsentBody>,
) -> Answer {
    let customer_id = call.own_customer()?;
    let request = PutConsentRequest {
        customer_id,
        purpose,
        given: body.given,
        notice_version: body.notice_version,
        channel: body.channel,
        expected_version: conditions.replaced_version()?,
    };
    let put = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.put_consent(request).await
        });
    let put = put.await.map_err(|failure| conditions.told(failure))?;
    ok(&ConsentView::from(put.consent.unwrap_or_default()))
}
