//! What callers ask of an act beside whom it concerns.

use marque_core::MergeId;
use uuid::Uuid;

use crate::app::{Mode, Terms};

/// A preview leaves nothing that could be undone.
pub(super) fn told(merge: MergeId, preview: bool) -> String {
    if preview {
        String::new()
    } else {
        merge.to_string()
    }
}

pub(super) fn terms(reason: String, preview: bool, expected_version: i64) -> Terms {
    Terms {
        reason,
        mode: mode(preview),
        expected_version,
    }
}

pub(super) const fn mode(preview: bool) -> Mode {
    if preview { Mode::Preview } else { Mode::Make }
}

/// The place of a pair in the queue, as a page token keeps it.
pub(super) fn read_pair_key(key: &str) -> Option<(f64, Uuid)> {
    let (gain, id) = key.split_once(' ')?;
    Some((gain.parse().ok()?, id.parse().ok()?))
}
