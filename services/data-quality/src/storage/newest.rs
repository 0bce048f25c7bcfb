//! Places in lists that show what is newest first.

use marque_core::{PageRequest, Timestamp};
use uuid::Uuid;

/// The place of what came at an instant under an id.
pub(super) fn place_of(at: Timestamp, id: Uuid) -> String {
    format!("{}|{id}", at.as_micros())
}

/// The place before which a page begins, as its instant in microseconds and its id.
pub(super) fn older_than(page: &PageRequest) -> (i64, Uuid) {
    let after = page.after.as_ref().and_then(|token| {
        let (at, id) = token.key.split_once('|')?;
        Some((at.parse().ok()?, id.parse().ok()?))
    });
    after.unwrap_or((i64::MAX, Uuid::max()))
}
