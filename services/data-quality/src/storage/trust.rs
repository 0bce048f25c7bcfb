//! What others were last told of how far dealers' records are trusted.

use marque_core::Timestamp;
use marque_db::{Conn, StoreError, Value};

/// The last word about a dealer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToldTrust {
    pub(crate) dealer: String,
    /// 0 to 100.
    pub(crate) percent: i64,
    /// How often it was told.
    pub(crate) version: i64,
}

/// The last words about all dealers.
pub(crate) fn told_trust(conn: &mut Conn<'_>) -> Result<Vec<ToldTrust>, StoreError> {
    let sql = "SELECT dealer, percent, version FROM told_trust";
    conn.query(sql, &[], |row| {
        Ok(ToldTrust {
            dealer: row.get(0)?,
            percent: row.get(1)?,
            version: row.get(2)?,
        })
    })
}

/// Keeps words in place of earlier ones.
pub(crate) fn put_told_trust(
    conn: &mut Conn<'_>,
    told: &[ToldTrust],
    now: Timestamp,
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = told
        .iter()
        .flat_map(|told| {
            [
                (&told.dealer).into(),
                told.percent.into(),
                told.version.into(),
                now.into(),
            ]
        })
        .collect();
    conn.insert_many(
        "told_trust",
        &["dealer", "percent", "version", "told_at"],
        "ON CONFLICT (dealer) DO UPDATE SET percent = excluded.percent, version = excluded.version,
             told_at = excluded.told_at",
        &values,
    )
}
