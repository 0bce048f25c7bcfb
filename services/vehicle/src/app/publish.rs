//! Telling the others of cars that are new or changed: one event a batch.

use marque_api::vehicle::v1 as pb;
use marque_core::{Clock, DealerCode};
use marque_db::{Conn, StoreError};
use marque_events::{NewEvent, publish};
use prost::Message as _;
use rustc_hash::FxHashMap;

use crate::domain::{Definition, Facts, Vehicle};

/// Event type of vehicles created or changed.
pub(crate) const VEHICLES_CHANGED: &str = "marque.vehicle.vehicles.changed";

pub(super) fn changed<'v>(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    vehicles: impl Iterator<Item = &'v Vehicle>,
    facts: &[Facts],
) -> Result<(), StoreError> {
    let dealers: FxHashMap<&str, &DealerCode> = facts
        .iter()
        .filter_map(|fact| Some((fact.vin.as_str(), fact.seen_by.first()?)))
        .collect();
    let vehicles: Vec<pb::ChangedVehicle> = vehicles
        .map(|vehicle| pb::ChangedVehicle {
            id: vehicle.id.to_string(),
            vin: vehicle.vin.clone(),
            version: vehicle.version,
            definition: Some(definition_to_pb(vehicle.definition.clone())),
            sale_date: vehicle
                .sale_date
                .map_or_else(String::new, |date| date.to_string()),
            dealer: dealers
                .get(vehicle.vin.as_str())
                .map_or_else(String::new, ToString::to_string),
        })
        .collect();
    let Some(first) = vehicles.first() else {
        return Ok(());
    };
    let subject = first.id.clone();
    let event = NewEvent {
        kind: VEHICLES_CHANGED,
        subject,
        dealer: None,
        data: pb::VehiclesChanged { vehicles }.encode_to_vec(),
        traceparent: "",
    };
    publish(conn, clock, &event)
}

/// What a car was built as, on the wire.
pub(crate) fn definition_to_pb(definition: Definition) -> pb::VehicleDefinition {
    let Definition {
        brand,
        series,
        model,
        model_year,
        energy_type,
    } = definition;
    pb::VehicleDefinition {
        brand,
        series,
        model,
        model_year,
        energy_type,
    }
}
