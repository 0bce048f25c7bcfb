//! Acts that are sent twice and happen once.
//!
//! What is kept of an answer is the id of what was done, never the file that was shown: golden values are not stored, least
//! of all in the clear. An act that is sent again is answered with the file as it is now.

use marque_auth::CallContext;
use marque_core::{MergeId, Timestamp};
use marque_db::Conn;
use marque_ledger::Keyed;
use prost::Message;
use uuid::Uuid;

use crate::error::{Error, Result};

/// What is kept of an act.
#[derive(Clone, PartialEq, Message)]
struct Kept {
    /// The merge or split it made; empty if it made none.
    #[prost(bytes = "vec", tag = "1")]
    moved: Vec<u8>,
}

/// Runs an act that moves records, or does not, unless the same caller did so with the same key: which merge or split it made.
pub(super) fn once_moved(
    keyed: &Keyed<impl Message>,
    conn: &mut Conn<'_>,
    (ctx, now): (&CallContext, Timestamp),
    method: &str,
    act: impl FnOnce(&mut Conn<'_>) -> Result<Option<MergeId>>,
) -> Result<Option<MergeId>> {
    let kept = keyed.once(conn, ctx, now, method, |conn| {
        let moved = act(conn)?.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        Ok::<_, Error>(Kept { moved })
    })?;
    Ok(Uuid::from_slice(&kept.moved).ok().map(MergeId::from))
}
