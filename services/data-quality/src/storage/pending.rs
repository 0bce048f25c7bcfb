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

/// In which order records are looked at: one that somebody waits for does not stand in the queue of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Records that were written singly.
    Live,
    /// All others.
    Bulk,
}

impl Lane {
    const fn table(self) -> &'static str {
        match self {
            Self::Live => "pending_live",
            Self::Bulk => "pending",
        }
    }
}

/// Events that tell of no more records than this are of single writes.
const LIVE: usize = 50;

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
    let lane = if records.len() <= LIVE {
        Lane::Live
    } else {
        Lane::Bulk
    };
    let values: Vec<Value<'_>> = records
        .iter()
        .flat_map(|record| [kind.code().into(), (*record).into(), position.into()])
        .collect();
    conn.insert_many(
        lane.table(),
        &["kind", "record", "position"],
        "ON CONFLICT (kind, record) DO UPDATE SET position = excluded.position",
        &values,
    )
}

/// The next records of a kind in a lane.
pub(crate) fn pending(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    lane: Lane,
    limit: u32,
) -> Result<Vec<Pending>, StoreError> {
    let sql = format!(
        "SELECT record, position FROM {} WHERE kind = ?1 ORDER BY record LIMIT ?2",
        lane.table()
    );
    conn.query(&sql, &[kind.code().into(), limit.into()], |row| {
        Ok(Pending {
            record: row.get(0)?,
            position: row.get(1)?,
        })
    })
}

/// Which of some records wait no longer: those whose person was erased since they were asked for.
pub(crate) fn no_longer_pending(
    conn: &mut Conn<'_>,
    (kind, lane): (RecordKind, Lane),
    asked: &[Pending],
) -> Result<HashSet<Uuid>, StoreError> {
    let records: Vec<Value<'_>> = asked.iter().map(|one| one.record.into()).collect();
    let sql = format!(
        "SELECT record FROM {} WHERE kind = ?1 AND record IN (??)",
        lane.table()
    );
    let mut gone: HashSet<Uuid> = asked.iter().map(|one| one.record).collect();
    for waiting in conn.query_in(&sql, &[kind.code().into()], &records, |row| row.get(0))? {
        gone.remove(&waiting);
    }
    Ok(gone)
}

/// Crosses off records that were looked at, unless they changed meanwhile.
pub(crate) fn settle(
    conn: &mut Conn<'_>,
    (kind, lane): (RecordKind, Lane),
    done: &[Pending],
) -> Result<(), StoreError> {
    let sql = format!(
        "DELETE FROM {} WHERE kind = ?1 AND record = ?2 AND position = ?3",
        lane.table()
    );
    for one in done {
        conn.execute(
            &sql,
            &[kind.code().into(), one.record.into(), one.position.into()],
        )?;
    }
    Ok(())
}

/// Whether records of an import wait.
pub(crate) fn has_backlog(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    let waiting = conn.query_opt("SELECT 1 FROM pending LIMIT 1", &[], |_| Ok(()))?;
    Ok(waiting.is_some())
}

/// Under this word in the place of a kind it is noted that the sums and the means were counted from the records. Where it reads `sums`
/// alone, the release before has counted, which keeps no means.
const SUMS: &str = "sums/means";

/// Whether the sums and the means were ever counted from the records: the release before kept others.
pub(crate) fn has_counted_anew(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    is_marked(conn, SUMS)
}

/// Notes that they were.
pub(crate) fn mark_counted_anew(conn: &mut Conn<'_>, now: Timestamp) -> Result<(), StoreError> {
    mark(conn, SUMS, now)
}

/// Under this word it is noted that all records of a kind were asked for. Under the kind alone it stands where their owners told
/// nothing measured yet: those are asked once more. No migration deletes such notes, since a process of the release before that still
/// runs would ask at once and note it again.
fn measured(kind: RecordKind) -> String {
    format!("{}/measured", kind.code())
}

/// Whether all records of a kind were asked for once.
pub(crate) fn backfilled(conn: &mut Conn<'_>, kind: RecordKind) -> Result<bool, StoreError> {
    is_marked(conn, &measured(kind))
}

/// Notes that they were.
pub(crate) fn mark_backfilled(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    now: Timestamp,
) -> Result<(), StoreError> {
    mark(conn, &measured(kind), now)
}

fn is_marked(conn: &mut Conn<'_>, what: &str) -> Result<bool, StoreError> {
    let sql = "SELECT done_at FROM backfills WHERE kind = ?1";
    let done = conn.query_opt(sql, &[what.into()], |row| row.get::<i64>(0))?;
    Ok(done.is_some())
}

fn mark(conn: &mut Conn<'_>, what: &str, now: Timestamp) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO backfills (kind, done_at) VALUES (?1, ?2) ON CONFLICT (kind) DO NOTHING",
        &[what.into(), now.into()],
    )?;
    Ok(())
}
