//! Plans of benefits by version, and what was granted and used.

use marque_core::{CustomerId, Timestamp};
use marque_db::{Conn, Row, StoreError};

/// A plan as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredPlan {
    pub(crate) version: String,
    pub(crate) toml: String,
    pub(crate) created_at: Timestamp,
    pub(crate) is_active: bool,
}

const COLUMNS: &str = "version, body, created_at, is_active";

/// All plans, the one that counts first, then the newest.
pub(crate) fn list_benefit_plans(conn: &mut Conn<'_>) -> Result<Vec<StoredPlan>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM benefit_plans ORDER BY is_active DESC, created_at DESC, version"
    );
    conn.query(&sql, &[], read)
}

/// The plan that counts; `None` before the first.
pub(crate) fn active_benefit_plan(conn: &mut Conn<'_>) -> Result<Option<StoredPlan>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM benefit_plans WHERE is_active = 1");
    conn.query_opt(&sql, &[], read)
}

/// A plan by its version.
pub(crate) fn find_benefit_plan(
    conn: &mut Conn<'_>,
    version: &str,
) -> Result<Option<StoredPlan>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM benefit_plans WHERE version = ?1");
    conn.query_opt(&sql, &[version.into()], read)
}

/// Keeps a plan that does not count yet.
pub(crate) fn insert_benefit_plan(
    conn: &mut Conn<'_>,
    (version, toml): (&str, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO benefit_plans (version, body, created_at, is_active) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (version) DO NOTHING";
    conn.execute(sql, &[version.into(), toml.into(), now.into()])?;
    Ok(())
}

/// Makes a kept plan the one that counts.
pub(crate) fn activate_benefit_plan(conn: &mut Conn<'_>, version: &str) -> Result<(), StoreError> {
    let sql = "UPDATE benefit_plans SET is_active = 0 WHERE is_active = 1 AND version <> ?1";
    conn.execute(sql, &[version.into()])?;
    let sql = "UPDATE benefit_plans SET is_active = 1 WHERE version = ?1";
    conn.execute(sql, &[version.into()])?;
    Ok(())
}

/// What was granted to a customer and used by him from one instant to another: codes such as `used:free_towing`, once for each time.
pub(crate) fn benefit_words(
    conn: &mut Conn<'_>,
    customer: CustomerId,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<String>, StoreError> {
    let sql =
        "SELECT f.code FROM facts f JOIN record_links l ON l.source_record_id = f.source_record_id
         WHERE l.customer_id = ?1 AND f.kind = 'benefit' AND f.withdrawn_at IS NULL
         AND f.happened_at >= ?2 AND f.happened_at < ?3";
    let keys = [customer.uuid().into(), from.into(), to.into()];
    conn.query(sql, &keys, |row| row.get(0))
}

fn read(row: &Row<'_>) -> Result<StoredPlan, StoreError> {
    Ok(StoredPlan {
        version: row.get(0)?,
        toml: row.get(1)?,
        created_at: row.get(2)?,
        is_active: row.get::<i64>(3)? == 1,
    })
}
