//! Following the service's own events inside its process: for the indexes, and for whoever watches.

use std::time::Duration;

use marque_api::{
    complaint::v1::{CaseChange, CasesChanged},
    events::v1::{Event, PullRequest, event_feed_server::EventFeed},
};
use marque_events::Feed;
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};

use crate::app::CaseApp;

/// Events a pull.
const BATCH: i32 = 64;
/// How long a pull waits; solutions, of which no events tell, are looked for as often.
const WAIT_MS: i32 = 2_000;
/// How long a failure is waited out.
const BACKOFF: Duration = Duration::from_secs(1);
/// What begins the types of our events.
const CASES: &str = "marque.complaint.cases.";

/// The service's own feed, called in place.
#[derive(Debug, Clone)]
pub(crate) struct OwnEvents(Feed);

/// What an event says of cases: position, `opened`, `moved` and so on, and the changes.
pub(crate) type Told = (i64, String, Vec<CaseChange>);

impl OwnEvents {
    pub(crate) fn new(feed: Feed) -> Self {
        Self(feed)
    }

    /// Position of the newest event.
    pub(crate) async fn head(&self) -> Result<i64, Status> {
        let request = PullRequest {
            after: i64::MAX - 1,
            limit: 1,
            wait_ms: 0,
            consumer: "complaint".to_owned(),
        };
        Ok(self.0.pull(Request::new(request)).await?.into_inner().head)
    }

    /// What happened to cases after a position; waits a while for the first. Also where to go on.
    pub(crate) async fn after(&self, after: i64, wait_ms: i32) -> Result<(Vec<Told>, i64), Status> {
        let request = PullRequest {
            after,
            limit: BATCH,
            wait_ms,
            consumer: "complaint".to_owned(),
        };
        let events = self
            .0
            .pull(Request::new(request))
            .await?
            .into_inner()
            .events;
        let until = events.last().map_or(after, |event| event.position);
        Ok((events.into_iter().filter_map(read).collect(), until))
    }
}

/// The changes of an event of ours; one that cannot be read is told of and passed over.
fn read(event: Event) -> Option<Told> {
    let kind = event.r#type.strip_prefix(CASES)?.to_owned();
    match CasesChanged::decode(event.data.as_slice()) {
        Ok(told) => Some((event.position, kind, told.changes)),
        Err(error) => {
            tracing::error!(event.id, %error, "an event of ours cannot be read");
            None
        }
    }
}

/// Fills the indexes and keeps them up until told to stop.
pub(crate) async fn keep_indexes(app: CaseApp, events: OwnEvents, stop: CancellationToken) {
    let mut until = None;
    loop {
        let step = tokio::select! {
            () = stop.cancelled() => return,
            step = step(&app, &events, until) => step,
        };
        match step {
            Ok(position) => until = Some(position),
            Err(error) => {
                tracing::warn!(%error, "the search indexes have to wait");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(BACKOFF) => {}
                }
            }
        }
    }
}

async fn step(app: &CaseApp, events: &OwnEvents, until: Option<i64>) -> Result<i64, Status> {
    let unavailable = |error: marque_db::StoreError| Status::unavailable(error.to_string());
    let Some(until) = until else {
        // Asked first: what happens while the store is read comes again as an event.
        let head = events.head().await?;
        app.fill_indexes().await.map_err(unavailable)?;
        let (cases, solutions) = app.indexed();
        tracing::info!(cases, solutions, "the search indexes are filled");
        return Ok(head);
    };
    let (told, next) = events.after(until, WAIT_MS).await?;
    let ids = told
        .iter()
        .filter(|(_, kind, _)| ["opened", "amended", "erased"].contains(&kind.as_str()))
        .flat_map(|(_, _, changes)| changes)
        .filter_map(|change| change.id.parse().ok())
        .collect();
    app.refresh_cases(ids).await.map_err(unavailable)?;
    app.refresh_solutions().await.map_err(unavailable)?;
    Ok(next)
}
