//! A producer's stream as a consumer reads it.
//!
//! The durable consumer of the broker only spares us reading the stream from its beginning. What was applied is known by the
//! consuming service's own database: its position goes into every pull, and events up to it are acknowledged then.

use std::time::Duration;

use async_nats::jetstream::{
    Message,
    consumer::{
        AckPolicy, DeliverPolicy, PullConsumer,
        pull::{Config, MessagesErrorKind, Stream as Messages},
    },
    stream::Stream,
};
use futures::{FutureExt as _, StreamExt as _};
use marque_api::events::v1::{PullRequest, PullResponse};
use marque_events::Source;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};
use tonic::{Status, async_trait};

use crate::{Broker, BusError, envelope::Envelope, held::Held};

/// Messages that may be out without being acknowledged.
const UNACKNOWLEDGED: i64 = 1024;
/// Messages asked for at once.
const ASKED: usize = 256;
/// Events kept while a reading from the beginning looks for those that are missing before them.
const KEPT_WHILE_LOOKING: usize = 512;
/// How soon a gap is looked at again: another instance may have filled it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Least time between two readings from the beginning.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// Longest wait of a pull.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Reads the stream of one producer for one consumer.
#[derive(Debug)]
pub struct JetStreamSource {
    broker: Broker,
    producer: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    reader: Option<Reader>,
    held: Held<Message>,
    /// Since when events wait for others, and after which position.
    gap: Option<(i64, Instant)>,
    /// When the stream was last read from its beginning to fill a gap, unless the gap was filled.
    looking: Option<Instant>,
    /// The newest position that the broker has, as far as it told.
    head: i64,
}

struct Reader {
    messages: Messages,
    /// Number of the first message in the stream that a relay sent.
    first_sequence: u64,
    /// Messages behind the one read last.
    pending: u64,
    /// Whether the last that was heard of the broker was nothing.
    is_silent: bool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for JetStreamSource {
    async fn pull(&self, request: PullRequest) -> Result<PullResponse, Status> {
        let mut state = self.state.lock().await;
        let pulled = self.pull_with(&mut state, &request).await;
        pulled.map_err(|error| Status::unavailable(error.to_string()))
    }
}

impl JetStreamSource {
    pub(crate) fn new(broker: Broker, producer: &str) -> Self {
        Self {
            broker,
            producer: producer.to_owned(),
            state: Mutex::new(State {
                reader: None,
                held: Held::new(),
                gap: None,
                looking: None,
                head: 0,
            }),
        }
    }

    async fn pull_with(
        &self,
        state: &mut State,
        request: &PullRequest,
    ) -> Result<PullResponse, BusError> {
        let wait = Duration::from_millis(u64::try_from(request.wait_ms).unwrap_or(0));
        let until = Instant::now() + wait.min(MAX_WAIT);
        let limit = match usize::try_from(request.limit) {
            Ok(limit @ 1..=ASKED) => limit,
            _ => ASKED,
        };
        loop {
            acknowledge(state.held.settle(request.after)).await;
            let events = state.held.run(request.after, limit);
            if let Some(last) = events.last() {
                (state.gap, state.looking) = (None, None);
                let head = state.head.max(last.position);
                return Ok(PullResponse { events, head });
            }
            let is_gap = self.look_at_gap(state, request).await?;
            let until = if is_gap {
                until.min(Instant::now() + LOOK_AGAIN)
            } else {
                until
            };
            if !self.read(state, request, until).await? {
                let head = state.head.max(request.after);
                return Ok(PullResponse {
                    events: Vec::new(),
                    head,
                });
            }
        }
    }

    /// Reads what has come, waiting for the first of it; false if nothing came.
    async fn read(
        &self,
        state: &mut State,
        request: &PullRequest,
        until: Instant,
    ) -> Result<bool, BusError> {
        if state.reader.is_none() {
            let stream = self.broker.stream(&self.producer).await?;
            state.reader = Some(self.open(stream, &request.consumer).await?);
        }
        let Some(reader) = &mut state.reader else {
            return Ok(false);
        };
        let Ok(first) = timeout_at(until, reader.messages.next()).await else {
            return Ok(false);
        };
        let mut next = Some(first);
        let mut unwanted = Vec::new();
        let mut failure = None;
        let mut read = 0;
        while let Some(item) = next.take() {
            match item {
                Some(Ok(message)) => {
                    unwanted.extend(receive(reader, &mut state.held, &mut state.head, message));
                    read += 1;
                    if read < ASKED {
                        next = reader.messages.next().now_or_never();
                    }
                }
                // The client looks at its clock before it looks at what has come: once is no sign, as after a long commit.
                Some(Err(error))
                    if error.kind() == MessagesErrorKind::MissingHeartbeat && !reader.is_silent =>
                {
                    reader.is_silent = true;
                }
                Some(Err(error)) => failure = Some(BusError::Refused(error.into())),
                None => failure = Some(BusError::Refused("the consumer is gone".into())),
            }
        }
        acknowledge(unwanted).await;
        match failure {
            Some(error) => {
                // Handles of a consumer that is gone could acknowledge other messages of the next one.
                drop(state.held.clear());
                state.reader = None;
                Err(error)
            }
            None => Ok(true),
        }
    }

