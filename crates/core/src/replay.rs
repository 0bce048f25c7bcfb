//! Whether an answer was given before.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Noted on one request, by whoever finds that what it asks was done before under the same idempotency key. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct ReplayMark(Arc<AtomicBool>);

impl ReplayMark {
    /// Notes that the answer was given before.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
