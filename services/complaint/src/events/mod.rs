//! What the service does with the events of others.

mod cars;
mod customers;
mod scores;

pub(crate) use cars::CarsHandler;
pub(crate) use customers::CustomersHandler;
pub(crate) use scores::ScoresHandler;

use marque_events::ApplyError;

/// An id of an event, which must be one.
fn id<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, ApplyError> {
    text.parse()
        .map_err(|_| ApplyError::Malformed(format!("{field} is no id")))
}