    /// Whether events wait for others that are missing. One that lasts is looked for from the beginning of the stream; one
    /// that is not there either is an error.
    async fn look_at_gap(
        &self,
        state: &mut State,
        request: &PullRequest,
    ) -> Result<bool, BusError> {
        let Some((first, last)) = state.held.gap(request.after) else {
            state.gap = None;
            return Ok(false);
        };
        let since = match state.gap {
            Some((after, since)) if after == request.after => since,
            _ => Instant::now(),
        };
        state.gap = Some((request.after, since));
        if since.elapsed() < self.broker.settings.redeliver_after * 3 {
            return Ok(true);
        }
        if state.looking.is_some() && state.held.len() >= KEPT_WHILE_LOOKING {
            // They come again with the missing ones: a replay sends everything from there on.
            acknowledge(state.held.clear()).await;
            return Ok(true);
        }
        let is_tried = state
            .looking
            .is_some_and(|at| at.elapsed() < READ_AGAIN_AFTER);
        if !is_tried {
            self.read_again(state, request).await?;
            return Ok(false);
        }
        match &state.reader {
            // Still reading, or with news to read.
            Some(reader) if reader.pending > 0 => Ok(true),
            _ => {
                state.gap = None;
                Err(BusError::missing(&self.producer, first, last))
            }
        }
    }

    /// Begins the stream anew: whatever the broker took for acknowledged comes again.
    async fn read_again(&self, state: &mut State, request: &PullRequest) -> Result<(), BusError> {
        tracing::warn!(
            consumer = request.consumer,
            producer = self.producer,
            after = request.after,
            "events are missing: the stream is read from its beginning"
        );
        let stream = self.broker.stream(&self.producer).await?;
        drop(state.held.clear());
        state.reader = None;
        // That it is not there is as good.
        drop(stream.delete_consumer(&request.consumer).await);
        state.reader = Some(self.open(stream, &request.consumer).await?);
        metrics::counter!("marque_bus_readings_total", "producer" => self.producer.clone())
            .increment(1);
        (state.gap, state.looking) = (None, Some(Instant::now()));
        Ok(())
    }

    async fn open(&self, mut stream: Stream, name: &str) -> Result<Reader, BusError> {
        let refused = |error: Box<dyn std::error::Error + Send + Sync>| BusError::Refused(error);
        let last = stream
            .info()
            .await
            .map_err(|error| refused(error.into()))?
            .state
            .last_sequence;
        let first = self.broker.first(&stream, &self.producer).await?;
        let first_sequence = first.unwrap_or(last + 1);
        let config = Config {
            durable_name: Some(name.to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.broker.settings.redeliver_after,
            max_deliver: -1,
            max_ack_pending: UNACKNOWLEDGED,
            ..Config::default()
        };
        let consumer: PullConsumer = stream
            .get_or_create_consumer(name, config)
            .await
            .map_err(|error| refused(error.into()))?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(ASKED)
            .heartbeat(Duration::from_secs(1))
            .expires(Duration::from_secs(20))
            .messages()
            .await
            .map_err(|error| refused(error.into()))?;
        Ok(Reader {
            messages,
            first_sequence,
            pending: 0,
            is_silent: false,
        })
    }
}

/// Takes a message in; gives it back if it is no event.
fn receive(
    reader: &mut Reader,
    held: &mut Held<Message>,
    head: &mut i64,
    message: Message,
) -> Option<Message> {
    let (mut is_first, mut pending) = (false, 0);
    if let Ok(info) = message.info() {
        is_first = info.stream_sequence <= reader.first_sequence && !is_again(&message.subject);
        pending = info.pending;
    }
    (reader.pending, reader.is_silent) = (pending, false);
    match Envelope::decode(&message.payload) {
        Ok(envelope) => {
            *head = envelope.event.position + pending as i64;
            held.take(envelope, is_first, message);
            None
        }
        Err(error) => {
            tracing::error!(subject = %message.subject, %error, "a message is passed over");
            Some(message)
        }
    }
}

/// Whether the event of this subject was sent again by a replay.
fn is_again(subject: &str) -> bool {
    subject.split('.').nth(2) == Some("again")
}

/// Acknowledges messages. That the broker does not hear it is no failure: they come again and are passed over.
async fn acknowledge(messages: Vec<Message>) {
    for message in messages {
        if let Err(error) = message.ack().await {
            tracing::debug!(%error, "a message is not acknowledged and will come again");
        }
    }
}
