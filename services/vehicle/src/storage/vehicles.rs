//! Vehicles and their definitions.

use marque_auth::Scope;
use marque_core::VehicleId;
use marque_db::{Conn, Row, StoreError, Value};

use super::{uuids, vehicle_id};
use crate::domain::{Definition, Licence, Vehicle};

const COLUMNS: &str = "v.id, v.vin, v.color, v.sale_date, v.selling_dealer, v.insurance_expiry, v.inspection_due, \
    v.warranty_end, v.odometer_km, v.odometer_at, v.version, v.updated_at, \
    d.brand, d.series, d.model, d.model_year, d.energy_type, v.vehicle_class, v.vehicle_use, v.seats";
const TABLES: &str = "vehicles v JOIN vehicle_definitions d ON d.id = v.definition";

/// Vehicles by id, in no order. Sight is the caller's to check: see [`super::visible`].
pub(crate) fn find_by_ids(
    conn: &mut Conn<'_>,
    _: &Scope,
    ids: &[VehicleId],
) -> Result<Vec<Vehicle>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE v.id IN (??)");
    conn.query_in(
        &sql,
        &[],
        &uuids(ids.iter().map(|id| id.uuid())),
        read_vehicle,
    )
}

/// Vehicles by VIN, in no order. Sight is the caller's to check: see [`super::visible`].
pub(crate) fn find_by_vins(
    conn: &mut Conn<'_>,
    _: &Scope,
    vins: &[&str],
) -> Result<Vec<Vehicle>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    conn.query_in(
        &format!("SELECT {COLUMNS} FROM {TABLES} WHERE v.vin IN (??)"),
        &[],
        &keys,
        read_vehicle,
    )
}

/// Definitions that may be there already: their id is their content.
pub(crate) fn put_definitions<'d>(
    conn: &mut Conn<'_>,
    definitions: impl Iterator<Item = &'d Definition>,
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = definitions
        .flat_map(|definition| {
            let Definition {
                brand,
                series,
                model,
                model_year,
                energy_type,
            } = definition;
            [
                definition.id().into(),
                brand.into(),
                series.into(),
                model.into(),
                (*model_year).into(),
                energy_type.into(),
            ]
        })
        .collect();
    let columns = [
        "id",
        "brand",
        "series",
        "model",
        "model_year",
        "energy_type",
    ];
    conn.insert_many(
        "vehicle_definitions",
        &columns,
        "ON CONFLICT DO NOTHING",
        &values,
    )
}

/// New vehicles.
pub(crate) fn insert_vehicles(
    conn: &mut Conn<'_>,
    vehicles: &[&Vehicle],
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = vehicles
        .iter()
        .flat_map(|vehicle| {
            let [id, definition, rest @ ..] = fields(vehicle);
            [id, Value::Text(&vehicle.vin), definition]
                .into_iter()
                .chain(rest)
        })
        .collect();
    let columns = [
        "id",
        "vin",
        "definition",
        "color",
        "sale_date",
        "selling_dealer",
        "insurance_expiry",
        "inspection_due",
        "warranty_end",
        "odometer_km",
        "odometer_at",
        "version",
        "updated_at",
        "vehicle_class",
        "vehicle_use",
        "seats",
    ];
    conn.insert_many("vehicles", &columns, "", &values)
}

/// Vehicles as they now are.
pub(crate) fn update_vehicles(
    conn: &mut Conn<'_>,
    vehicles: &[&Vehicle],
) -> Result<(), StoreError> {
    for vehicle in vehicles {
        conn.execute(
            "UPDATE vehicles SET definition = ?2, color = ?3, sale_date = ?4, selling_dealer = ?5,
                 insurance_expiry = ?6, inspection_due = ?7, warranty_end = ?8, odometer_km = ?9, odometer_at = ?10,
                 version = ?11, updated_at = ?12, vehicle_class = ?13, vehicle_use = ?14, seats = ?15
             WHERE id = ?1",
            &fields(vehicle),
        )?;
    }
    Ok(())
}

/// The values of a vehicle but for its VIN, which never changes.
fn fields(vehicle: &Vehicle) -> [Value<'_>; 15] {
    [
        vehicle.id.uuid().into(),
        vehicle.definition.id().into(),
        (&vehicle.color).into(),
        vehicle.sale_date.into(),
        (&vehicle.selling_dealer).into(),
        vehicle.insurance_expiry.into(),
        vehicle.inspection_due.into(),
        vehicle.warranty_end.into(),
        vehicle.odometer_km.into(),
        vehicle.odometer_at.into(),
        vehicle.version.into(),
        vehicle.updated_at.into(),
        (&vehicle.licence.class).into(),
        (&vehicle.licence.vehicle_use).into(),
        vehicle.licence.seats.into(),
    ]
}

fn read_vehicle(row: &Row<'_>) -> Result<Vehicle, StoreError> {
    Ok(Vehicle {
        id: vehicle_id(row, 0)?,
        vin: row.get(1)?,
        color: row.get(2)?,
        sale_date: row.get(3)?,
        selling_dealer: row.get(4)?,
        insurance_expiry: row.get(5)?,
        inspection_due: row.get(6)?,
        warranty_end: row.get(7)?,
        odometer_km: row.get(8)?,
        odometer_at: row.get(9)?,
        version: row.get(10)?,
        updated_at: row.get(11)?,
        definition: Definition {
            brand: row.get(12)?,
            series: row.get(13)?,
            model: row.get(14)?,
            model_year: row.get::<i64>(15)? as i32,
            energy_type: row.get(16)?,
        },
        licence: Licence {
            class: row.get(17)?,
            vehicle_use: row.get(18)?,
            seats: row.get::<i64>(19)? as i32,
        },
    })
}
