//! Feeds of other services, which the test fills.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use marque_api::events::v1::{Event, PullRequest, PullResponse};
use marque_events::Source;
use tokio::sync::Notify;
use tonic::Status;

/// A feed the test fills.
#[derive(Default)]
pub(crate) struct Feed {
    waiting: Mutex<VecDeque<Event>>,
    filled: Notify,
    drained: Notify,
}

#[tonic::async_trait]
impl Source for Feed {
    async fn pull(&self, request: PullRequest) -> Result<PullResponse, Status> {
        loop {
            let filled = self.filled.notified();
            let events: Vec<Event> = {
                let mut waiting = self.waiting.lock().unwrap();
                let count = waiting.len().min(request.limit as usize);
                waiting.drain(..count).collect()
            };
            if !events.is_empty() {
                return Ok(PullResponse {
                    head: events.iter().map(|event| event.position).max().unwrap_or(0),
                    events,
                });
            }
            // Who pulls again has applied what he pulled before.
            self.drained.notify_one();
            filled.await;
        }
    }
}

impl Feed {
    /// Puts events in and waits until all of them are applied.
    pub(crate) async fn deliver(&self, events: impl IntoIterator<Item = Event>) {
        // A permit of an earlier round must not be taken for this one's.
        let _ = tokio::time::timeout(Duration::ZERO, self.drained.notified()).await;
        self.waiting.lock().unwrap().extend(events);
        self.filled.notify_one();
        tokio::time::timeout(Duration::from_secs(20), self.drained.notified())
            .await
            .expect("events are applied");
        assert!(self.waiting.lock().unwrap().is_empty());
    }
}

/// What never comes: the feed of an instance that only escalates.
pub(crate) struct Silence;

#[tonic::async_trait]
impl Source for Silence {
    async fn pull(&self, _: PullRequest) -> Result<PullResponse, Status> {
        std::future::pending().await
    }
}
