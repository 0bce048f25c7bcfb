//! Whom a scope has to do with: whoever has a visit of a car or customer, or a source record of them, may see the
//! whole history.

use marque_auth::Scope;
use marque_core::CustomerId;
use marque_db::{Conn, StoreError};
use marque_events::dealer_clause;

/// Whether the scope has a visit of a car, or a source record that names it.
pub(crate) fn knows_vin(conn: &mut Conn<'_>, scope: &Scope, vin: &str) -> Result<bool, StoreError> {
    match scope {
        Scope::Headquarters => return Ok(true),
        Scope::Customer(_) => return Ok(false),
        _ if vin.is_empty() => return Ok(false),
        Scope::Dealer(_) | Scope::Region(_) => {}
    }
    let (clause, dealers) = dealer_clause(scope, "dealer", 2);
    for table in ["visits", "record_links"] {
        let sql = format!("SELECT 1 FROM {table} WHERE vin = ?1 AND {clause} LIMIT 1");
        if conn
            .query_opt(&sql, &[vin.into(), dealers], |_| Ok(()))?
            .is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the scope has a visit or a source record of a customer, or is him.
pub(crate) fn knows_customer(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customer: CustomerId,
) -> Result<bool, StoreError> {
    match scope {
        Scope::Headquarters => return Ok(true),
        Scope::Customer(own) => return Ok(super::current_customer(conn, *own)? == customer),
        Scope::Dealer(_) | Scope::Region(_) => {}
    }
    let (clause, dealers) = dealer_clause(scope, "dealer", 2);
    for table in ["record_links", "visits"] {
        let sql = format!("SELECT 1 FROM {table} WHERE customer_id = ?1 AND {clause} LIMIT 1");
        if conn
            .query_opt(&sql, &[customer.uuid().into(), dealers], |_| Ok(()))?
            .is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a dealer lies in the scope's region.
pub(crate) fn is_of_region(
    conn: &mut Conn<'_>,
    scope: &Scope,
    dealer: &str,
) -> Result<bool, StoreError> {
    let Scope::Region(region) = scope else {
        return Ok(false);
    };
    let region: &str = region;
    let sql = "SELECT 1 FROM dealer_regions WHERE dealer = ?1 AND region = ?2";
    Ok(conn
        .query_opt(sql, &[dealer.into(), region.into()], |_| Ok(()))?
        .is_some())
}
