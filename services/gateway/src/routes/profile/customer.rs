//! The golden customer: the one part that decides whether there is a profile, and under which id.

use marque_api::customer::v1::{Customer, GetCustomerRequest};

use crate::{edge::Call, problem::Answer, state::App};

/// The customer of an id; of one that was merged away, the customer it now is.
pub(super) async fn get(app: &App, call: &Call, id: &str) -> Answer<Customer> {
    let request = GetCustomerRequest {
        id: id.to_owned(),
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
