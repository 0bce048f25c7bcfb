//! One customer.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use marque_auth::Scope;
use serde::Deserialize;
use utoipa::IntoParams;

use super::views::CustomerView;
use crate::{
    answer::Preconditions,
    edge::Call,
    extract::{Path, Query},
    problem::Answer,
    state::App,
};

/// How much of a customer.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomerQuery {
    /// Also where each field comes from.
    lineage: bool,
}

/// The golden customer.
///
/// An id that was merged away answers with the customer it now is.
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "customers",
    params(
        ("id" = String, Path, description = "Customer id, or the customer number", example = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"),
        CustomerQuery),
    responses((status = 200, description = "The customer", body = CustomerView)))]
pub(crate) async fn get_customer(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
    Query(query): Query<CustomerQuery>,
) -> Answer {
    let customer = find(&app, &call, id, query.lineage).await?;
    let (version, edition) = (customer.version, customer.trust_edition);
    conditions.read_edition(version, edition, &CustomerView::from(customer))
}

/// The customer of an id or number.
pub(crate) async fn find(
    app: &App,
    call: &Call,
    id: String,
    with_lineage: bool,
) -> Answer<pb::Customer> {
    let request = pb::GetCustomerRequest { id, with_lineage };
    let get = app
        .clients
        .customer
        .read(call, request, |mut client, request| async move {
            client.get_customer(request).await
        });
    Ok(get.await?.customer.unwrap_or_default())
}

/// Fails as the customer role does of whom it does not show to the caller's dealer: other roles hear by its events that he withdrew consent
/// to be shown, and may not have heard of it yet.
pub(crate) async fn check_shown(app: &App, call: &Call, id: &str) -> Answer<()> {
    if matches!(call.identity.scope, Scope::Dealer(_)) {
        // On the heap: beside a read it is too large a future for the stack.
        Box::pin(find(app, call, id.to_owned(), false)).await?;
    }
    Ok(())
}
