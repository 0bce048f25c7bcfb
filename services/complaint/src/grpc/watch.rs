//! The stream of changes: from the service's own events, only what the caller may see.

use std::time::Duration;

use marque_api::complaint::v1::{CaseChange, WatchComplaintsResponse};
use marque_auth::CallContext;
use marque_db::Wall;
use marque_rpc::Deadline;
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::{app::CaseApp, follow::OwnEvents};

/// Messages that wait for a slow reader; after them the feed itself waits.
const WAITING: usize = 64;
/// How long nothing may be heard: then a sign of life is sent. At no other time: who may see nothing of what happened is not to learn
/// that something did.
const SILENCE: Duration = Duration::from_secs(10);

/// What a watcher reads.
pub(crate) type Changes = ReceiverStream<Result<WatchComplaintsResponse, Status>>;

/// Begins to send changes after a position (-1: from now on) until the reader goes away or his deadline passes; then he
/// goes on where he stopped.
pub(super) fn watch(
    (app, events): (CaseApp, OwnEvents),
    ctx: CallContext,
    deadline: Option<Deadline>,
    after: i64,
) -> Changes {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(marque_db::behind(Wall::current(), async move {
        let work = send(&app, &events, &ctx, after, &sender);
        let ended = match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline.instant(), work)
                .await
                .unwrap_or(Ok(())),
            None => work.await,
        };
        if let Err(status) = ended {
            // Nobody is there to be told only if the reader has gone.
            drop(sender.send(Err(status)).await);
        }
    }));
    ReceiverStream::new(receiver)
}

async fn send(
    app: &CaseApp,
    events: &OwnEvents,
    ctx: &CallContext,
    after: i64,
    sender: &mpsc::Sender<Result<WatchComplaintsResponse, Status>>,
) -> Result<(), Status> {
    let mut after = if after < 0 {
        events.head().await?
    } else {
        after
    };
    if sender.send(Ok(sign_of_life(after))).await.is_err() {
        return Ok(());
    }
    let mut heard = Instant::now();
    loop {
        let patience = SILENCE.saturating_sub(heard.elapsed()).as_millis() as i32 + 1;
        let pulled = tokio::select! {
            () = sender.closed() => return Ok(()),
            pulled = events.after(after, patience) => pulled,
        };
        let (told, until) = pulled?;
        after = until;
        let dealers = app
            .visible_dealers(ctx.clone())
            .await
            .map_err(|error| marque_errors::status(&error))?;
        let is_seen = |change: &CaseChange| {
            dealers.as_ref().is_none_or(|dealers| {
                // Whoever had a case hears that it went to another dealer, and nothing more of it.
                dealers.contains(&change.dealer) || dealers.contains(&change.from_dealer)
            })
        };
        for (position, kind, mut changes) in told {
            changes.retain(is_seen);
            if changes.is_empty() {
                continue;
            }
            heard = Instant::now();
            let message = WatchComplaintsResponse {
                position,
                kind,
                changes,
            };
            if sender.send(Ok(message)).await.is_err() {
                return Ok(());
            }
        }
        if heard.elapsed() < SILENCE {
            continue;
        }
        heard = Instant::now();
        if sender.send(Ok(sign_of_life(after))).await.is_err() {
            return Ok(());
        }
    }
}

fn sign_of_life(position: i64) -> WatchComplaintsResponse {
    WatchComplaintsResponse {
        position,
        kind: String::new(),
        changes: Vec::new(),
    }
}
