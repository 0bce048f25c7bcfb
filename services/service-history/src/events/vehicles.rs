//! Events of the vehicle service: when a car was sold, and at whose counter it stands.

use chrono::{NaiveDate, NaiveTime};
use marque_api::{
    events::v1::Event,
    vehicle::v1::{VehiclesChanged, VehiclesReceived},
};
use marque_core::Timestamp;
use marque_db::Conn;
use marque_events::{ApplyError, Handler, from_proto_time};
use marque_quality::date::BUSINESS_OFFSET_SECONDS;
use prost::Message as _;

use crate::storage;

/// Keeps the sale dates, by which the first visit after a sale is told, and the files opened at counters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vehicles;

impl Handler for Vehicles {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.vehicle.vehicles.changed" => changed(conn, event),
            "marque.vehicle.vehicles.received" => received(conn, event),
            _ => Ok(()),
        }
    }
}

fn changed(conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
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

fn received(conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
    let VehiclesReceived {
        vins,
        dealer,
        until,
    } = VehiclesReceived::decode(event.data.as_slice())?;
    let until = until
        .as_ref()
        .map(from_proto_time)
        .ok_or_else(|| ApplyError::Malformed("until is missing".to_owned()))?;
    for vin in vins {
        storage::put_reception(conn, &dealer, &vin, until)?;
    }
    Ok(())
}

/// The instant a business day begins.
fn start_of(date: NaiveDate) -> Timestamp {
    let local = date.and_time(NaiveTime::MIN).and_utc().timestamp();
    Timestamp::from_micros((local - i64::from(BUSINESS_OFFSET_SECONDS)) * 1_000_000)
}
