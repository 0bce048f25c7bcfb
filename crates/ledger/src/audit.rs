//! Audit records.

use marque_auth::CallContext;
use marque_core::Timestamp;
use marque_db::{Conn, StoreError, Value};

use crate::chain::{Sealed, next_place, set_end};

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

/// Records an act in the caller's transaction, at the end of its dealer's chain.
///
/// On PostgreSQL others who record for the same dealer wait until the transaction ends, so it is best done last in it.
pub fn record(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    entry: &Entry<'_>,
) -> Result<(), StoreError> {
    let (link, previous) = next_place(conn, entry.dealer)?;
    let sealed = Sealed {
        link,
        at: now.as_micros(),
        dealer: entry.dealer,
        actor: ctx.actor().as_ref(),
        act: entry.act,
        subject: entry.subject,
        detail: entry.detail,
        request_id: ctx.request_id().as_ref(),
    };
    let hash = sealed.hash(&previous);
    conn.execute(
        "INSERT INTO audit (at, dealer, actor, act, subject, detail, request_id, link, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            sealed.at.into(),
            sealed.dealer.into(),
            sealed.actor.into(),
            sealed.act.into(),
            sealed.subject.into(),
            sealed.detail.into(),
            sealed.request_id.into(),
            link.into(),
            hash.as_slice().into(),
        ],
    )?;
    set_end(conn, entry.dealer, &hash)
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
