//! The consumer: pulls a feed and applies each event once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use marque_api::events::v1::{Event, PullRequest, PullResponse};
use marque_core::{SharedClock, Timestamp};
use marque_db::{Conn, Database, StoreError};
use tokio_util::sync::CancellationToken;
use tonic::{Status, async_trait};
use uuid::Uuid;

use crate::{dead_letters, from_proto_time, positions};

/// Where events come from: a producer's feed over gRPC, or a broker.
#[async_trait]
pub trait Source: Send + Sync {
    /// Events after a position; waits for the first as long as the request says.
    async fn pull(&self, request: PullRequest) -> Result<PullResponse, Status>;
}

/// What a service does with another's events.
pub trait Handler: Send + Sync {
    /// Applies one event in the transaction that also records it as applied. Events of types the service does not
    /// care for are to be passed over.
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError>;

    /// Applies events that came together, in their order and in one transaction. A service to which many at once are
    /// less work than each alone says here how.
    fn apply_all(&self, conn: &mut Conn<'_>, events: &[&Event]) -> Result<(), ApplyError> {
        events.iter().try_for_each(|event| self.apply(conn, event))
    }
}

/// Why an event could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The store failed: the event is tried again, and set aside if the store goes on refusing what it says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The event itself makes no sense: it is set aside.
    #[error("{0}")]
    Malformed(String),
}

impl ApplyError {
    /// Whether the event is to blame, and not the store.
    fn is_of_the_event(&self) -> bool {
        match self {
            Self::Malformed(_) => true,
            Self::Store(error) => error.is_of_the_data(),
        }
    }
}

impl marque_db::AsStoreError for ApplyError {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Malformed(_) => None,
        }
    }
}

impl From<prost::DecodeError> for ApplyError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Malformed(format!("payload cannot be decoded: {error}"))
    }
}

/// One service's subscription to another's feed.
#[derive(Clone)]
pub struct Consumer {
    /// Name of the consuming service.
    pub name: &'static str,
    /// Producer, `marque/<service>`.
    pub producer: &'static str,
    /// Where its events come from.
    pub source: Arc<dyn Source>,
    /// The consuming service's database, with the tables `event_cursors`, `inbox` and `dead_letters`.
    pub db: Database,
    /// What is done with them.
    pub handler: Arc<dyn Handler>,
    /// The time.
    pub clock: SharedClock,
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer")
            .field("name", &self.name)
            .field("producer", &self.producer)
            .finish_non_exhaustive()
    }
}

const BATCH: i32 = 64;
/// So much is applied in one transaction: the service's own callers do not wait for more.
const TRANSACTION_BYTES: usize = 256 * 1024;
const WAIT_MS: i32 = 10_000;
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// An event that cannot be applied so often is set aside.
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

