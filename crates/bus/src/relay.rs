//! The relay: carries an outbox to the broker, in order, whatever dies meanwhile.
//!
//! It keeps no position of its own. Where it goes on is what the broker has: the newest event in the stream that a relay sent.
//! So a broker that lost everything gets everything again, and a relay that dies loses nothing. A message is taken only if the
//! one before it in its batch is the newest of the stream: of two relays at work at once one is refused, a replay in between
//! ends the batch, and what relays send has no holes. To a stream that tells of events which the outbox never had, as after a
//! restore from a backup, nothing is added.

use std::time::Duration;

use async_nats::{
    HeaderMap,
    jetstream::{
        context::{PublishAckFuture, PublishError, PublishErrorKind},
        message::PublishMessage,
    },
};
use marque_api::events::v1::{Event, PullRequest, PullResponse};
use marque_events::{Feed, Source as _};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Broker, BusError,
    envelope::{CONTENT_TYPE, Envelope},
};

/// Events sent before the first acknowledgement is waited for.
const BATCH: i32 = 256;
/// After this long without news the broker is asked whether it still has what it was given.
const IDLE_MS: i32 = 5_000;
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Carries the outbox of one service to its stream.
#[derive(Debug)]
pub struct Relay {
    broker: Broker,
    producer: String,
    feed: Feed,
    /// What the broker had when it last said so; `None` if it has to be asked.
    standing: Option<Standing>,
    /// Position of the newest event that this relay knows to have been in the stream.
    reached: i64,
}

/// The end of a stream.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// Number of the newest message, counted by the broker.
    sequence: u64,
    /// Position of the newest event that a relay sent; 0 if there is none.
    position: i64,
}

/// Where a message must stand, or it is refused.
pub(crate) struct Place {
    /// Number of the message before it.
    after: u64,
    /// Its batch, which no other has the name of.
    batch: Uuid,
    /// Its number in the batch, from 0.
    number: usize,
}

impl Place {
    /// What the server knows the message by.
    fn name(&self, number: usize) -> String {
        format!("{}-{number}", self.batch.simple())
    }
}

impl Relay {
    pub(crate) fn new(broker: Broker, producer: &str, feed: Feed) -> Self {
        Self {
            broker,
            producer: producer.to_owned(),
            feed,
            standing: None,
            reached: 0,
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
            let Err(error) = step else {
                backoff = BACKOFF_MIN;
                continue;
            };
            tracing::warn!(producer = self.producer, error = %chain(&error), "events wait in the outbox");
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
            self.reached = self.standing.map_or(self.reached, |end| end.position);
        }
        let waiting = news.head - self.reached;
        metrics::gauge!("marque_outbox_waiting", "producer" => self.producer.clone())
            .set(waiting as f64);
        Ok(count)
    }

    /// The end of the stream. One that ends before what this relay has sent has lost it, and is given it again.
    async fn ask(&mut self) -> Result<Standing, BusError> {
        let mut stream = if self.reached == 0 {
            self.broker.declare(&self.producer).await?
        } else {
            self.broker.stream(&self.producer).await?
        };
        // First the number, then the event: whoever sends in between makes the next batch be refused.
        let info = stream.info().await;
        let sequence = info
            .map_err(|error| BusError::Refused(error.into()))?
            .state
            .last_sequence;
        let mut position = 0;
        if let Some(newest) = self.broker.newest(&stream, &self.producer).await? {
            let envelope = Envelope::decode(&newest.payload)
                .map_err(|error| BusError::Refused(error.into()))?;
            if !self.is_ours(&envelope.event).await? {
                return Err(BusError::foreign(&self.producer));
            }
            position = envelope.event.position;
        }
        if position < self.reached {
            tracing::warn!(
                producer = self.producer,
                lost = self.reached - position,
                "the broker lost events and is given them again"
            );
        }
        self.reached = position;
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
        let pulled = self.feed.pull(request).await;
        pulled.map_err(|error| BusError::Outbox(error.into()))
    }

    /// Sends events behind each other without waiting, then waits for all. `None` if another was quicker.
    async fn send(
        &self,
        standing: Standing,
        events: Vec<Event>,
    ) -> Result<Option<Standing>, BusError> {
        let mut sent: Vec<(PublishAckFuture, i64)> = Vec::with_capacity(events.len());
        let mut previous = standing.position;
        let batch = Uuid::new_v4();
        for (number, event) in events.into_iter().enumerate() {
            let position = event.position;
            let place = Place {
                after: standing.sequence + number as u64,
                batch,
                number,
            };
            let acknowledged = self
                .broker
                .publish(&self.producer, Envelope { event, previous }, Some(place))
                .await
                .map_err(|error| BusError::Refused(error.into()))?;
            sent.push((acknowledged, position));
            previous = position;
        }
        let mut end = standing;
        for (acknowledged, position) in sent {
            match acknowledged.await {
                Ok(ack) => {
                    end = Standing {
                        sequence: ack.sequence,
                        position,
                    };
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId
                    ) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(BusError::Refused(error.into())),
            }
        }
        Ok(Some(end))
    }
}

impl Broker {
    /// Sends one event; the acknowledgement is waited for apart. A relay says where it must stand; without that it is one
    /// that is sent again.
    pub(crate) async fn publish(
        &self,
        producer: &str,
        envelope: Envelope,
        place: Option<Place>,
    ) -> Result<PublishAckFuture, PublishError> {
        let subject = self.subject(producer, &envelope.event.r#type, place.is_none());
        let mut headers = HeaderMap::new();
        headers.insert("content-type", CONTENT_TYPE);
        let mut message = PublishMessage::build()
            .payload(envelope.encode())
            .headers(headers);
        if let Some(place) = place {
            // The number alone would let in what follows a refused one, if another's message took its place.
            message = message
                .expected_last_sequence(place.after)
                .message_id(place.name(place.number));
            if let Some(before) = place.number.checked_sub(1) {
                message = message.expected_last_message_id(place.name(before));
            }
        }
        self.jetstream.send_publish(subject, message).await
    }
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
