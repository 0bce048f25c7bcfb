//! How many there are.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{answer::ok, edge::Call, problem::Answer, state::App};

/// How many there are, in all the network.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerCounts {
    /// Golden customers that are persons.
    persons: i64,
    /// Golden customers that are organisations.
    organizations: i64,
    /// Source records they were made of.
    source_records: i64,
    /// Pairs that wait for a steward.
    open_duplicates: i64,
}

/// Count the customers of all the network.
#[utoipa::path(get, path = "/v1/customers/count", tag = "customers",
    responses((status = 200, description = "How many there are", body = CustomerCounts)))]
pub(crate) async fn count_customers(State(app): State<App>, call: Call) -> Answer {
    let count = app.clients.customer.read(
        &call,
        pb::CountCustomersRequest {},
        |mut client, request| async move { client.count_customers(request).await },
    );
    let pb::CountCustomersResponse {
        persons,
        organizations,
        source_records,
        open_duplicates,
    } = count.await?;
    ok(&CustomerCounts {
        persons,
        organizations,
        source_records,
        open_duplicates,
    })
}
