//! The feed: a service's outbox over gRPC.

use std::time::Duration;

use marque_api::events::v1::{Event, PullRequest, PullResponse, event_feed_server::EventFeed};
use marque_db::{Backend, Database, StoreError};
use marque_errors::{ErrorCode, ServiceError, status};
use tokio::time::{Instant, timeout_at};
use tonic::{Request, Response, Status};

use crate::{Source, outbox, positions};

/// Events a consumer has not read are no longer kept: it would miss them for ever, so it gets none.
#[derive(Debug, thiserror::Error)]
#[error("events after this position are no longer kept")]
struct Forgotten;

impl ServiceError for Forgotten {
    fn code(&self) -> ErrorCode {
        ErrorCode::FailedPrecondition
    }

    fn reason(&self) -> &'static str {
        "EVENTS_FORGOTTEN"
    }
}

/// Hands out one service's events.
#[derive(Debug, Clone)]
pub struct Feed {
    db: Database,
    source: &'static str,
}

const DEFAULT_LIMIT: u32 = 256;
const MAX_WAIT: Duration = Duration::from_secs(20);
/// How long to sleep when another process may have written: its commits do not wake us.
const POLL: Duration = Duration::from_millis(200);

impl Feed {
    /// The feed of a service's database; `source` is `marque/<service>`. It counts the events of all dealers, whoever asks:
    /// who hands them on leaves out what a caller may not see.
    pub fn new(db: Database, source: &'static str) -> Self {
        let db = db.across();
        Self { db, source }
    }

    /// Up to which position a broker has these events, as it was noted last; `None` if it never was.
    ///
    /// # Errors
    /// What the store says.
    pub async fn taken(&self) -> Result<Option<i64>, StoreError> {
        let source = self.source;
        self.db
            .read(move |conn| positions::cursor(conn, source))
            .await
    }

    /// Notes up to which position a broker has these events: a service's own cursor, which no consumer has, for none follows
    /// itself.
    ///
    /// # Errors
    /// What the store says.
    pub async fn note_taken(&self, position: i64) -> Result<(), StoreError> {
        let source = self.source;
        self.db
            .write(move |conn| positions::set_cursor(conn, source, position))
            .await
    }

    async fn read(&self, after: i64, limit: u32) -> Result<(Vec<Event>, i64), StoreError> {
        let source = self.source;
        // Looked at first, for the commit of the numbering wakes all who wait here, ourselves among them.
        if self.db.backend() == Backend::Postgres && self.db.read(outbox::is_unnumbered).await? {
            self.db.write(outbox::number).await?;
        }
        self.db
            .read(move |conn| {
                Ok((
                    outbox::read_after(conn, source, after, limit)?,
                    outbox::head(conn)?,
                ))
            })
            .await
    }

    async fn read_or_wait(&self, request: &PullRequest) -> Result<PullResponse, StoreError> {
        let limit = match request.limit {
            limit @ 1..=10_000 => limit.cast_unsigned(),
            _ => DEFAULT_LIMIT,
        };
        let wait = Duration::from_millis(u64::try_from(request.wait_ms).unwrap_or(0)).min(MAX_WAIT);
        let deadline = Instant::now() + wait;
        loop {
            // Registered before reading: a commit in between is not missed.
            let committed = self.db.committed().notified();
            let (events, head) = self.read(request.after, limit).await?;
            if !events.is_empty() || Instant::now() >= deadline {
                return Ok(PullResponse { events, head });
            }
            let until = match self.db.backend() {
                Backend::Sqlite => deadline,
                Backend::Postgres => deadline.min(Instant::now() + POLL),
            };
            drop(timeout_at(until, committed).await);
        }
    }
}

/// Asked in the same process, without a call: by the relay to a broker, and by tests.
#[tonic::async_trait]
impl Source for Feed {
    async fn pull(&self, request: PullRequest) -> Result<PullResponse, Status> {
        self.read_or_wait(&request).await.map_err(|error| {
            tracing::error!(consumer = request.consumer, %error, "feed cannot be read");
            Status::unavailable("the feed cannot be read now")
        })
    }
}

#[tonic::async_trait]
impl EventFeed for Feed {
    async fn pull(&self, request: Request<PullRequest>) -> Result<Response<PullResponse>, Status> {
        let request = request.into_inner();
        let after = request.after;
        let forgotten = self
            .db
            .read(move |conn| outbox::is_forgotten(conn, after))
            .await;
        if forgotten.unwrap_or(false) {
            tracing::error!(
                consumer = request.consumer,
                after,
                "events it has not read were forgotten"
            );
            return Err(status(&Forgotten));
        }
        Source::pull(self, request).await.map(Response::new)
    }
}
