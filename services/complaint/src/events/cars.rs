//! Events of the vehicle service: what cars are, for reports and clusters.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use marque_api::{
    events::v1::Event,
    vehicle::v1::{ChangedVehicle, VehiclesChanged},
};
use marque_core::business_date;
use marque_db::Conn;
use marque_events::{ApplyError, Handler, from_proto_time};
use marque_quality::vin::Vin;
use prost::Message as _;

use crate::storage::{self, Car};

/// Keeps model and model year by VIN.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CarsHandler;

impl Handler for CarsHandler {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        if event.r#type != "marque.vehicle.vehicles.changed" {
            return Ok(());
        }
        let changed = VehiclesChanged::decode(event.data.as_slice())?.vehicles;
        let at = event.time.as_ref().map(from_proto_time).unwrap_or_default();
        let next_year = business_date(at).year() + 1;
        // One event may speak of a car twice: its last word counts.
        let cars: BTreeMap<String, Car> = changed
            .into_iter()
            .map(|vehicle| (vehicle.vin.clone(), read_car(vehicle, next_year)))
            .collect();
        let cars: Vec<Car> = cars.into_values().collect();
        Ok(storage::put_cars(conn, &cars, event.position)?)
    }
}

/// A car; its model year from its VIN (GB 16735, tenth character) where nobody has said it.
fn read_car(vehicle: ChangedVehicle, next_year: i32) -> Car {
    let definition = vehicle.definition.unwrap_or_default();
    let by_vin = || {
        let vin = Vin::parse(&vehicle.vin).ok();
        vin.and_then(|vin| vin.model_year(next_year)).unwrap_or(0)
    };
    let model_year = match definition.model_year {
        0 => by_vin(),
        year => year,
    };
    Car {
        model: definition.model,
        model_year: i64::from(model_year),
        vin: vehicle.vin,
    }
}
