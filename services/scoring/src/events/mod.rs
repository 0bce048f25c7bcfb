//! What the service does with the events of others: notes the facts, and scores whom they concern in the same
//! transaction.

mod customers;
mod vehicles;
mod visits;

use marque_core::Timestamp;
use marque_events::ApplyError;

pub(crate) use customers::Customers;
pub(crate) use vehicles::Vehicles;
pub(crate) use visits::Visits;

fn id<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, ApplyError> {
    text.parse()
        .map_err(|_| ApplyError::Malformed(format!("{field} is no id")))
}

fn optional_id<T: std::str::FromStr>(text: &str, field: &str) -> Result<Option<T>, ApplyError> {
    if text.is_empty() {
        return Ok(None);
    }
    id(text, field).map(Some)
}

fn date(text: &str, field: &str) -> Result<Option<chrono::NaiveDate>, ApplyError> {
    if text.is_empty() {
        return Ok(None);
    }
    let date = text.parse();
    date.map(Some)
        .map_err(|_| ApplyError::Malformed(format!("{field} is no date")))
}

fn time(time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    time.map(marque_events::from_proto_time)
}
