//! The relay: carries an outbox to the broker, in order, whatever dies meanwhile.
//!
//! It goes on by no position of its own, but by what the broker has: the newest event in the stream that a relay sent.
//! So a broker that lost everything gets everything again, and a relay that dies loses nothing. A message is taken only if the
//! one before it in its batch is the newest of the stream: of two relays at work at once one is refused, a replay in between
//! ends the batch, and what relays send has no holes. To a stream that tells of events which the outbox never had, as after a
//! restore from a backup, nothing is added.
//!
//! What the broker has is noted in the store of the outbox all the same: a relay that begins while the broker is down counts from
//! there what waits, and does nothing else with it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use marque_api::events::v1::{Event, PullRequest, PullResponse};
use marque_events::{Feed, Source as _};
use tokio_util::sync::CancellationToken;

use crate::{BusError, line::Line};

/// Events sent before the first acknowledgement is waited for.
const BATCH: i32 = 256;
/// After this long without news the broker is asked whether it still has what it was given.
const IDLE_MS: i32 = 5_000;
/// How often it is noted what the broker has, at most.
const NOTE_EVERY: Duration = Duration::from_secs(1);
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Carries the outbox of one service to its stream.
#[derive(Debug)]
pub struct Relay {
    line: Arc<dyn Line>,
    producer: String,
    feed: Feed,
    /// What the broker had when it last said so; `None` if it has to be asked.
    standing: Option<Standing>,
    /// Position of the newest event that this relay knows to have been in the stream; `None` until the broker has answered.
    reached: Option<i64>,
    /// What was noted last of that, and when.
    noted: Option<(i64, Instant)>,
}

/// The end of a stream.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// Number of the newest message, counted by the broker.
    sequence: u64,
    /// Position of the newest event that a relay sent; 0 if there is none.
    position: i64,
}

impl Relay {
    /// What carries the outbox of a producer to the end of a line; [`crate::Broker::relay`] is the one that ships.
    pub fn new(line: Arc<dyn Line>, producer: &str, feed: Feed) -> Self {
        Self {
            line,
            producer: producer.to_owned(),
            feed,
            standing: None,
            reached: None,
            noted: None,
        }
    }

    /// Carries events until told to stop. Failures are logged and tried again, ever more slowly.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut backoff = BACKOFF_MIN;
        loop {
            let step = tokio::select! {
                () = stop.cancelled() => return,
                step = self.step(IDLE_MS) => step,
            };
            self.note().await;
            let Err(error) = step else {
                backoff = BACKOFF_MIN;
                continue;
            };
            tracing::warn!(producer = self.producer, error = %chain(&error), "events wait in the outbox");
            self.count_waiting().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(backoff) => {}
            }
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }

    /// Sends what is new; waits for it if there is nothing. Returns how many events the broker took.
    ///
    /// # Errors
    /// Broker or outbox do not answer; what was not acknowledged is sent again by the next step.
    pub async fn step(&mut self, wait_ms: i32) -> Result<usize, BusError> {
        let standing = match self.standing.take() {
            Some(standing) => standing,
            None => self.ask().await?,
        };
        let news = self.pull(standing.position, BATCH, wait_ms).await?;
        let count = news.events.len();
        if count > 0 {
            self.standing = self.send(standing, news.events).await?;
            self.reached = self.standing.map(|end| end.position).or(self.reached);
        }
        self.tell_waiting(news.head, self.reached.unwrap_or_default());
        Ok(count)
    }

    /// Counts the events that the broker does not take.
    async fn count_waiting(&self) {
        // An outbox that does not answer either has its own alert.
        if let Ok((head, taken)) = self.head_and_taken().await {
            self.tell_waiting(head, taken);
        }
    }

    async fn head_and_taken(&self) -> Result<(i64, i64), BusError> {
        let taken = match self.reached {
            Some(reached) => reached,
            None => self.feed.taken().await.map_err(outbox)?.unwrap_or_default(),
        };
        Ok((self.pull(taken, 1, 0).await?.head, taken))
    }

    fn tell_waiting(&self, head: i64, taken: i64) {
        metrics::gauge!("marque_outbox_waiting", "producer" => self.producer.clone())
            .set((head - taken) as f64);
    }

    /// Notes what the broker has, for a relay that begins while the broker is down.
    async fn note(&mut self) {
        let Some(reached) = self.reached else {
            return;
        };
        let is_due = self
            .noted
            .is_none_or(|(noted, at)| noted != reached && at.elapsed() >= NOTE_EVERY);
        // A note that fails is made after the next step.
        if is_due && self.feed.note_taken(reached).await.is_ok() {
            self.noted = Some((reached, Instant::now()));
        }
    }

    /// The end of the stream. One that ends before what this relay has sent has lost it, and is given it again.
    async fn ask(&mut self) -> Result<Standing, BusError> {
        let reached = self.reached.unwrap_or_default();
        let end = self.line.end(&self.producer, reached == 0).await?;
        let sequence = end.sequence;
        let mut position = 0;
        if let Some(newest) = end.newest {
            if !self.is_ours(&newest).await? {
                return Err(BusError::foreign(&self.producer));
            }
            position = newest.position;
        }
        if position < reached {
            tracing::warn!(
                producer = self.producer,
                lost = reached - position,
                "the broker lost events and is given them again"
            );
        }
        self.reached = Some(position);
        Ok(Standing { sequence, position })
    }

    /// Whether the outbox has this event, or had it: what is older than all that it keeps was forgotten.
    async fn is_ours(&self, event: &Event) -> Result<bool, BusError> {
        let found = self.pull(event.position - 1, 1, 0).await?;
        Ok(match found.events.first() {
            Some(kept) => kept.position > event.position || kept.id == event.id,
            None => false,
        })
    }

    async fn pull(&self, after: i64, limit: i32, wait_ms: i32) -> Result<PullResponse, BusError> {
        let request = PullRequest {
            after,
            limit,
            wait_ms,
            consumer: "relay".to_owned(),
        };
        self.feed.pull(request).await.map_err(outbox)
    }

    /// Sends events behind each other. `None` if another was quicker.
    async fn send(
        &self,
        standing: Standing,
        events: Vec<Event>,
    ) -> Result<Option<Standing>, BusError> {
        let position = events
            .last()
            .map_or(standing.position, |event| event.position);
        let mut previous = standing.position;
        let chained = events.into_iter().map(|event| {
            let before = std::mem::replace(&mut previous, event.position);
            (event, before)
        });
        let sent = self
            .line
            .send(&self.producer, standing.sequence, chained.collect())
            .await?;
        Ok(sent.map(|sequence| Standing { sequence, position }))
    }
}

fn outbox(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BusError {
    BusError::Outbox(error.into())
}

/// An error with what caused it, in one line.
fn chain(error: &BusError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
