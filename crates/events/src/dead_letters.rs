//! Events that could not be applied: kept with the reason and the whole envelope, and tried again when somebody asks.

use marque_api::events::v1::Event;
use marque_core::Timestamp;
use marque_db::{Conn, StoreError};
use uuid::Uuid;

use crate::{from_proto_time, to_proto_time};

/// An event that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Producer, `marque/<service>`.
    pub source: String,
    /// Id of the event.
    pub id: String,
    /// Type of the event.
    pub kind: String,
    /// What it is about: an id, never personal data.
    pub subject: String,
    /// Why it could not be applied the last time.
    pub reason: String,
    /// When it was set aside first.
    pub at: Timestamp,
    /// How often it was tried.
    pub tries: i64,
    /// Whether it waits to be tried again.
    pub is_due: bool,
}

/// Which events to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Every one.
    All,
    /// The one with this id.
    Id(Uuid),
}

/// All events set aside, oldest first.
pub fn dead_letters(conn: &mut Conn<'_>) -> Result<Vec<DeadLetter>, StoreError> {
    conn.query(
        "SELECT source, id, kind, subject, reason, at, tries, is_due FROM dead_letters ORDER BY at, id",
        &[],
        |row| {
            Ok(DeadLetter {
                source: row.get(0)?,
                id: row.get(1)?,
                kind: row.get(2)?,
                subject: row.get(3)?,
                reason: row.get(4)?,
                at: row.get(5)?,
                tries: row.get(6)?,
                is_due: row.get(7)?,
            })
        },
    )
}

/// Marks events to be tried again by the running consumer; returns how many that is.
///
/// An event tried again comes after those that followed it.
pub fn ask_retry(conn: &mut Conn<'_>, chosen: &Chosen) -> Result<u64, StoreError> {
    match chosen {
        Chosen::All => conn.execute("UPDATE dead_letters SET is_due = TRUE", &[]),
        Chosen::Id(id) => conn.execute(
            "UPDATE dead_letters SET is_due = TRUE WHERE id = ?1",
            &[(&id.to_string()).into()],
        ),
    }
}

/// Events of a producer that wait to be tried again, in their order.
pub(crate) fn due(conn: &mut Conn<'_>, source: &str) -> Result<Vec<Event>, StoreError> {
    conn.query(
        "SELECT position, id, kind, subject, dealer, happened_at, data, traceparent FROM dead_letters
         WHERE source = ?1 AND is_due ORDER BY position LIMIT 64",
        &[source.into()],
        |row| {
            Ok(Event {
                position: row.get(0)?,
                id: row.get(1)?,
                source: source.to_owned(),
                r#type: row.get(2)?,
                subject: row.get(3)?,
                dealer: row.get(4)?,
                time: Some(to_proto_time(row.get(5)?)),
                data: row.get(6)?,
                traceparent: row.get(7)?,
            })
        },
    )
}

/// Sets an event aside, or notes that another try failed.
pub(crate) fn keep(
    conn: &mut Conn<'_>,
    source: &str,
    event: &Event,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let happened = event.time.as_ref().map(from_proto_time).unwrap_or_default();
    conn.execute(
        "INSERT INTO dead_letters (source, id, kind, data, reason, at, position, subject, dealer, happened_at, traceparent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (source, id) DO UPDATE
         SET reason = excluded.reason, tries = dead_letters.tries + 1, is_due = FALSE",
        &[
            source.into(),
            (&event.id).into(),
            (&event.r#type).into(),
            (&event.data).into(),
            reason.into(),
            now.into(),
            event.position.into(),
            (&event.subject).into(),
            (&event.dealer).into(),
            happened.into(),
            (&event.traceparent).into(),
        ],
    )?;
    Ok(())
}

/// Forgets an event that was applied after all.
pub(crate) fn forget(conn: &mut Conn<'_>, source: &str, id: &str) -> Result<(), StoreError> {
    conn.execute(
        "DELETE FROM dead_letters WHERE source = ?1 AND id = ?2",
        &[source.into(), id.into()],
    )?;
    Ok(())
}
