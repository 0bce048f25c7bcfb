//! Projections of other services: whose a source record is, and who a customer now is.
//!
//! Each row remembers the position of the event that said so; an older event that comes later changes nothing.

use marque_auth::Scope;
use marque_core::{CustomerId, SourceRecordId};
use marque_db::{Conn, StoreError, lock_key};
use marque_events::Linked;
pub(crate) use marque_events::{Alias, current_customer, customers_of, put_alias};

/// A record's customer, as the event at a position said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordLink {
    pub(crate) record: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) dealer: String,
    pub(crate) position: i64,
}

/// Remembers links, unless later ones are known.
pub(crate) fn put_links(conn: &mut Conn<'_>, links: &[RecordLink]) -> Result<(), StoreError> {
    let linked = links.iter().map(|link| Linked {
        record: link.record,
        customer: link.customer,
        position: link.position,
        marks: [(&link.dealer).into()],
    });
    marque_events::put_links(conn, ["dealer"], linked)
}

/// Gives the cases of source records to the customers they are now linked to.
pub(crate) fn relink(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<(), StoreError> {
    marque_events::relink(conn, "complaints", records)
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
