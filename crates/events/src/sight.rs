//! Whom a scope has to do with: who has a source record of a customer, is him, or received him.
//!
//! A look-up at a counter opens a customer's file to a dealer for a time; the customer service tells so, and each service with
//! facts keeps it in `customer_receptions` (`dealer`, `customer_id`, `until`) beside the tables of [`crate::put_links`].

use marque_api::{
    customer::v1::{ConsentChanged, CustomerReceived},
    events::v1::Event,
};
use marque_auth::Scope;
use marque_core::{CustomerId, DealerCode, Timestamp};
use marque_db::{Conn, StoreError};
use prost::Message as _;

use crate::{ApplyError, current_customer, dealer_clause, from_proto_time};

/// Event type of a customer whose file was opened at a counter.
pub const CUSTOMER_RECEIVED: &str = "marque.customer.customers.received";

/// Event type of a customer who gave or withdrew consent.
pub const CONSENT_CHANGED: &str = "marque.customer.consents.changed";
/// The purpose without which a dealer who has no record of a customer is not shown him.
pub const SHARING: &str = "sharing";

/// Shuts a customer's file to all who received him, if an event [`CONSENT_CHANGED`] says that he withdrew consent to [`SHARING`].
///
/// # Errors
/// [`ApplyError::Malformed`] if it cannot be read, or what the store says.
pub fn shut_receptions(conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
    let changed = ConsentChanged::decode(event.data.as_slice())?;
    if changed.given || changed.purpose != SHARING {
        return Ok(());
    }
    let customer: CustomerId = changed
        .customer_id
        .parse()
        .map_err(|_| ApplyError::Malformed("customer_id cannot be read".to_owned()))?;
    let sql = format!(
        "{MERGED} DELETE FROM customer_receptions
         WHERE customer_id = ?1 OR customer_id IN (SELECT customer_id FROM merged)"
    );
    conn.execute(&sql, &[customer.uuid().into()])?;
    Ok(())
}

/// All ids that were merged into a customer, the first value of a statement.
const MERGED: &str = "WITH RECURSIVE merged AS (
             SELECT customer_id FROM customer_aliases WHERE current = ?1
             UNION
             SELECT a.customer_id FROM customer_aliases a JOIN merged m ON a.current = m.customer_id
         )";

/// Remembers what an event [`CUSTOMER_RECEIVED`] says; of two receptions the later end counts.
///
/// # Errors
/// [`ApplyError::Malformed`] if it cannot be read, or what the store says.
pub fn put_reception(conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
    let received = CustomerReceived::decode(event.data.as_slice())?;
    let malformed = |field: &str| ApplyError::Malformed(format!("{field} cannot be read"));
    let customer: CustomerId =
        (received.customer_id.parse()).map_err(|_| malformed("customer_id"))?;
    let until = received.until.as_ref().ok_or_else(|| malformed("until"))?;
    conn.execute(
        "INSERT INTO customer_receptions (dealer, customer_id, until) VALUES (?1, ?2, ?3)
         ON CONFLICT (dealer, customer_id) DO UPDATE SET until = excluded.until
         WHERE excluded.until > customer_receptions.until",
        &[
            received.dealer.as_str().into(),
            customer.uuid().into(),
            from_proto_time(until).into(),
        ],
    )?;
    Ok(())
}

/// Whether the scope has to do with a customer at a moment: has a source record of him, is him, or received him.
///
/// # Errors
/// What the store says.
pub fn knows_customer(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customer: CustomerId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match scope {
        Scope::Headquarters => return Ok(true),
        Scope::Customer(own) => return Ok(current_customer(conn, *own)? == customer),
        Scope::Dealer(_) | Scope::Region(_) => {}
    }
    let (clause, dealers) = dealer_clause(scope, "dealer", 2);
    let sql = format!("SELECT 1 FROM record_links WHERE customer_id = ?1 AND {clause} LIMIT 1");
    let linked = conn.query_opt(&sql, &[customer.uuid().into(), dealers], |_| Ok(()))?;
    match scope {
        Scope::Dealer(dealer) if linked.is_none() => is_received(conn, dealer, customer, now),
        _ => Ok(linked.is_some()),
    }
}

/// Whether a dealer received a customer, under this id or one that was merged into it, and the file is still open.
///
/// # Errors
/// What the store says.
pub fn is_received(
    conn: &mut Conn<'_>,
    dealer: &DealerCode,
    customer: CustomerId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = format!(
        "{MERGED} SELECT 1 FROM customer_receptions WHERE dealer = ?2 AND until > ?3
         AND (customer_id = ?1 OR customer_id IN (SELECT customer_id FROM merged)) LIMIT 1"
    );
    let values = [customer.uuid().into(), dealer.as_str().into(), now.into()];
    Ok(conn.query_opt(&sql, &values, |_| Ok(()))?.is_some())
}
