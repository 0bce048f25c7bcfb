//! Dealers whose score is well below that of the month before.

use marque_core::Timestamp;
use marque_db::{Conn, StoreError, Value};

/// A fall as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptFall {
    pub(crate) dealer: String,
    /// The month that is worse, YYYY-MM.
    pub(crate) month: String,
    /// When it was first seen.
    pub(crate) since: Timestamp,
}

/// All falls of the last comparison.
pub(crate) fn falls(conn: &mut Conn<'_>) -> Result<Vec<KeptFall>, StoreError> {
    conn.query("SELECT dealer, month, since FROM falls", &[], |row| {
        Ok(KeptFall {
            dealer: row.get(0)?,
            month: row.get(1)?,
            since: row.get(2)?,
        })
    })
}

/// Puts falls in the place of all there were.
pub(crate) fn replace_falls(conn: &mut Conn<'_>, falls: &[KeptFall]) -> Result<(), StoreError> {
    conn.execute("DELETE FROM falls", &[])?;
    let values: Vec<Value<'_>> = falls
        .iter()
        .flat_map(|fall| {
            [
                (&fall.dealer).into(),
                (&fall.month).into(),
                fall.since.into(),
            ]
        })
        .collect();
    conn.insert_many("falls", &["dealer", "month", "since"], "", &values)
}
