//! How many calls may be in progress at once, over all connections.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A limit of calls in progress. Clones share it, so one limit can guard one role or many.
#[derive(Debug, Clone)]
pub struct InFlightLimit {
    places: Arc<Semaphore>,
    /// Of streams alone: calls end by themselves.
    ending: Option<CancellationToken>,
}

impl InFlightLimit {
    /// At most `calls` at once; the next are refused, not queued, so that a caller learns at once.
    pub fn new(calls: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(calls.min(Semaphore::MAX_PERMITS))),
            ending: None,
        }
    }

    /// The same for streams that go on until their reader has enough, or until [`Self::end_streams`].
    pub fn of_streams(streams: usize) -> Self {
        Self {
            ending: Some(CancellationToken::new()),
            ..Self::new(streams)
        }
    }

    /// A place among the calls in progress, held until it is dropped; `None` if all are taken or streams have been ended.
    pub fn try_enter(&self) -> Option<InFlight> {
        let ending = self.ending.clone();
        if ending.as_ref().is_some_and(CancellationToken::is_cancelled) {
            return None;
        }
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(InFlight {
            place,
            ended: ending.map(|ending| Box::pin(ending.cancelled_owned())),
        })
    }

    /// Ends the streams in progress and lets no more begin, so that a drain need not wait for them. Calls are left to end by
    /// themselves.
    pub fn end_streams(&self) {
        if let Some(ending) = &self.ending {
            ending.cancel();
        }
    }
}

/// One call in progress.
#[derive(Debug)]
pub struct InFlight {
    #[expect(dead_code, reason = "held for its drop")]
    place: OwnedSemaphorePermit,
    ended: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl InFlight {
    /// Ready once the stream that has this place is to end; never for a call.
    pub fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.ended {
            Some(ended) => ended.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}
