//! Events of the vehicle service: what a car is, its dates, and who has a part in it.

use std::collections::BTreeSet;

use marque_api::{
    events::v1::Event,
    vehicle::v1::{ChangedVehicle, ClaimedParty, PartiesClaimed, VehiclesChanged},
};
use marque_core::Timestamp;
use marque_db::Conn;
use marque_events::{ApplyError, Handler};
use marque_vault::Vault;
use prost::Message as _;

use super::{date, id, newest, time};
use crate::{
    app::Assessor,
    domain::Vehicle,
    storage::{self, Claimed},
};

/// Keeps cars and parts in them, and scores those who have one.
#[derive(Debug)]
pub(crate) struct Vehicles(pub(crate) Assessor, pub(crate) Vault);

impl Handler for Vehicles {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        self.apply_all(conn, &[event])
    }

    fn apply_all(&self, conn: &mut Conn<'_>, events: &[&Event]) -> Result<(), ApplyError> {
        let (mut vehicles, mut claims) = (Vec::new(), Vec::new());
        for event in events {
            match event.r#type.as_str() {
                "marque.vehicle.vehicles.changed" => {
                    for vehicle in VehiclesChanged::decode(event.data.as_slice())?.vehicles {
                        vehicles.push((read_vehicle(vehicle)?, event.position));
                    }
                }
                "marque.vehicle.parties.claimed" => {
                    for party in PartiesClaimed::decode(event.data.as_slice())?.parties {
                        claims.push(read_claim(party)?);
                    }
                }
                _ => {}
            }
        }
        if vehicles.is_empty() && claims.is_empty() {
            return Ok(());
        }
        storage::lock(conn)?;
        // Told before he was erased, it may come after.
        let named = claims.iter().map(|claim| claim.record);
        let erased = marque_intake::entombed(conn, &self.1, named)?;
        claims.retain(|claim| !erased.contains(&claim.record));
        let vehicles = newest(vehicles, |(vehicle, position)| {
            (vehicle.vin.clone(), *position)
        });
        storage::put_vehicles(conn, &vehicles)?;
        let sold = vehicles
            .iter()
            .filter(|(vehicle, _)| vehicle.sale_date.is_some())
            .map(|(vehicle, _)| vehicle.vin.as_str());
        storage::ask_checks(conn, sold, Timestamp::default())?;
        storage::put_claims(conn, &claims)?;
        let vins: BTreeSet<&str> = vehicles
            .iter()
            .map(|(vehicle, _)| vehicle.vin.as_str())
            .chain(claims.iter().map(|claim| claim.vin.as_str()))
            .collect();
        let vins: Vec<&str> = vins.into_iter().collect();
        storage::mark_cars(conn, &vins)?;
        let concerned = storage::customers_of_cars(conn, &vins)?;
        Ok(self.0.assess(conn, concerned)?)
    }
}

fn read_claim(party: ClaimedParty) -> Result<Claimed, ApplyError> {
    Ok(Claimed {
        record: id(&party.source_record_id, "source_record_id")?,
        at: time(party.at.as_ref())
            .ok_or_else(|| ApplyError::Malformed("at is missing".to_owned()))?,
        vin: party.vin,
        role: party.role,
        has_ended: party.ended,
    })
}

fn read_vehicle(changed: ChangedVehicle) -> Result<Vehicle, ApplyError> {
    let definition = changed.definition.unwrap_or_default();
    Ok(Vehicle {
        id: id(&changed.id, "id")?,
        vin: changed.vin,
        brand: definition.brand,
        series: definition.series,
        model: definition.model,
        model_year: i64::from(definition.model_year),
        energy_type: definition.energy_type,
        sale_date: date(&changed.sale_date, "sale_date")?,
        insurance_expiry: date(&changed.insurance_expiry, "insurance_expiry")?,
        inspection_due: date(&changed.inspection_due, "inspection_due")?,
        warranty_end: date(&changed.warranty_end, "warranty_end")?,
        selling_dealer: changed.selling_dealer,
        class: changed.vehicle_class,
        licensed_use: changed.vehicle_use,
        seats: i64::from(changed.seats),
    })
}
