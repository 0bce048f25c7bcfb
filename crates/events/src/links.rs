//! The projection of the customer service that every service with facts keeps: whose a source record is, and who a customer now
//! is. Facts point at source records; a merge, a split or an undo changes rows here and no fact.
//!
//! The tables are `record_links` (`source_record_id`, `customer_id`, `position` and marks of the service's own) and
//! `customer_aliases`. Each row remembers the position of the event that said so; an older event that comes later changes
//! nothing.

use std::cmp::Reverse;

use marque_api::{customer::v1::CustomersMerged, events::v1::Event};
use marque_core::{CustomerId, SourceRecordId};
use marque_db::{Conn, StoreError, Value};
use prost::Message as _;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::ApplyError;

/// Merges follow each other at most this often; more is a circle.
pub const LONGEST_CHAIN: usize = 32;

/// A record's customer as the event at a position said, with what else the service keeps of the record.
#[derive(Debug, Clone, Copy)]
pub struct Linked<'v, const MARKS: usize> {
    /// The record.
    pub record: SourceRecordId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The event's position.
    pub position: i64,
    /// Values of the service's own columns, in their order.
    pub marks: [Value<'v>; MARKS],
}

/// A customer that was merged away, or is himself again, as the event at a position said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alias {
    /// The customer.
    pub customer: CustomerId,
    /// Who he is now; `None` while the merge is undone.
    pub current: Option<CustomerId>,
    /// The event's position.
    pub position: i64,
}

impl Alias {
    /// What an event `marque.customer.customers.merged` says.
    ///
    /// # Errors
    /// [`ApplyError::Malformed`] if it cannot be read.
    pub fn of(event: &Event) -> Result<Self, ApplyError> {
        let merged = CustomersMerged::decode(event.data.as_slice())?;
        let id = |text: &str, field: &str| {
            text.parse()
                .map_err(|_| ApplyError::Malformed(format!("{field} is no id")))
        };
        let into = id(&merged.into, "into")?;
        Ok(Self {
            customer: id(&merged.from, "from")?,
            current: (!merged.undone).then_some(into),
            position: event.position,
        })
    }
}

/// Remembers links, unless later ones are known; `columns` are the service's own, as in [`Linked::marks`]. Of several on one
/// record the latest stands.
///
/// # Errors
/// What the store says.
pub fn put_links<'v, const MARKS: usize>(
    conn: &mut Conn<'_>,
    columns: [&str; MARKS],
    links: impl IntoIterator<Item = Linked<'v, MARKS>>,
) -> Result<(), StoreError> {
    let mut links: Vec<Linked<'v, MARKS>> = links.into_iter().collect();
    // In order of record, so that neighbours share a page; the last word on a record first, the others left out.
    links.reverse();
    links.sort_by_key(|link| (link.record, Reverse(link.position)));
    links.dedup_by_key(|link| link.record);
    let mut names = vec!["source_record_id", "customer_id", "position"];
    names.extend(columns);
    let sets: Vec<String> = names[1..]
        .iter()
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let on_conflict = format!(
        "ON CONFLICT (source_record_id) DO UPDATE SET {} WHERE excluded.position >= record_links.position",
        sets.join(", ")
    );
    let values: Vec<Value<'v>> = links
        .iter()
        .flat_map(|link| {
            let key = [
                link.record.uuid().into(),
                link.customer.uuid().into(),
                link.position.into(),
            ];
            key.into_iter().chain(link.marks)
        })
        .collect();
    conn.insert_many("record_links", &names, &on_conflict, &values)
}

/// Gives the facts of records, rows of `table` with a `source_record_id` and a `customer_id`, to the customers the records are
/// now linked to.
///
/// # Errors
/// What the store says.
pub fn relink(
    conn: &mut Conn<'_>,
    table: &str,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<(), StoreError> {
    let select = format!(
        "SELECT DISTINCT f.source_record_id, l.customer_id FROM {table} f
         JOIN record_links l ON l.source_record_id = f.source_record_id WHERE f.source_record_id IN (??)"
    );
    let update = format!("UPDATE {table} SET customer_id = ?2 WHERE source_record_id = ?1");
    let owners: Vec<(Uuid, Uuid)> = conn.query_in(&select, &[], &keys(records), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    for (record, customer) in owners {
        conn.execute(&update, &[record.into(), customer.into()])?;
    }
    Ok(())
}

/// The customers of source records, as far as they are known.
///
/// # Errors
/// What the store says.
pub fn customers_of(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<FxHashMap<SourceRecordId, CustomerId>, StoreError> {
    let sql =
        "SELECT source_record_id, customer_id FROM record_links WHERE source_record_id IN (??)";
    let pairs = conn.query_in(sql, &[], &keys(records), |row| {
        Ok((row.get::<Uuid>(0)?.into(), row.get::<Uuid>(1)?.into()))
    })?;
    Ok(pairs.into_iter().collect())
}

/// Remembers who a customer now is, unless a later word is known.
///
/// # Errors
/// What the store says.
pub fn put_alias(conn: &mut Conn<'_>, alias: &Alias) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO customer_aliases (customer_id, current, position) VALUES (?1, ?2, ?3)
         ON CONFLICT (customer_id) DO UPDATE SET current = excluded.current, position = excluded.position
         WHERE excluded.position >= customer_aliases.position",
        &[
            alias.customer.uuid().into(),
            alias.current.map(CustomerId::uuid).into(),
            alias.position.into(),
        ],
    )?;
    Ok(())
}

/// The customer an id now stands for.
///
/// # Errors
/// What the store says.
pub fn current_customer(
    conn: &mut Conn<'_>,
    customer: CustomerId,
) -> Result<CustomerId, StoreError> {
    let mut current = customer;
    for _ in 0..LONGEST_CHAIN {
        let sql = "SELECT current FROM customer_aliases WHERE customer_id = ?1";
        let next: Option<Option<Uuid>> =
            conn.query_opt(sql, &[current.uuid().into()], |row| row.get(0))?;
        match next.flatten() {
            Some(next) => current = next.into(),
            None => break,
        }
    }
    Ok(current)
}

/// The source records of a customer, each with its dealer, where the service's links name dealers.
///
/// # Errors
/// What the store says.
pub fn records_with_dealers(
    conn: &mut Conn<'_>,
    customer: CustomerId,
) -> Result<Vec<(SourceRecordId, String)>, StoreError> {
    let sql = "SELECT source_record_id, dealer FROM record_links WHERE customer_id = ?1";
    conn.query(sql, &[customer.uuid().into()], |row| {
        Ok((row.get::<Uuid>(0)?.into(), row.get(1)?))
    })
}

fn keys<'v>(records: impl IntoIterator<Item = SourceRecordId>) -> Vec<Value<'v>> {
    records
        .into_iter()
        .map(|record| record.uuid().into())
        .collect()
}
