//! The vehicle store: every statement of the service, a module a table or two.

mod absences;
mod forgetting;
mod parties;
mod plates;
mod readings;
mod rows;
mod sealed;
mod sight;
mod vehicles;

pub(crate) use absences::{note_late_absences, note_returns};
pub(crate) use forgetting::{
    Part, delete_sighting, forget_parts, has_parties, parts_of, sightings_on,
};
pub(crate) use marque_events::{
    Alias, Linked, current_customer, customers_of, put_alias, put_links,
};
pub(crate) use parties::{
    cars_left, end_parties, list_parties, put_parties, records_of, relink, unsay_senders,
    vehicles_of_customer,
};
pub(crate) use plates::{
    Held, add_sightings, current_holders, list_plates, plates_seen_on, put_intervals,
    seen_on_more_than, sightings_of, vehicles_with,
};
pub(crate) use readings::{
    add_readings, first_visits, newest_versions, page_of_readings, readings_of, set_quality,
    vehicles_of_visits,
};
pub(crate) use rows::{
    EarlierRow, KeptRow, NamingRow, StoredColumns, find_rows, kept_rows, note_live, put_rows,
    put_told, rows_naming, rows_of, vehicle_ids,
};
pub use sealed::SEALED;
pub(crate) use sealed::{place, row_of};
pub(crate) use sight::{Sight, may_see, open_file, open_for_ever, receive, visible};
pub(crate) use vehicles::{
    find_by_ids, find_by_vins, insert_vehicles, put_definitions, update_vehicles,
};

use marque_core::{CustomerId, SourceRecordId, VehicleId, VisitId};
use marque_db::{Row, StoreError, Value};
use uuid::Uuid;

use crate::domain::Role;

/// Keys of a list of typed ids.
fn uuids<'v>(ids: impl IntoIterator<Item = Uuid>) -> Vec<Value<'v>> {
    ids.into_iter().map(Value::Uuid).collect()
}

fn vehicle_id(row: &Row<'_>, column: usize) -> Result<VehicleId, StoreError> {
    row.get::<Uuid>(column).map(VehicleId::from)
}

fn record_id(row: &Row<'_>, column: usize) -> Result<SourceRecordId, StoreError> {
    row.get::<Uuid>(column).map(SourceRecordId::from)
}

fn visit_id(row: &Row<'_>, column: usize) -> Result<VisitId, StoreError> {
    row.get::<Uuid>(column).map(VisitId::from)
}

fn customer_id(row: &Row<'_>, column: usize) -> Result<Option<CustomerId>, StoreError> {
    Ok(row.get::<Option<Uuid>>(column)?.map(CustomerId::from))
}

fn role(row: &Row<'_>, column: usize) -> Result<Role, StoreError> {
    Role::from_code(&row.get::<String>(column)?).ok_or_else(|| unknown(column))
}

/// A code that this release does not know.
fn unknown(column: usize) -> StoreError {
    StoreError::Decode {
        column,
        source: "an unknown code".into(),
    }
}
