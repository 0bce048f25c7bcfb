//! Versions of the standard besides those that come with the release.

use marque_core::Timestamp;
use marque_db::{Conn, StoreError};
use marque_quality::RecordKind;

/// A version as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptStandard {
    pub(crate) kind: RecordKind,
    pub(crate) version: i64,
    /// The whole standard as TOML.
    pub(crate) text: String,
    pub(crate) created_at: Timestamp,
}

/// Versions of a kind.
pub(crate) fn standards(
    conn: &mut Conn<'_>,
    kind: RecordKind,
) -> Result<Vec<KeptStandard>, StoreError> {
    conn.query(
        "SELECT version, text, created_at FROM standards WHERE kind = ?1 ORDER BY version",
        &[kind.code().into()],
        |row| {
            Ok(KeptStandard {
                kind,
                version: row.get(0)?,
                text: row.get(1)?,
                created_at: row.get(2)?,
            })
        },
    )
}

/// Keeps a version, in place of an earlier draft of it.
pub(crate) fn put_standard(
    conn: &mut Conn<'_>,
    standard: &KeptStandard,
    state: &str,
    effective_from: &str,
    by: &str,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO standards (kind, version, state, effective_from, text, created_at, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (kind, version) DO UPDATE SET state = excluded.state, effective_from = excluded.effective_from,
             text = excluded.text, created_at = excluded.created_at, created_by = excluded.created_by",
        &[
            standard.kind.code().into(),
            standard.version.into(),
            state.into(),
            effective_from.into(),
            (&standard.text).into(),
            standard.created_at.into(),
            by.into(),
        ],
    )?;
    Ok(())
}
