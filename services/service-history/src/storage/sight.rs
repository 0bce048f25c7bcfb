//! Whom a scope has to do with: whoever has a visit of a car or customer, or a source record of them, or received them at
//! his counter, may see the whole history.

use marque_auth::Scope;
use marque_core::{CustomerId, DealerCode, Timestamp};
use marque_db::{Conn, StoreError};
use marque_events::dealer_clause;

/// Whether the scope has a visit of a car, or a source record that names it, or received it.
pub(crate) fn knows_vin(
    conn: &mut Conn<'_>,
    scope: &Scope,
    vin: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
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
    match scope {
        Scope::Dealer(dealer) => is_received(conn, dealer, vin, now),
        _ => Ok(false),
    }
}

/// Whether the scope has a visit or a source record of a customer, received him, or is him.
pub(crate) fn knows_customer(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customer: CustomerId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if marque_events::knows_customer(conn, scope, customer, now)? {
        return Ok(true);
    }
    let (clause, dealers) = dealer_clause(scope, "dealer", 2);
    let sql = format!("SELECT 1 FROM visits WHERE customer_id = ?1 AND {clause} LIMIT 1");
    let found = conn.query_opt(&sql, &[customer.uuid().into(), dealers], |_| Ok(()))?;
    Ok(found.is_some())
}

/// Opens a car's file to a dealer; of two receptions the later end counts.
pub(crate) fn put_reception(
    conn: &mut Conn<'_>,
    dealer: &str,
    vin: &str,
    until: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO vehicle_receptions (dealer, vin, until) VALUES (?1, ?2, ?3)
         ON CONFLICT (dealer, vin) DO UPDATE SET until = excluded.until
         WHERE excluded.until > vehicle_receptions.until",
        &[dealer.into(), vin.into(), until.into()],
    )?;
    Ok(())
}

fn is_received(
    conn: &mut Conn<'_>,
    dealer: &DealerCode,
    vin: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM vehicle_receptions WHERE dealer = ?1 AND vin = ?2 AND until > ?3";
    let values = [dealer.as_str().into(), vin.into(), now.into()];
    Ok(conn.query_opt(sql, &values, |_| Ok(()))?.is_some())
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
