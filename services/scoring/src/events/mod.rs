//! What the service does with the events of others: notes the facts, and scores whom they concern in the same
//! transaction.

mod complaints;
mod customers;
mod vehicles;
mod visits;

use std::collections::BTreeMap;

use marque_core::{SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_events::ApplyError;
use marque_vault::Vault;

pub(crate) use complaints::Complaints;
pub(crate) use customers::Customers;
pub(crate) use vehicles::Vehicles;
pub(crate) use visits::Visits;

use crate::{
    app::Assessor,
    domain::{Happening, happening::Kind},
    storage,
};

/// Writes facts and scores whom they concern: a correction may name another customer than the version before. What names somebody who
/// was erased is nobody's: events of other services come in no order.
fn note_happenings(
    conn: &mut Conn<'_>,
    (assessor, vault): (&Assessor, &Vault),
    mut happenings: Vec<Happening>,
) -> Result<(), ApplyError> {
    if happenings.is_empty() {
        return Ok(());
    }
    storage::lock(conn)?;
    let named = happenings.iter().filter_map(|happening| happening.record);
    let erased = marque_intake::entombed(conn, vault, named)?;
    for happening in &mut happenings {
        happening.record = happening.record.filter(|record| !erased.contains(record));
    }
    let ids = || happenings.iter().map(|happening| happening.id);
    let mut records: Vec<SourceRecordId> = storage::records_of(conn, ids())?;
    let before = storage::cars_of(conn, ids())?;
    storage::put_happenings(conn, &happenings)?;
    records.extend(happenings.iter().filter_map(|happening| happening.record));
    let visits = happenings
        .iter()
        .filter(|happening| happening.kind == Kind::Visit && !happening.vin.is_empty());
    // A correction may also name another car.
    let vins: Vec<&str> = visits
        .map(|visit| visit.vin.as_str())
        .chain(before.iter().map(String::as_str))
        .collect();
    storage::mark_cars(conn, &vins)?;
    let concerned = storage::customers_of(conn, records)?;
    Ok(assessor.assess(conn, concerned.into_values())?)
}

/// Of several words on one thing the newest, and of those that are equally new the last: a statement that writes many
/// rows may write each but once. `place` is the thing and how new the word is.
fn newest<T, K: Ord>(all: Vec<T>, place: impl Fn(&T) -> (K, i64)) -> Vec<T> {
    let mut newest: BTreeMap<K, (i64, T)> = BTreeMap::new();
    for each in all {
        let (thing, version) = place(&each);
        match newest.get(&thing) {
            Some((known, _)) if *known > version => {}
            _ => {
                newest.insert(thing, (version, each));
            }
        }
    }
    newest.into_values().map(|(_, each)| each).collect()
}

fn id<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, ApplyError> {
    text.parse()
        .map_err(|_| ApplyError::Malformed(format!("{field} is no id")))
}

fn optional_id<T: std::str::FromStr>(text: &str, field: &str) -> Result<Option<T>, ApplyError> {
    if text.is_empty() {
        return Ok(None);
    }
    id(text, field).map(Some)
}

fn date(text: &str, field: &str) -> Result<Option<chrono::NaiveDate>, ApplyError> {
    if text.is_empty() {
        return Ok(None);
    }
    let date = text.parse();
    date.map(Some)
        .map_err(|_| ApplyError::Malformed(format!("{field} is no date")))
}

fn time(time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    time.map(marque_events::from_proto_time)
}
