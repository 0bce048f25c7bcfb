//! What the service does with the events of others.

mod customers;
mod visits;

pub(crate) use customers::Customers;
pub(crate) use visits::Visits;

use marque_api::events::v1::Event;
use marque_core::Timestamp;
use marque_events::{ApplyError, from_proto_time};

/// When an event happened.
fn time_of(event: &Event) -> Timestamp {
    event.time.as_ref().map(from_proto_time).unwrap_or_default()
}

/// An id of an event, which must be one.
fn id<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, ApplyError> {
    text.parse()
        .map_err(|_| ApplyError::Malformed(format!("{field} is no id")))
}
