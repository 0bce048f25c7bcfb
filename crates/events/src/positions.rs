//! How far a service's store has come, in its own events and in those of others.

use std::collections::BTreeMap;

use marque_core::Timestamp;
use marque_db::{Conn, StoreError};

use crate::outbox;

/// Where a store stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// Position of its newest event.
    pub head: i64,
    /// Position of the last event applied, by producer (`marque/<service>`).
    pub cursors: BTreeMap<String, i64>,
}

/// Reads where a store stands.
pub fn positions(conn: &mut Conn<'_>) -> Result<Positions, StoreError> {
    let cursors = conn.query("SELECT source, position FROM event_cursors", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(Positions {
        head: outbox::head(conn)?,
        cursors: cursors.into_iter().collect(),
    })
}

/// How far the feed of a source was read; `None` if nothing was.
pub(crate) fn cursor(conn: &mut Conn<'_>, source: &str) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT position FROM event_cursors WHERE source = ?1";
    conn.query_opt(sql, &[source.into()], |row| row.get(0))
}

/// Says how far a feed was read, be it less far than before.
pub(crate) fn set_cursor(
    conn: &mut Conn<'_>,
    source: &str,
    position: i64,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO event_cursors (source, position) VALUES (?1, ?2)
         ON CONFLICT (source) DO UPDATE SET position = excluded.position",
        &[source.into(), position.into()],
    )?;
    Ok(())
}

/// Forgets which events were applied before `before`: to be older than any event a producer still keeps.
pub fn forget_applied(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute("DELETE FROM inbox WHERE at < ?1", &[before.into()])
}
