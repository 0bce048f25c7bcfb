//! Whom a dealer may see no more, though the service-history role has not heard of it yet: he withdrew consent, and the events that tell it
//! are under way. The customer role knows at once.

use std::collections::BTreeSet;

use marque_api::service_history::v1::{ListVehicleVisitsResponse, Visit};
use marque_auth::Scope;

use crate::{edge::Call, problem::Answer, routes::customers, state::App};

/// What `ask` answers of visits; asked again without those whom the caller may see no more, if there are any in it.
pub(crate) async fn without_strangers<A, F>(
    app: &App,
    call: &Call,
    ask: impl Fn(Vec<String>) -> F,
    visits: impl Fn(&A) -> &[Visit],
) -> Answer<A>
where
    F: Future<Output = Answer<A>>,
{
    let seen = ask(Vec::new()).await?;
    // On the heap: beside a read it is too large a future for the stack.
    let strangers = Box::pin(strangers(app, call, visits(&seen))).await;
    if strangers.is_empty() {
        Ok(seen)
    } else {
        ask(strangers).await
    }
}

/// The visits of a car's list.
pub(crate) fn visits_of(list: &ListVehicleVisitsResponse) -> &[Visit] {
    &list.visits
}

/// Customers of other dealers' visits whom the customer role does not show to the caller's dealer. While it cannot be asked, all of them:
/// what was done to the car is told all the same.
async fn strangers(app: &App, call: &Call, visits: &[Visit]) -> Vec<String> {
    let Scope::Dealer(own) = &call.identity.scope else {
        return Vec::new();
    };
    let named: BTreeSet<&String> = visits
        .iter()
        .filter(|visit| visit.dealer != own.as_str() && !visit.customer_id.is_empty())
        .map(|visit| &visit.customer_id)
        .collect();
    let mut strangers = Vec::new();
    for customer in named {
        let found = customers::find(app, call, customer.clone(), false).await;
        if found.is_err() {
            strangers.push(customer.clone());
        }
    }
    strangers
}
