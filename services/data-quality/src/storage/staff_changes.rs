//! Dealers who changed or whose staff did, until their customers were looked at for the business phones there are now.

use std::collections::BTreeSet;

use marque_core::Timestamp;
use marque_db::{Conn, StoreError, Value};
use uuid::Uuid;

/// A dealer who changed, or whose staff did.
#[derive(Debug, Clone)]
pub(crate) struct StaffChange {
    pub(crate) dealer: String,
    /// Of the event that told of it; a later one replaces it.
    pub(crate) position: i64,
    /// When his customers were looked at since.
    pub(crate) looked_at: Option<Timestamp>,
}

/// Notes dealers who changed, or whose staff did.
pub(crate) fn note_staff(
    conn: &mut Conn<'_>,
    dealers: &BTreeSet<String>,
    position: i64,
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = dealers
        .iter()
        .flat_map(|dealer| [dealer.into(), position.into()])
        .collect();
    conn.insert_many(
        "staff_changes",
        &["dealer", "position"],
        "ON CONFLICT (dealer) DO UPDATE SET position = excluded.position, looked_at = NULL",
        &values,
    )
}

/// All dealers that were noted.
pub(crate) fn staff_changes(conn: &mut Conn<'_>) -> Result<Vec<StaffChange>, StoreError> {
    let sql = "SELECT dealer, position, looked_at FROM staff_changes ORDER BY dealer";
    conn.query(sql, &[], |row| {
        Ok(StaffChange {
            dealer: row.get(0)?,
            position: row.get(1)?,
            looked_at: row.get(2)?,
        })
    })
}

/// Notes that a dealer's customers were looked at; what was looked at before is forgotten. A change that was told of meanwhile stays.
pub(crate) fn settle_staff(
    conn: &mut Conn<'_>,
    change: &StaffChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    let [dealer, position] = [Value::from(&change.dealer), change.position.into()];
    if change.looked_at.is_some() {
        let sql = "DELETE FROM staff_changes WHERE dealer = ?1 AND position = ?2";
        conn.execute(sql, &[dealer, position])?;
    } else {
        let sql = "UPDATE staff_changes SET looked_at = ?3 WHERE dealer = ?1 AND position = ?2";
        conn.execute(sql, &[dealer, position, now.into()])?;
    }
    Ok(())
}

/// The keyed entries of a dealer's customers, by their ids.
pub(crate) fn entries_of_customers(
    conn: &mut Conn<'_>,
    dealer: &str,
) -> Result<Vec<(Uuid, Vec<u8>)>, StoreError> {
    let sql = "SELECT id, entry FROM records WHERE kind = 'customers' AND dealer = ?1";
    conn.query(sql, &[dealer.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Customers of a dealer that break a rule, whether or not that was waived.
pub(crate) fn customers_with(
    conn: &mut Conn<'_>,
    dealer: &str,
    rule: &str,
) -> Result<Vec<Uuid>, StoreError> {
    conn.query(
        "SELECT record FROM findings
         WHERE dealer = ?1 AND state IN ('open', 'waived', 'excused') AND kind = 'customers' AND rule = ?2",
        &[dealer.into(), rule.into()],
        |row| row.get(0),
    )
}
