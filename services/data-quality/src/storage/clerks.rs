//! The department each clerk works in.

use std::collections::HashMap;

use marque_auth::Scope;
use marque_db::{Conn, StoreError, Value};
use marque_events::dealer_clause;

use crate::domain::Staff;

/// A clerk of a dealer: the dealer's code and the staff number.
pub(crate) type Clerk = (String, String);

/// Departments of clerks by their staff numbers, by dealer.
pub(super) type Placed = HashMap<String, HashMap<String, String>>;

/// Where the clerks of a scope work, of one dealer or of all; without those of whom nobody has said.
pub(super) fn departments(
    conn: &mut Conn<'_>,
    scope: &Scope,
    dealer: &str,
) -> Result<Placed, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 2);
    let one = if dealer.is_empty() {
        "?1 = ''"
    } else {
        "dealer = ?1"
    };
    let sql = format!(
        "SELECT dealer, clerk, department FROM clerks WHERE department <> '' AND {one} AND {clause}"
    );
    let rows = conn.query(&sql, &[dealer.into(), key], |row| {
        Ok((row.get::<String>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut placed = Placed::new();
    for (dealer, clerk, department) in rows {
        placed.entry(dealer).or_default().insert(clerk, department);
    }
    Ok(placed)
}

/// A condition on the columns of clerk and department, with the value of that number.
pub(super) fn staff_clause<'a>(
    staff: Staff<'a>,
    (clerk, department): (&str, &str),
    number: usize,
) -> (String, Value<'a>) {
    match staff {
        Staff::All => (format!("?{number} = ''"), Value::Text("")),
        Staff::Clerk(name) => (format!("{clerk} = ?{number}"), name.into()),
        Staff::Department(name) => (format!("{department} = ?{number}"), name.into()),
    }
}

/// Whether a dealer of the scope has such a clerk or department; everybody of a dealer is there.
pub(crate) fn is_staff(
    conn: &mut Conn<'_>,
    scope: &Scope,
    (dealer, staff): (&str, Staff<'_>),
) -> Result<bool, StoreError> {
    if staff == Staff::All {
        return Ok(true);
    }
    let (clause, key) = dealer_clause(scope, "dealer", 2);
    let (whose, name) = staff_clause(staff, ("clerk", "department"), 3);
    let sql = format!("SELECT 1 FROM clerks WHERE dealer = ?1 AND {clause} AND {whose} LIMIT 1");
    let found = conn.query_opt(&sql, &[dealer.into(), key, name], |_| Ok(()))?;
    Ok(found.is_some())
}

/// Dealers who have clerks.
pub(crate) fn dealers_with_clerks(conn: &mut Conn<'_>) -> Result<Vec<String>, StoreError> {
    conn.query(
        "SELECT DISTINCT dealer FROM clerks ORDER BY dealer",
        &[],
        |row| row.get(0),
    )
}

/// Notes where clerks work. Who works elsewhere than was known takes his records and findings along; that nobody knows
/// where somebody works makes nothing undone that is known. Gives back where they all work.
pub(crate) fn put_departments(
    conn: &mut Conn<'_>,
    said: &HashMap<Clerk, String>,
) -> Result<HashMap<Clerk, String>, StoreError> {
    let mut departments = HashMap::with_capacity(said.len());
    for ((dealer, clerk), department) in said {
        let known: Option<String> = conn.query_opt(
            "SELECT department FROM clerks WHERE dealer = ?1 AND clerk = ?2",
            &[dealer.into(), clerk.into()],
            |row| row.get(0),
        )?;
        let is_moved = match &known {
            Some(known) => !department.is_empty() && known != department,
            None => false,
        };
        if known.is_none() || is_moved {
            let values = [dealer.into(), clerk.into(), department.into()];
            conn.execute(
                "INSERT INTO clerks (dealer, clerk, department) VALUES (?1, ?2, ?3)
                 ON CONFLICT (dealer, clerk) DO UPDATE SET department = excluded.department",
                &values,
            )?;
        }
        if is_moved {
            move_records(conn, (dealer, clerk), department)?;
        }
        let stands = match known {
            Some(known) if !is_moved => known,
            _ => department.clone(),
        };
        departments.insert((dealer.clone(), clerk.clone()), stands);
    }
    Ok(departments)
}

fn move_records(
    conn: &mut Conn<'_>,
    (dealer, clerk): (&str, &str),
    department: &str,
) -> Result<(), StoreError> {
    // All kinds are named for the index on records, which begins with them.
    for sql in [
        "UPDATE records SET department = ?3 WHERE kind IN ('customers', 'vehicles', 'visits', 'complaints')
           AND dealer = ?1 AND clerk = ?2",
        "UPDATE findings SET department = ?3 WHERE dealer = ?1 AND clerk = ?2",
    ] {
        conn.execute(sql, &[dealer.into(), clerk.into(), department.into()])?;
    }
    Ok(())
}
