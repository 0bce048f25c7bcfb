//! Projections of the customer service: whose a source record is, and who a customer now is.
//!
//! Each row remembers the position of the event that said so; an older event that comes later changes nothing.

use marque_core::{CustomerId, SourceRecordId};
use marque_db::{Conn, StoreError, Value};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{customer_id, record_id, uuids};

/// A record's customer, as the event at a position said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordLink {
    pub(crate) record: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) position: i64,
}

/// A customer that was merged away, or is himself again, as the event at a position said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) customer: CustomerId,
    pub(crate) current: Option<CustomerId>,
    pub(crate) position: i64,
}

/// Remembers links, unless later ones are known. In order of record, so that neighbours share a page.
pub(crate) fn put_links(conn: &mut Conn<'_>, links: &[RecordLink]) -> Result<(), StoreError> {
    // The last word on a record first, and the others left out.
    let mut links: Vec<&RecordLink> = links.iter().rev().collect();
    links.sort_by_key(|link| link.record);
    links.dedup_by_key(|link| link.record);
    let values: Vec<Value<'_>> = links
        .iter()
        .flat_map(|link| {
            [
                link.record.uuid().into(),
                link.customer.uuid().into(),
                link.position.into(),
            ]
        })
        .collect();
    let columns = ["source_record_id", "customer_id", "position"];
    let on_conflict = "ON CONFLICT (source_record_id) DO UPDATE
         SET customer_id = excluded.customer_id, position = excluded.position
         WHERE excluded.position >= record_links.position";
    conn.insert_many("record_links", &columns, on_conflict, &values)
}

/// The customers of source records, as far as they are known.
pub(crate) fn customers_of(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<FxHashMap<SourceRecordId, CustomerId>, StoreError> {
    let keys = uuids(records.into_iter().map(SourceRecordId::uuid));
    let sql =
        "SELECT source_record_id, customer_id FROM record_links WHERE source_record_id IN (??)";
    let pairs = conn.query_in(sql, &[], &keys, |row| {
        Ok((record_id(row, 0)?, row.get::<Uuid>(1)?.into()))
    })?;
    Ok(pairs.into_iter().collect())
}

/// Remembers who a customer now is, unless a later word is known.
pub(crate) fn put_alias(conn: &mut Conn<'_>, alias: &Alias) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO customer_aliases (customer_id, current, position) VALUES (?1, ?2, ?3)
         ON CONFLICT (customer_id) DO UPDATE SET current = excluded.current, position = excluded.position
         WHERE excluded.position >= customer_aliases.position",
        &[alias.customer.uuid().into(), alias.current.map(CustomerId::uuid).into(), alias.position.into()],
    )?;
    Ok(())
}

/// Merges follow each other at most this often; more is a circle.
const MERGES: usize = 32;

/// The customer an id now stands for.
pub(crate) fn current_customer(
    conn: &mut Conn<'_>,
    customer: CustomerId,
) -> Result<CustomerId, StoreError> {
    let mut current = customer;
    for _ in 0..MERGES {
        let sql = "SELECT current FROM customer_aliases WHERE customer_id = ?1";
        match conn
            .query_opt(sql, &[current.uuid().into()], |row| customer_id(row, 0))?
            .flatten()
        {
            Some(next) => current = next,
            None => break,
        }
    }
    Ok(current)
}
