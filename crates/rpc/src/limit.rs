//! How many calls may be in progress at once, over all connections.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A limit of calls in progress. Clones share it, so one limit can guard one role or many.
#[derive(Debug, Clone)]
pub struct InFlightLimit(Arc<Semaphore>);

impl InFlightLimit {
    /// At most `calls` at once; the next are refused, not queued, so that a caller learns at once.
    pub fn new(calls: usize) -> Self {
        Self(Arc::new(Semaphore::new(calls.min(Semaphore::MAX_PERMITS))))
    }

    /// A place among the calls in progress, held until it is dropped; `None` if all are taken.
    pub fn try_enter(&self) -> Option<InFlight> {
        Arc::clone(&self.0).try_acquire_owned().ok().map(InFlight)
    }
}

/// One call in progress.
#[derive(Debug)]
pub struct InFlight(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);