impl Consumer {
    /// Pulls and applies until told to stop. Failures are logged and tried again, ever more slowly.
    pub async fn run(self, stop: CancellationToken) {
        // A counter that is born with its first count shows no increase.
        metrics::counter!("marque_dead_letters_total", "consumer" => self.name).increment(0);
        let mut backoff = Duration::from_millis(50);
        loop {
            let step = tokio::select! {
                () = stop.cancelled() => return,
                step = self.pull_and_apply(WAIT_MS) => step,
            };
            match step {
                Ok(applied) => {
                    backoff = Duration::from_millis(50);
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = applied.give_way(self.clock.now()) => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(consumer = self.name, producer = self.producer, %error, "events have to wait");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(backoff) => {}
                    }
                    backoff = (backoff * 2).min(BACKOFF_MAX);
                }
            }
        }
    }

    /// Pulls once and applies what came; returns how many events that was. Events set aside that somebody wants tried
    /// again go first.
    pub async fn step(&self, wait_ms: i32) -> Result<usize, Status> {
        Ok(self.pull_and_apply(wait_ms).await?.count)
    }

    async fn pull_and_apply(&self, wait_ms: i32) -> Result<Applied, Status> {
        let (after, due) = self.standing().await.map_err(unavailable)?;
        for event in due {
            self.retry(event).await.map_err(unavailable)?;
        }
        let request = PullRequest {
            after,
            limit: BATCH,
            wait_ms,
            consumer: self.name.to_owned(),
        };
        let response = self.source.pull(request).await?;
        let lag = response.head - response.events.last().map_or(after, |event| event.position);
        metrics::gauge!("marque_event_lag", "consumer" => self.name, "producer" => self.producer)
            .set(lag as f64);
        let began = Instant::now();
        let mut applied = Applied {
            count: response.events.len(),
            oldest: response
                .events
                .first()
                .and_then(|event| event.time)
                .as_ref()
                .map(from_proto_time),
            took: Duration::ZERO,
        };
        for events in transactions(response.events) {
            self.apply(events).await.map_err(unavailable)?;
        }
        applied.took = began.elapsed();
        Ok(applied)
    }

    /// The position read to, and the events that wait to be tried again.
    async fn standing(&self) -> Result<(i64, Vec<Event>), StoreError> {
        let producer = self.producer;
        self.db
            .read(move |conn| {
                let position = positions::cursor(conn, producer)?;
                Ok((position.unwrap_or(0), dead_letters::due(conn, producer)?))
            })
            .await
    }

    /// All these events in one transaction; if one of them makes no sense, each in its own.
    async fn apply(&self, events: Vec<Event>) -> Result<(), ApplyError> {
        let events = Arc::new(events);
        match self.apply_together(Arc::clone(&events)).await {
            Err(error) if error.is_of_the_event() => {
                for event in events.iter() {
                    // A store's failure ends it here: the cursor must not go on without the event.
                    self.apply_alone(event).await?;
                }
                Ok(())
            }
            other => other,
        }
    }

    /// Applies an event or sets it aside.
    async fn apply_alone(&self, event: &Event) -> Result<(), ApplyError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.apply_together(Arc::new(vec![event.clone()])).await {
                Err(ApplyError::Malformed(reason)) => {
                    return self.set_aside(event.clone(), reason).await;
                }
                // Another process may have written the same key a moment ago.
                Err(error) if error.is_of_the_event() && tries < TRIES => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                Err(error) if error.is_of_the_event() => {
                    return self.set_aside(event.clone(), error.to_string()).await;
                }
                other => return other,
            }
        }
    }

    async fn apply_together(&self, events: Arc<Vec<Event>>) -> Result<(), ApplyError> {
        let (handler, producer, now) = (Arc::clone(&self.handler), self.producer, self.clock.now());
        self.db
            .bulk(move |conn| {
                let events: Vec<&Event> = events.iter().collect();
                apply_new(conn, &*handler, producer, &events, now)?;
                advance(
                    conn,
                    producer,
                    events.last().map_or(0, |event| event.position),
                )?;
                Ok(())
            })
            .await
    }

    /// Applies an event that was set aside, or notes why it still cannot be.
    async fn retry(&self, event: Event) -> Result<(), StoreError> {
        let (handler, producer, now) = (Arc::clone(&self.handler), self.producer, self.clock.now());
        let tried = event.clone();
        let applied = self
            .db
            .write(move |conn| {
                apply_new(conn, &*handler, producer, &[&tried], now)?;
                Ok(dead_letters::forget(conn, producer, &tried.id)?)
            })
            .await;
        match applied {
            Ok(()) => Ok(()),
            Err(ApplyError::Store(error)) if !error.is_of_the_data() => Err(error),
            Err(error) => {
                let reason = error.to_string();
                self.db
                    .write(move |conn| dead_letters::keep(conn, producer, &event, &reason, now))
                    .await
            }
        }
    }

    async fn set_aside(&self, event: Event, reason: String) -> Result<(), ApplyError> {
        tracing::error!(
            consumer = self.name,
            event.id,
            event.r#type,
            reason,
            "event set aside"
        );
        metrics::counter!("marque_dead_letters_total", "consumer" => self.name).increment(1);
        let (producer, now) = (self.producer, self.clock.now());
        self.db
            .write(move |conn| {
                dead_letters::keep(conn, producer, &event, &reason, now)?;
                advance(conn, producer, event.position)?;
                Ok(())
            })
            .await
    }
}

/// What a pull brought.
struct Applied {
    count: usize,
    /// When the oldest of the events happened.
    oldest: Option<Timestamp>,
    took: Duration,
}

impl Applied {
    /// Lets imports of this process go first, unless what is left is old.
    async fn give_way(&self, now: Timestamp) {
        let waited = self
            .oldest
            .map_or(0, |oldest| now.as_micros() - oldest.as_micros());
        let age = Duration::from_micros(u64::try_from(waited).unwrap_or(0));
        marque_db::give_way(self.took, age).await;
    }
}

/// Events cut into what one transaction applies: in order, each piece small, none empty.
fn transactions(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut pieces: Vec<Vec<Event>> = Vec::new();
    let mut bytes = 0;
    for event in events {
        let size = event.data.len();
        match pieces.last_mut() {
            Some(piece) if bytes + size <= TRANSACTION_BYTES => {
                piece.push(event);
                bytes += size;
            }
            _ => {
                pieces.push(vec![event]);
                bytes = size;
            }
        }
    }
    pieces
}

/// Applies those of the events that were not applied before.
fn apply_new(
    conn: &mut Conn<'_>,
    handler: &dyn Handler,
    producer: &str,
    events: &[&Event],
    now: Timestamp,
) -> Result<(), ApplyError> {
    let mut new = Vec::with_capacity(events.len());
    for event in events {
        let id: Uuid = event
            .id
            .parse()
            .map_err(|_| ApplyError::Malformed("id is no UUID".into()))?;
        let is_new = conn.execute(
            "INSERT INTO inbox (source, id, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            &[producer.into(), id.into(), now.into()],
        )? == 1;
        if is_new {
            new.push(*event);
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    handler.apply_all(conn, &new)
}

fn advance(conn: &mut Conn<'_>, producer: &str, position: i64) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO event_cursors (source, position) VALUES (?1, ?2)
         ON CONFLICT (source) DO UPDATE SET position = excluded.position
         WHERE excluded.position > event_cursors.position",
        &[producer.into(), position.into()],
    )?;
    Ok(())
}

fn unavailable(error: impl std::fmt::Display) -> Status {
    Status::unavailable(error.to_string())
}
