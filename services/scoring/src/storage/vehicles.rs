//! Cars and who has a part in them, as the vehicle service tells.

use std::collections::BTreeMap;

use marque_core::{SourceRecordId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use crate::domain::Vehicle;

const COLUMNS: [&str; 16] = [
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
    "vehicle_class",
    "vehicle_use",
    "seats",
    "position",
];

/// Columns in the order [`read_at`] wants them.
pub(super) const VEHICLE_COLUMNS: &str = "vin, vehicle_id, brand, series, model, model_year, energy_type, sale_date, \
     insurance_expiry, inspection_due, warranty_end, selling_dealer, vehicle_class, vehicle_use, seats";

/// The same of a table that has another name in a question.
pub(super) fn of(name: &str) -> String {
    let columns: Vec<String> = VEHICLE_COLUMNS
        .split(", ")
        .map(|column| format!("{name}.{column}"))
        .collect();
    columns.join(", ")
}

/// Remembers cars, each with the position of the event that told of it, unless later words are known. What the licence says stays
/// where an event has nothing of it: a vehicle service of the release before tells none.
pub(crate) fn put_vehicles(
    conn: &mut Conn<'_>,
    vehicles: &[(Vehicle, i64)],
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = vehicles
        .iter()
        .flat_map(|(vehicle, position)| {
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
                (&vehicle.class).into(),
                (&vehicle.licensed_use).into(),
                vehicle.seats.into(),
                (*position).into(),
            ]
        })
        .collect();
    let on_conflict =
        "ON CONFLICT (vin) DO UPDATE SET vehicle_id = excluded.vehicle_id, brand = excluded.brand,
         series = excluded.series, model = excluded.model, model_year = excluded.model_year,
         energy_type = excluded.energy_type, sale_date = excluded.sale_date,
         insurance_expiry = excluded.insurance_expiry, inspection_due = excluded.inspection_due,
         warranty_end = excluded.warranty_end, selling_dealer = excluded.selling_dealer,
         vehicle_class = CASE WHEN excluded.vehicle_class = '' THEN vehicles.vehicle_class ELSE excluded.vehicle_class END,
         vehicle_use = CASE WHEN excluded.vehicle_use = '' THEN vehicles.vehicle_use ELSE excluded.vehicle_use END,
         seats = CASE WHEN excluded.seats = 0 THEN vehicles.seats ELSE excluded.seats END,
         position = excluded.position, due_on = NULL
         WHERE excluded.position >= vehicles.position";
    conn.insert_many("vehicles", &COLUMNS, on_conflict, &values)
}

/// A part in a car as a source record says it: held, or named for somebody else from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claimed {
    pub(crate) vin: String,
    pub(crate) role: String,
    pub(crate) record: SourceRecordId,
    pub(crate) at: Timestamp,
    pub(crate) has_ended: bool,
}

/// First, last and end of one part, as several words on it say together.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: Timestamp,
    last: Timestamp,
    ended: Option<Timestamp>,
}

/// Remembers parts in cars. A part of which only the end is known began when it ended.
pub(crate) fn put_claims(conn: &mut Conn<'_>, claims: &[Claimed]) -> Result<(), StoreError> {
    let (ended, held): (Vec<&Claimed>, Vec<&Claimed>) =
        claims.iter().partition(|claim| claim.has_ended);
    let values: Vec<Value<'_>> = spans(&held).into_iter().flat_map(span_values).collect();
    let on_conflict = "ON CONFLICT (vin, role, source_record_id) DO UPDATE SET
         first_at = CASE WHEN excluded.first_at < vehicle_parties.first_at
             THEN excluded.first_at ELSE vehicle_parties.first_at END,
         last_at = CASE WHEN excluded.last_at > vehicle_parties.last_at
             THEN excluded.last_at ELSE vehicle_parties.last_at END";
    conn.insert_many("vehicle_parties", &CLAIMED, on_conflict, &values)?;
    let values: Vec<Value<'_>> = spans(&ended).into_iter().flat_map(span_values).collect();
    let on_conflict =
        "ON CONFLICT (vin, role, source_record_id) DO UPDATE SET ended_at = excluded.ended_at
         WHERE vehicle_parties.ended_at IS NULL OR vehicle_parties.ended_at < excluded.ended_at";
    conn.insert_many("vehicle_parties", &CLAIMED, on_conflict, &values)
}

const CLAIMED: [&str; 6] = [
    "vin",
    "role",
    "source_record_id",
    "first_at",
    "last_at",
    "ended_at",
];

/// One part of one record: each is written but once a statement.
type Part<'a> = (&'a str, &'a str, SourceRecordId);

fn spans<'a>(claims: &[&'a Claimed]) -> BTreeMap<Part<'a>, Span> {
    let mut spans: BTreeMap<Part<'a>, Span> = BTreeMap::new();
    for claim in claims {
        let part = (claim.vin.as_str(), claim.role.as_str(), claim.record);
        let span = spans.entry(part).or_insert(Span {
            first: claim.at,
            last: claim.at,
            ended: None,
        });
        span.first = span.first.min(claim.at);
        span.last = span.last.max(claim.at);
        if claim.has_ended {
            span.ended = Some(span.last);
        }
    }
    spans
}

fn span_values(((vin, role, record), span): (Part<'_>, Span)) -> [Value<'_>; 6] {
    [
        vin.into(),
        role.into(),
        record.uuid().into(),
        span.first.into(),
        span.last.into(),
        span.ended.into(),
    ]
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
        class: row.get(from + 12)?,
        licensed_use: row.get(from + 13)?,
        seats: row.get(from + 14)?,
    })
}
