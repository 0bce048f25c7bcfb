//! Events of the vehicle service: when a car was sold.

use chrono::{NaiveDate, NaiveTime};
use marque_api::{events::v1::Event, vehicle::v1::VehiclesChanged};
use marque_core::Timestamp;
use marque_db::Conn;
use marque_events::{ApplyError, Handler};
use marque_quality::date::BUSINESS_OFFSET_SECONDS;
use prost::Message as _;

use crate::storage;

/// Keeps the sale dates, by which the first visit after a sale is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vehicles;

impl Handler for Vehicles {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        if event.r#type != "marque.vehicle.vehicles.changed" {
            return Ok(());
        }
        for vehicle in VehiclesChanged::decode(event.data.as_slice())?.vehicles {
            if vehicle.sale_date.is_empty() {
                continue;
            }
            let date: NaiveDate = vehicle
                .sale_date
                .parse()
                .map_err(|_| ApplyError::Malformed("sale_date is no date".to_owned()))?;
            storage::put_sale(conn, &vehicle.vin, start_of(date), event.position)?;
        }
        Ok(())
    }
}

/// The instant a business day begins.
fn start_of(date: NaiveDate) -> Timestamp {
    let local = date.and_time(NaiveTime::MIN).and_utc().timestamp();
    Timestamp::from_micros((local - i64::from(BUSINESS_OFFSET_SECONDS)) * 1_000_000)
}
