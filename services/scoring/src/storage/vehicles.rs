//! Cars and who has a part in them, as the vehicle service tells.

use marque_core::{SourceRecordId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use crate::domain::Vehicle;

const COLUMNS: [&str; 13] = [
    "vin",
    "vehicle_id",
    "brand",
    "series",
    "model",
    "model_year",
    "energy_type",
    "sale_date",
    "insurance_expiry",
    "inspection_due",
    "warranty_end",
    "selling_dealer",
    "position",
];

/// Columns in the order [`read_at`] wants them.
pub(super) const VEHICLE_COLUMNS: &str = "vin, vehicle_id, brand, series, model, model_year, energy_type, sale_date, \
     insurance_expiry, inspection_due, warranty_end, selling_dealer";

/// Remembers cars, unless later words are known.
pub(crate) fn put_vehicles(
    conn: &mut Conn<'_>,
    vehicles: &[Vehicle],
    position: i64,
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = vehicles
        .iter()
        .flat_map(|vehicle| {
            [
                (&vehicle.vin).into(),
                vehicle.id.uuid().into(),
                (&vehicle.brand).into(),
                (&vehicle.series).into(),
                (&vehicle.model).into(),
                vehicle.model_year.into(),
                (&vehicle.energy_type).into(),
                vehicle.sale_date.into(),
                vehicle.insurance_expiry.into(),
                vehicle.inspection_due.into(),
                vehicle.warranty_end.into(),
                (&vehicle.selling_dealer).into(),
                position.into(),
            ]
        })
        .collect();
    let on_conflict =
        "ON CONFLICT (vin) DO UPDATE SET vehicle_id = excluded.vehicle_id, brand = excluded.brand,
         series = excluded.series, model = excluded.model, model_year = excluded.model_year,
         energy_type = excluded.energy_type, sale_date = excluded.sale_date,
         insurance_expiry = excluded.insurance_expiry, inspection_due = excluded.inspection_due,
         warranty_end = excluded.warranty_end, selling_dealer = excluded.selling_dealer,
         position = excluded.position
         WHERE excluded.position >= vehicles.position";
    conn.insert_many("vehicles", &COLUMNS, on_conflict, &values)
}

/// Remembers parts in cars: (VIN, role, record, when it was so).
pub(crate) fn put_claims(
    conn: &mut Conn<'_>,
    claims: &[(&str, &str, SourceRecordId, Timestamp)],
) -> Result<(), StoreError> {
    for (vin, role, record, at) in claims {
        conn.execute(
            "INSERT INTO vehicle_parties (vin, role, source_record_id, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (vin, role, source_record_id) DO UPDATE SET
                 first_at = CASE WHEN excluded.first_at < vehicle_parties.first_at
                     THEN excluded.first_at ELSE vehicle_parties.first_at END,
                 last_at = CASE WHEN excluded.last_at > vehicle_parties.last_at
                     THEN excluded.last_at ELSE vehicle_parties.last_at END",
            &[
                Value::Text(vin),
                Value::Text(role),
                record.uuid().into(),
                (*at).into(),
            ],
        )?;
    }
    Ok(())
}

/// Remembers parts whose rows now name somebody else. A part that is not known yet is noted as ended when it began.
pub(crate) fn end_claims(
    conn: &mut Conn<'_>,
    ended: &[(&str, &str, SourceRecordId, Timestamp)],
) -> Result<(), StoreError> {
    for (vin, role, record, at) in ended {
        conn.execute(
            "INSERT INTO vehicle_parties (vin, role, source_record_id, first_at, last_at, ended_at)
             VALUES (?1, ?2, ?3, ?4, ?4, ?4)
             ON CONFLICT (vin, role, source_record_id) DO UPDATE SET ended_at = excluded.ended_at
             WHERE vehicle_parties.ended_at IS NULL OR vehicle_parties.ended_at < excluded.ended_at",
            &[
                Value::Text(vin),
                Value::Text(role),
                record.uuid().into(),
                (*at).into(),
            ],
        )?;
    }
    Ok(())
}

pub(super) fn read_at(row: &Row<'_>, from: usize) -> Result<Vehicle, StoreError> {
    Ok(Vehicle {
        vin: row.get(from)?,
        id: row.get::<Uuid>(from + 1)?.into(),
        brand: row.get(from + 2)?,
        series: row.get(from + 3)?,
        model: row.get(from + 4)?,
        model_year: row.get(from + 5)?,
        energy_type: row.get(from + 6)?,
        sale_date: row.get(from + 7)?,
        insurance_expiry: row.get(from + 8)?,
        inspection_due: row.get(from + 9)?,
        warranty_end: row.get(from + 10)?,
        selling_dealer: row.get(from + 11)?,
    })
}
