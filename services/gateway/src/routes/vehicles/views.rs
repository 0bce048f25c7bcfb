//! Vehicles as JSON. What is not known is left out.

use marque_api::vehicle::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::values::{Instant, instant, views};

/// A vehicle, whatever plates, owners and dealers it has had.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Vehicle)]
pub(crate) struct VehicleView {
    /// Id.
    #[schema(example = "veh_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// VIN.
    vin: String,
    /// What it was built as.
    definition: DefinitionView,
    /// Plates, current first.
    plates: Vec<PlateView>,
    /// Colour.
    #[serde(skip_serializing_if = "String::is_empty")]
    color: String,
    /// By the vehicle licence: car, bus, van or truck.
    #[serde(skip_serializing_if = "String::is_empty")]
    vehicle_class: String,
    /// By the vehicle licence: private or operating.
    #[serde(skip_serializing_if = "String::is_empty")]
    vehicle_use: String,
    /// Seats, the driver's included.
    #[serde(skip_serializing_if = "is_zero")]
    seats: i32,
    /// YYYY-MM-DD.
    #[serde(skip_serializing_if = "String::is_empty")]
    sale_date: String,
    /// Dealer that sold it.
    #[serde(skip_serializing_if = "String::is_empty")]
    selling_dealer: String,
    /// YYYY-MM-DD.
    #[serde(skip_serializing_if = "String::is_empty")]
    insurance_expiry: String,
    /// YYYY-MM-DD.
    #[serde(skip_serializing_if = "String::is_empty")]
    inspection_due: String,
    /// YYYY-MM-DD.
    #[serde(skip_serializing_if = "String::is_empty")]
    warranty_end: String,
    /// Newest plausible odometer reading in km.
    #[serde(skip_serializing_if = "is_zero")]
    odometer_km: i32,
    /// When that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    odometer_at: Option<Instant>,
    /// Grows with each change; the ETag.
    version: i64,
    /// Last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) const fn is_zero(number: &i32) -> bool {
    *number == 0
}

impl From<pb::Vehicle> for VehicleView {
    fn from(vehicle: pb::Vehicle) -> Self {
        let pb::Vehicle {
            id,
            vin,
            definition,
            plates,
            color,
            sale_date,
            selling_dealer,
            insurance_expiry,
            inspection_due,
            warranty_end,
            odometer_km,
            odometer_at,
            version,
            updated_at,
            vehicle_class,
            vehicle_use,
            seats,
        } = vehicle;
        Self {
            id,
            vin,
            definition: definition.unwrap_or_default().into(),
            plates: views(plates),
            color,
            vehicle_class,
            vehicle_use,
            seats,
            sale_date,
            selling_dealer,
            insurance_expiry,
            inspection_due,
            warranty_end,
            odometer_km,
            odometer_at: instant(odometer_at),
            version,
            updated_at: instant(updated_at),
        }
    }
}

/// What a car was built as.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VehicleDefinition)]
pub(crate) struct DefinitionView {
    /// Brand.
    #[serde(skip_serializing_if = "String::is_empty")]
    brand: String,
    /// Series.
    #[serde(skip_serializing_if = "String::is_empty")]
    series: String,
    /// Model.
    #[serde(skip_serializing_if = "String::is_empty")]
    model: String,
    /// Model year.
    #[serde(skip_serializing_if = "is_zero")]
    model_year: i32,
    /// petrol, diesel, hybrid, plug_in, electric or other.
    #[serde(skip_serializing_if = "String::is_empty")]
    energy_type: String,
}

impl From<pb::VehicleDefinition> for DefinitionView {
    fn from(definition: pb::VehicleDefinition) -> Self {
        let pb::VehicleDefinition {
            brand,
            series,
            model,
            model_year,
            energy_type,
        } = definition;
        Self {
            brand,
            series,
            model,
            model_year,
            energy_type,
        }
    }
}

/// A plate for the time it was on the car.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plate)]
pub(crate) struct PlateView {
    /// Plate.
    plate: String,
    /// First seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Instant>,
    /// Replaced; left out while current.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<Instant>,
}

impl From<pb::Plate> for PlateView {
    fn from(plate: pb::Plate) -> Self {
        let pb::Plate {
            plate,
            valid_from,
            valid_to,
        } = plate;
        Self {
            plate,
            valid_from: instant(valid_from),
            valid_to: instant(valid_to),
        }
    }
}

/// A customer's part in a vehicle.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Party)]
pub(crate) struct PartyView {
    /// The vehicle.
    vehicle_id: String,
    /// The source record that says so.
    source_record_id: String,
    /// The customer the record now belongs to; left out until he arrives.
    #[serde(skip_serializing_if = "String::is_empty")]
    customer_id: String,
    /// owner, driver, payer or sender.
    #[schema(example = "owner")]
    role: String,
    /// Dealer of the record.
    dealer: String,
    /// From.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Instant>,
    /// To; left out while current.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<Instant>,
}

impl From<pb::Party> for PartyView {
    fn from(party: pb::Party) -> Self {
        let pb::Party {
            vehicle_id,
            source_record_id,
            customer_id,
            role,
            dealer,
            valid_from,
            valid_to,
        } = party;
        Self {
            vehicle_id,
            source_record_id,
            customer_id,
            role,
            dealer,
            valid_from: instant(valid_from),
            valid_to: instant(valid_to),
        }
    }
}

/// A vehicle as one customer's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerVehicle)]
pub(crate) struct CustomerVehicleView {
    /// The vehicle.
    vehicle: VehicleView,
    /// The customer's parts in it.
    parties: Vec<PartyView>,
}

impl From<pb::CustomerVehicle> for CustomerVehicleView {
    fn from(pb::CustomerVehicle { vehicle, parties }: pb::CustomerVehicle) -> Self {
        Self {
            vehicle: vehicle.unwrap_or_default().into(),
            parties: views(parties),
        }
    }
}
