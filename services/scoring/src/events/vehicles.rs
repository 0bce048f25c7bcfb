//! Events of the vehicle service: what a car is, its dates, and who has a part in it.

use marque_api::{
    events::v1::Event,
    vehicle::v1::{ChangedVehicle, PartiesClaimed, VehiclesChanged},
};
use marque_core::{SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_events::{ApplyError, Handler};
use prost::Message as _;

use super::{date, id, time};
use crate::{app::Assessor, domain::Vehicle, storage};

/// Keeps cars and parts in them, and scores those who have one.
#[derive(Debug)]
pub(crate) struct Vehicles(pub(crate) Assessor);

impl Handler for Vehicles {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.vehicle.vehicles.changed" => self.changed(conn, event),
            "marque.vehicle.parties.claimed" => self.claimed(conn, event),
            _ => Ok(()),
        }
    }
}

/// VIN, role, record, when.
type Claim<'a> = (&'a str, &'a str, SourceRecordId, Timestamp);

impl Vehicles {
    fn changed(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let changed = VehiclesChanged::decode(event.data.as_slice())?.vehicles;
        let vehicles: Vec<Vehicle> = changed
            .into_iter()
            .map(read_vehicle)
            .collect::<Result<_, _>>()?;
        storage::lock(conn)?;
        storage::put_vehicles(conn, &vehicles, event.position)?;
        let vins: Vec<&str> = vehicles
            .iter()
            .map(|vehicle| vehicle.vin.as_str())
            .collect();
        let concerned = storage::customers_of_cars(conn, &vins)?;
        Ok(self.0.assess(conn, concerned)?)
    }

    fn claimed(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let parties = PartiesClaimed::decode(event.data.as_slice())?.parties;
        let (mut held, mut ended): (Vec<Claim<'_>>, Vec<Claim<'_>>) = (Vec::new(), Vec::new());
        for party in &parties {
            let record = id(&party.source_record_id, "source_record_id")?;
            let at = time(party.at.as_ref())
                .ok_or_else(|| ApplyError::Malformed("at is missing".to_owned()))?;
            let list = if party.ended { &mut ended } else { &mut held };
            list.push((&party.vin, &party.role, record, at));
        }
        storage::lock(conn)?;
        storage::put_claims(conn, &held)?;
        storage::end_claims(conn, &ended)?;
        let vins: Vec<&str> = parties.iter().map(|party| party.vin.as_str()).collect();
        let concerned = storage::customers_of_cars(conn, &vins)?;
        Ok(self.0.assess(conn, concerned)?)
    }
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
    })
}
