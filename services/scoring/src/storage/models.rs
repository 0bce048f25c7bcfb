//! Models by version.

use marque_core::Timestamp;
use marque_db::{Conn, Row, StoreError};

/// A model as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredModel {
    pub(crate) version: String,
    pub(crate) toml: String,
    pub(crate) created_at: Timestamp,
    pub(crate) activated_at: Option<Timestamp>,
    pub(crate) is_active: bool,
}

const COLUMNS: &str = "version, body, created_at, activated_at, is_active";

/// The model customers are scored by; `None` before the first.
pub(crate) fn active_model(conn: &mut Conn<'_>) -> Result<Option<StoredModel>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM score_models WHERE is_active = 1");
    conn.query_opt(&sql, &[], read)
}

/// A model by its version.
pub(crate) fn find_model(
    conn: &mut Conn<'_>,
    version: &str,
) -> Result<Option<StoredModel>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM score_models WHERE version = ?1");
    conn.query_opt(&sql, &[version.into()], read)
}

/// All models, the active one first, then the newest.
pub(crate) fn list_models(conn: &mut Conn<'_>) -> Result<Vec<StoredModel>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM score_models ORDER BY is_active DESC, created_at DESC, version"
    );
    conn.query(&sql, &[], read)
}

/// Keeps a model that is not active.
pub(crate) fn insert_model(
    conn: &mut Conn<'_>,
    version: &str,
    toml: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO score_models (version, body, created_at, is_active) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (version) DO NOTHING",
        &[version.into(), toml.into(), now.into()],
    )?;
    Ok(())
}

/// Makes a kept model the active one.
pub(crate) fn activate(
    conn: &mut Conn<'_>,
    version: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE score_models SET is_active = 0 WHERE is_active = 1",
        &[],
    )?;
    conn.execute(
        "UPDATE score_models SET is_active = 1, activated_at = ?2 WHERE version = ?1",
        &[version.into(), now.into()],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<StoredModel, StoreError> {
    Ok(StoredModel {
        version: row.get(0)?,
        toml: row.get(1)?,
        created_at: row.get(2)?,
        activated_at: row.get(3)?,
        is_active: row.get::<i64>(4)? != 0,
    })
}
