//! What is due next for the customer's cars.

use super::part::Part;
use crate::{
    edge::Call,
    routes::loyalty::{DueDates, of_customer},
    state::App,
};

/// What the scoring role says of a customer.
pub(super) async fn of(app: &App, call: &Call, customer: &str) -> Part<DueDates> {
    let request = of_customer(customer.to_owned());
    let answer = app
        .clients
        .scoring
        .read_once(call, request, |mut client, request| async move {
            client.get_due_dates(request).await
        })
        .await;
    Part::of(answer, DueDates::from)
}
