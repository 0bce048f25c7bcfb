//! Projections of other services: whose a source record is, who a customer now is, when a car was sold.
//!
//! Each row remembers the position of the event that said so; an older event that comes later changes nothing.

use marque_core::{CustomerId, SourceRecordId, Timestamp};
use marque_db::{Conn, StoreError, Value};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{optional, uuids};

/// A record's customer, as the event at a position said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordLink {
    pub(crate) record: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) dealer: String,
    /// The VIN the record names; empty if none.
    pub(crate) vin: String,
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
                (&link.dealer).into(),
                (&link.vin).into(),
                link.position.into(),
            ]
        })
        .collect();
    let columns = [
        "source_record_id",
        "customer_id",
        "dealer",
        "vin",
        "position",
    ];
    let on_conflict = "ON CONFLICT (source_record_id) DO UPDATE
         SET customer_id = excluded.customer_id, dealer = excluded.dealer, vin = excluded.vin, position = excluded.position
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
        Ok((row.get::<Uuid>(0)?.into(), row.get::<Uuid>(1)?.into()))
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
            .query_opt(sql, &[current.uuid().into()], |row| optional(row, 0))?
            .flatten()
        {
            Some(next) => current = next,
            None => break,
        }
    }
    Ok(current)
}

/// Gives the visits of source records to the customers they are now linked to.
pub(crate) fn relink(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<(), StoreError> {
    let keys = uuids(records.into_iter().map(SourceRecordId::uuid));
    let sql = "SELECT DISTINCT f.source_record_id, l.customer_id FROM visits f
         JOIN record_links l ON l.source_record_id = f.source_record_id WHERE f.source_record_id IN (??)";
    let owners: Vec<(Uuid, Uuid)> =
        conn.query_in(sql, &[], &keys, |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (record, customer) in owners {
        conn.execute(
            "UPDATE visits SET customer_id = ?2 WHERE source_record_id = ?1",
            &[record.into(), customer.into()],
        )?;
    }
    Ok(())
}

/// Remembers when a car was sold, unless a later word is known.
pub(crate) fn put_sale(
    conn: &mut Conn<'_>,
    vin: &str,
    sold_at: Timestamp,
    position: i64,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO vehicle_sales (vin, sold_at, position) VALUES (?1, ?2, ?3)
         ON CONFLICT (vin) DO UPDATE SET sold_at = excluded.sold_at, position = excluded.position
         WHERE excluded.position >= vehicle_sales.position",
        &[vin.into(), sold_at.into(), position.into()],
    )?;
    Ok(())
}

/// Holds names and source records until the transaction ends, all at once and in one order for all.
pub(crate) fn lock<'n>(
    conn: &mut Conn<'_>,
    names: impl Iterator<Item = &'n str>,
    records: impl Iterator<Item = SourceRecordId>,
) -> Result<(), StoreError> {
    let names = names.map(|name| lock_key(name.as_bytes()));
    let records = records.map(|record| lock_key(record.uuid().as_bytes()));
    conn.lock_keys(&mut names.chain(records).collect())
}

/// FNV-1a: equal names give equal keys, and two names that share one only wait for each other.
fn lock_key(name: &[u8]) -> i64 {
    name.iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
        .cast_signed()
}
