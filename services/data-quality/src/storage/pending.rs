//! Records that changed and were not looked at yet.

use std::collections::HashSet;

use marque_core::Timestamp;
use marque_db::{Conn, StoreError, Value};
use marque_quality::RecordKind;
use uuid::Uuid;

/// A record to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) record: Uuid,
    /// Position of the event that told of it; a later one replaces it.
    pub(crate) position: i64,
}

/// Notes records that changed.
pub(crate) fn enqueue(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    records: &[Uuid],
    position: i64,
) -> Result<(), StoreError> {
    let mut records = records.to_vec();
    records.sort_unstable();
    records.dedup();
    let values: Vec<Value<'_>> = records
        .iter()
        .flat_map(|record| [kind.code().into(), (*record).into(), position.into()])
        .collect();
    conn.insert_many(
        "pending",
        &["kind", "record", "position"],
        "ON CONFLICT (kind, record) DO UPDATE SET position = excluded.position",
        &values,
    )
}

/// The next records of a kind.
pub(crate) fn pending(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    limit: u32,
) -> Result<Vec<Pending>, StoreError> {
    conn.query(
        "SELECT record, position FROM pending WHERE kind = ?1 ORDER BY record LIMIT ?2",
        &[kind.code().into(), limit.into()],
        |row| {
            Ok(Pending {
                record: row.get(0)?,
                position: row.get(1)?,
            })
        },
    )
}

/// Which of some records wait no longer: those whose person was erased since they were asked for.
pub(crate) fn no_longer_pending(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    asked: &[Pending],
) -> Result<HashSet<Uuid>, StoreError> {
    let records: Vec<Value<'_>> = asked.iter().map(|one| one.record.into()).collect();
    let sql = "SELECT record FROM pending WHERE kind = ?1 AND record IN (??)";
    let mut gone: HashSet<Uuid> = asked.iter().map(|one| one.record).collect();
    for waiting in conn.query_in(sql, &[kind.code().into()], &records, |row| row.get(0))? {
        gone.remove(&waiting);
    }
    Ok(gone)
}

/// Crosses off records that were looked at, unless they changed meanwhile.
pub(crate) fn settle(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    done: &[Pending],
) -> Result<(), StoreError> {
    for one in done {
        conn.execute(
            "DELETE FROM pending WHERE kind = ?1 AND record = ?2 AND position = ?3",
            &[kind.code().into(), one.record.into(), one.position.into()],
        )?;
    }
    Ok(())
}

/// Whether all records of a kind were asked for once.
pub(crate) fn backfilled(conn: &mut Conn<'_>, kind: RecordKind) -> Result<bool, StoreError> {
    let done = conn.query_opt(
        "SELECT done_at FROM backfills WHERE kind = ?1",
        &[kind.code().into()],
        |row| row.get::<i64>(0),
    )?;
    Ok(done.is_some())
}

/// Notes that they were.
pub(crate) fn mark_backfilled(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO backfills (kind, done_at) VALUES (?1, ?2) ON CONFLICT (kind) DO NOTHING",
        &[kind.code().into(), now.into()],
    )?;
    Ok(())
}
