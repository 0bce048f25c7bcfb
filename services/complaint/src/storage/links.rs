//! Projections of other services: whose a source record is, and who a customer now is.
//!
//! Each row remembers the position of the event that said so; an older event that comes later changes nothing.

use marque_auth::Scope;
use marque_core::{CustomerId, SourceRecordId};
use marque_db::{Conn, StoreError, Value};
use marque_events::dealer_clause;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{lock_key, optional};

/// A record's customer, as the event at a position said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordLink {
    pub(crate) record: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) dealer: String,
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
                link.position.into(),
            ]
        })
        .collect();
    let columns = ["source_record_id", "customer_id", "dealer", "position"];
    let on_conflict = "ON CONFLICT (source_record_id) DO UPDATE
         SET customer_id = excluded.customer_id, dealer = excluded.dealer, position = excluded.position
         WHERE excluded.position >= record_links.position";
    conn.insert_many("record_links", &columns, on_conflict, &values)
}

/// The customers of source records, as far as they are known.
pub(crate) fn customers_of(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<FxHashMap<SourceRecordId, CustomerId>, StoreError> {
    let keys: Vec<Value<'_>> = records
        .into_iter()
        .map(|record| record.uuid().into())
        .collect();
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
        &[
            alias.customer.uuid().into(),
            alias.current.map(CustomerId::uuid).into(),
            alias.position.into(),
        ],
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

/// Gives the cases of source records to the customers they are now linked to.
pub(crate) fn relink(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<(), StoreError> {
    let keys = records
        .into_iter()
        .map(|record| record.uuid().into())
        .collect::<Vec<Value<'_>>>();
    let sql = "SELECT DISTINCT f.source_record_id, l.customer_id FROM complaints f
         JOIN record_links l ON l.source_record_id = f.source_record_id WHERE f.source_record_id IN (??)";
    let owners: Vec<(Uuid, Uuid)> =
        conn.query_in(sql, &[], &keys, |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (record, customer) in owners {
        conn.execute(
            "UPDATE complaints SET customer_id = ?2 WHERE source_record_id = ?1",
            &[record.into(), customer.into()],
        )?;
    }
    Ok(())
}

/// Whether the scope has a source record of a customer, or is him.
pub(crate) fn knows_customer(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customer: CustomerId,
) -> Result<bool, StoreError> {
    match scope {
        Scope::Headquarters => return Ok(true),
        Scope::Customer(own) => return Ok(current_customer(conn, *own)? == customer),
        Scope::Dealer(_) | Scope::Region(_) => {}
    }
    let (clause, dealers) = dealer_clause(scope, "dealer", 2);
    let sql = format!("SELECT 1 FROM record_links WHERE customer_id = ?1 AND {clause} LIMIT 1");
    Ok(conn
        .query_opt(&sql, &[customer.uuid().into(), dealers], |_| Ok(()))?
        .is_some())
}

/// Whether there is a dealer of this code, as the network service has told.
pub(crate) fn is_dealer_known(conn: &mut Conn<'_>, dealer: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM dealer_regions WHERE dealer = ?1";
    Ok(conn.query_opt(sql, &[dealer.into()], |_| Ok(()))?.is_some())
}

/// The dealers whose cases a scope sees; `None` if all. A customer sees cases by who he is, not by dealer.
pub(crate) fn dealers_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
) -> Result<Option<Vec<String>>, StoreError> {
    match scope {
        Scope::Headquarters => Ok(None),
        Scope::Dealer(dealer) => Ok(Some(vec![dealer.as_str().to_owned()])),
        Scope::Customer(_) => Ok(Some(Vec::new())),
        Scope::Region(region) => {
            let region: &str = region;
            let sql = "SELECT dealer FROM dealer_regions WHERE region = ?1";
            Ok(Some(conn.query(sql, &[region.into()], |row| row.get(0))?))
        }
    }
}

/// Holds source records until the transaction ends: a case and the link of its record do not miss each other.
pub(crate) fn lock_records(
    conn: &mut Conn<'_>,
    records: impl Iterator<Item = SourceRecordId>,
) -> Result<(), StoreError> {
    conn.lock_keys(&mut records.map(|record| lock_key(record.as_bytes())).collect())
}
