//! Whom a scope has to do with: a dealer sees the scores of customers of whom he has a record.

use marque_auth::Scope;
use marque_core::CustomerId;
use marque_db::{Conn, StoreError};
use marque_events::dealer_clause;

use super::current_customer;

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
    let found = conn.query_opt(&sql, &[customer.uuid().into(), dealers], |_| Ok(()))?;
    Ok(found.is_some())
}
