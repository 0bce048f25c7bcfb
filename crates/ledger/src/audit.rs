//! Audit records.

use marque_auth::CallContext;
use marque_core::Timestamp;
use marque_db::{Conn, StoreError, Value};

/// An act about to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// What was done: `merged`, `received`, `unmasked`, …
    pub act: &'a str,
    /// Id of what it was done to.
    pub subject: &'a str,
    /// Dealer concerned; empty if none.
    pub dealer: &'a str,
    /// Why, or what else is concerned: an id, a rule's name, a stated reason.
    pub detail: &'a str,
}

/// An act on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Position in the record.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Dealer concerned.
    pub dealer: String,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub act: String,
    /// Why, or what else is concerned.
    pub detail: String,
}

/// Records an act in the caller's transaction.
pub fn record(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    entry: &Entry<'_>,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO audit (at, dealer, actor, act, subject, detail, request_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            now.into(),
            entry.dealer.into(),
            ctx.actor().as_ref().into(),
            entry.act.into(),
            entry.subject.into(),
            entry.detail.into(),
            ctx.request_id().as_ref().into(),
        ],
    )?;
    Ok(())
}

/// Acts on one subject before a position, newest first.
pub fn history(
    conn: &mut Conn<'_>,
    subject: &str,
    before: i64,
    limit: u32,
) -> Result<Vec<Recorded>, StoreError> {
    conn.query(
        "SELECT seq, at, dealer, actor, act, detail FROM audit
         WHERE subject = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
        &[subject.into(), before.into(), Value::from(limit)],
        |row| {
            Ok(Recorded {
                seq: row.get(0)?,
                at: row.get(1)?,
                dealer: row.get(2)?,
                actor: row.get(3)?,
                act: row.get(4)?,
                detail: row.get(5)?,
            })
        },
    )
}
