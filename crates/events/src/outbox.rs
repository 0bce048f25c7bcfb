//! The outbox: events written with the change they tell of.

use marque_api::events::v1::Event;
use marque_core::{Clock, DealerCode, Timestamp, new_uuid};
use marque_db::{Backend, Conn, Row, StoreError, Value};
use uuid::Uuid;

use crate::to_proto_time;

/// The most that events of one answer weigh, unless one alone weighs more: below what a call may carry (4 MiB).
pub const ANSWER_BYTES: i64 = 1024 * 1024;

/// An event about to be written.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// Type: `marque.<service>.<aggregate>.<verb>`.
    pub kind: &'static str,
    /// Id of what it is about. Never personal data.
    pub subject: String,
    /// Dealer it belongs to, if to one.
    pub dealer: Option<&'a DealerCode>,
    /// The encoded protobuf message that belongs to the type.
    pub data: Vec<u8>,
    /// W3C trace context of the act, empty if there is none.
    pub traceparent: &'a str,
}

/// Writes an event in the caller's transaction.
pub fn publish(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    event: &NewEvent<'_>,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO outbox (id, kind, subject, dealer, at, data, traceparent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            new_uuid(clock).into(),
            event.kind.into(),
            (&event.subject).into(),
            event.dealer.map_or("", DealerCode::as_str).into(),
            clock.now().into(),
            (&event.data).into(),
            event.traceparent.into(),
        ],
    )?;
    Ok(())
}

/// Events after a position, oldest first. `source` names the producer in the envelopes.
pub fn read_after(
    conn: &mut Conn<'_>,
    source: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let position = position_column(conn.backend());
    let sql = format!(
        "SELECT CAST(length(data) AS BIGINT) FROM outbox WHERE {position} > ?1 ORDER BY {position} LIMIT ?2"
    );
    let sizes: Vec<i64> =
        conn.query(&sql, &[after.into(), Value::from(limit)], |row| row.get(0))?;
    let limit = first_bytes(&sizes);
    let sql = format!(
        "SELECT {position}, id, kind, subject, dealer, at, data, traceparent FROM outbox
         WHERE {position} > ?1 ORDER BY {position} LIMIT ?2"
    );
    conn.query(&sql, &[after.into(), Value::from(limit)], |row| {
        read_event(row, source)
    })
}

/// How many events of these sizes make an answer: one, or as many as stay below [`ANSWER_BYTES`].
fn first_bytes(sizes: &[i64]) -> u32 {
    let mut sum = 0;
    let fitting = sizes.iter().take_while(|size| {
        sum += **size;
        sum <= ANSWER_BYTES
    });
    u32::try_from(fitting.count().max(1)).unwrap_or(u32::MAX)
}

/// Position of the first event that happened at an instant or later; `None` if there is none.
pub fn first_since(conn: &mut Conn<'_>, instant: Timestamp) -> Result<Option<i64>, StoreError> {
    let column = position_column(conn.backend());
    let sql = format!("SELECT min({column}) FROM outbox WHERE at >= ?1");
    Ok(conn
        .query_opt(&sql, &[instant.into()], |row| row.get(0))?
        .flatten())
}

/// Position of the event before a position; 0 if none is kept.
pub fn newest_before(conn: &mut Conn<'_>, position: i64) -> Result<i64, StoreError> {
    let column = position_column(conn.backend());
    let sql = format!("SELECT coalesce(max({column}), 0) FROM outbox WHERE {column} < ?1");
    Ok(conn
        .query_opt(&sql, &[position.into()], |row| row.get(0))?
        .unwrap_or(0))
}

/// Position of the newest event.
pub(crate) fn head(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    let sql = format!(
        "SELECT coalesce(max({}), 0) FROM outbox",
        position_column(conn.backend())
    );
    Ok(conn.query_opt(&sql, &[], |row| row.get(0))?.unwrap_or(0))
}

/// Whether events after a position were forgotten: who goes on there would miss them.
pub(crate) fn is_forgotten(conn: &mut Conn<'_>, after: i64) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT min({}) FROM outbox",
        position_column(conn.backend())
    );
    let oldest: Option<Option<i64>> = conn.query_opt(&sql, &[], |row| row.get(0))?;
    Ok(oldest.flatten().is_some_and(|oldest| oldest > after + 1))
}

/// Whether there are committed events without a position.
pub(crate) fn is_unnumbered(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    let found: Option<i64> = conn.query_opt(
        "SELECT 1 FROM outbox WHERE position IS NULL LIMIT 1",
        &[],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Gives positions to committed events that have none yet. Only PostgreSQL needs it: SQLite has one writer, whose
/// sequence is the order of commits.
pub(crate) fn number(conn: &mut Conn<'_>) -> Result<u64, StoreError> {
    conn.lock_keys(&mut vec![OUTBOX_LOCK])?;
    conn.execute(
        "WITH fresh AS (
             SELECT seq, row_number() OVER (ORDER BY seq) AS n FROM outbox WHERE position IS NULL
         ), newest AS (
             SELECT coalesce(max(position), 0) AS position FROM outbox
         )
         UPDATE outbox SET position = newest.position + fresh.n FROM fresh, newest WHERE outbox.seq = fresh.seq",
        &[],
    )
}

/// Key of the lock under which positions are given: `outbox` in ASCII.
const OUTBOX_LOCK: i64 = 0x6f75_7462_6f78;

/// Deletes events older than `before` that every consumer had the time to read.
pub fn prune(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    // The newest row stays, so that positions go on from it. It is the one of the highest position, which on PostgreSQL
    // need not have the highest `seq`; what has no position yet was read by nobody.
    let position = position_column(conn.backend());
    let sql = format!(
        "DELETE FROM outbox WHERE at < ?1 AND {position} < (SELECT max({position}) FROM outbox)"
    );
    conn.execute(&sql, &[before.into()])
}

fn position_column(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "seq",
        Backend::Postgres => "position",
    }
}

fn read_event(row: &Row<'_>, source: &str) -> Result<Event, StoreError> {
    Ok(Event {
        position: row.get(0)?,
        id: row.get::<Uuid>(1)?.to_string(),
        source: source.to_owned(),
        r#type: row.get(2)?,
        subject: row.get(3)?,
        dealer: row.get(4)?,
        time: Some(to_proto_time(row.get(5)?)),
        data: row.get(6)?,
        traceparent: row.get(7)?,
    })
}
