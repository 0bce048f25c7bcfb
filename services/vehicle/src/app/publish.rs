//! Telling the others of cars that are new or changed: one event a batch.

use chrono::NaiveDate;
use marque_api::vehicle::v1 as pb;
use marque_core::{Clock, DealerCode, SourceRecordId, Timestamp, VehicleId};
use marque_db::{Conn, StoreError};
use marque_events::{NewEvent, publish, to_proto_time};
use prost::Message as _;
use rustc_hash::FxHashMap;

use crate::domain::{Definition, Facts, Role, Vehicle};

/// Event type of vehicles created or changed.
pub(crate) const VEHICLES_CHANGED: &str = "marque.vehicle.vehicles.changed";
/// Event type of cars whose files were opened at a counter.
const VEHICLES_RECEIVED: &str = "marque.vehicle.vehicles.received";
/// Event type of what is said of owners and drivers.
const PARTIES_CLAIMED: &str = "marque.vehicle.parties.claimed";

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
            sale_date: iso(vehicle.sale_date),
            dealer: dealers
                .get(vehicle.vin.as_str())
                .map_or_else(String::new, ToString::to_string),
            insurance_expiry: iso(vehicle.insurance_expiry),
            inspection_due: iso(vehicle.inspection_due),
            warranty_end: iso(vehicle.warranty_end),
            selling_dealer: vehicle.selling_dealer.clone(),
            vehicle_class: vehicle.licence.class.clone(),
            vehicle_use: vehicle.licence.vehicle_use.clone(),
            seats: vehicle.licence.seats,
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

/// Tells that a dealer received cars: their files are open until then.
pub(super) fn received(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    vehicles: &[Vehicle],
    dealer: &DealerCode,
    until: Timestamp,
) -> Result<(), StoreError> {
    let Some(first) = vehicles.first() else {
        return Ok(());
    };
    let message = pb::VehiclesReceived {
        vins: vehicles.iter().map(|vehicle| vehicle.vin.clone()).collect(),
        dealer: dealer.to_string(),
        until: Some(to_proto_time(until)),
    };
    let event = NewEvent {
        kind: VEHICLES_RECEIVED,
        subject: first.id.to_string(),
        dealer: Some(dealer),
        data: message.encode_to_vec(),
        traceparent: "",
    };
    publish(conn, clock, &event)
}

/// Tells what rows and records say of who owns or drives which car.
pub(super) fn parties(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    parties: Vec<Claimed<'_>>,
) -> Result<(), StoreError> {
    let Some(first) = parties.first() else {
        return Ok(());
    };
    let subject = first.vehicle.to_string();
    let to_pb = |claimed: Claimed<'_>| pb::ClaimedParty {
        vehicle_id: claimed.vehicle.to_string(),
        vin: claimed.vin.to_owned(),
        source_record_id: claimed.record.to_string(),
        role: claimed.role.code().to_owned(),
        dealer: claimed.dealer.to_owned(),
        at: Some(to_proto_time(claimed.at)),
        ended: claimed.ended,
    };
    let parties = parties.into_iter().map(to_pb).collect();
    let event = NewEvent {
        kind: PARTIES_CLAIMED,
        subject,
        dealer: None,
        data: pb::PartiesClaimed { parties }.encode_to_vec(),
        traceparent: "",
    };
    publish(conn, clock, &event)
}

/// A source record's part in a car, about to be told.
pub(super) struct Claimed<'a> {
    pub(super) vehicle: VehicleId,
    pub(super) vin: &'a str,
    pub(super) record: SourceRecordId,
    pub(super) role: Role,
    pub(super) dealer: &'a str,
    pub(super) at: Timestamp,
    /// Whether it is so no longer.
    pub(super) ended: bool,
}

fn iso(date: Option<NaiveDate>) -> String {
    date.map_or_else(String::new, |date| date.to_string())
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
