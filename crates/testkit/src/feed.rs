//! A feed of events that the test fills.

use std::{collections::VecDeque, pin::pin, sync::Mutex, time::Duration};

use marque_api::events::v1::{Event, PullRequest, PullResponse};
use marque_events::Source;
use tokio::{sync::Notify, time::timeout};
use tonic::Status;

/// How long events may take to be applied on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Hands out what was put in, in that order, whatever the positions say.
#[derive(Debug, Default)]
pub struct Feed {
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
                let mut waiting = self.waiting.lock().expect("no holder panics");
                if waiting.is_empty() {
                    // Who pulls again has applied what he pulled before.
                    self.drained.notify_one();
                }
                let count = waiting.len().min(request.limit as usize);
                waiting.drain(..count).collect()
            };
            if let Some(head) = events.iter().map(|event| event.position).max() {
                return Ok(PullResponse { head, events });
            }
            filled.await;
        }
    }
}

impl Feed {
    /// Puts events in.
    ///
    /// # Panics
    /// If a test panicked while it held the feed.
    pub fn put(&self, events: impl IntoIterator<Item = Event>) {
        self.waiting
            .lock()
            .expect("no holder panics")
            .extend(events);
        self.filled.notify_one();
    }

    /// Puts events in and waits until all of them are applied.
    ///
    /// # Panics
    /// If they are not applied in a minute.
    pub async fn deliver(&self, events: impl IntoIterator<Item = Event>) {
        {
            let mut waiting = self.waiting.lock().expect("no holder panics");
            // A permit of an earlier round must not be taken for this one's, and none can come before these events are in.
            pin!(self.drained.notified()).enable();
            waiting.extend(events);
        }
        self.filled.notify_one();
        timeout(PATIENCE, self.drained.notified())
            .await
            .expect("events are applied");
        let left = self.waiting.lock().expect("no holder panics").len();
        assert_eq!(left, 0, "events were left when the consumer came back");
    }
}
