//! Projections of other services: whose a source record is, who a customer now is, when a car was sold.
//!
//! Each row remembers the position of the event that said so; an older event that comes later changes nothing.

use marque_core::{CustomerId, SourceRecordId, Timestamp};
use marque_db::{Conn, StoreError, lock_key};
use marque_events::Linked;
pub(crate) use marque_events::{Alias, current_customer, customers_of, put_alias};

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

/// Remembers links, unless later ones are known.
pub(crate) fn put_links(conn: &mut Conn<'_>, links: &[RecordLink]) -> Result<(), StoreError> {
    let linked = links.iter().map(|link| Linked {
        record: link.record,
        customer: link.customer,
        position: link.position,
        marks: [(&link.dealer).into(), (&link.vin).into()],
    });
    marque_events::put_links(conn, ["dealer", "vin"], linked)
}

/// Gives the visits of source records to the customers they are now linked to.
pub(crate) fn relink(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<(), StoreError> {
    marque_events::relink(conn, "visits", records)
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
