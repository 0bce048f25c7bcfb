//! What every store needs from time to time: old events and old answers to idempotency keys are forgotten.

use std::time::Duration;

use marque_core::{SharedClock, Timestamp};
use marque_db::{Database, StoreError};
use marque_rpc::Task;
use tokio_util::sync::CancellationToken;

/// How often a store is looked after.
const EVERY: Duration = Duration::from_secs(3600);
/// Events stay replayable this long (reliability.md R4 asks for a week): a role that is added, or back after a long time, still
/// hears all. One that comes later is refused and not served with a gap.
const EVENTS_KEPT: Duration = Duration::from_secs(400 * 86_400);
/// Answers stay this long; a caller may repeat a write for a day (reliability.md R1).
const ANSWERS_KEPT: Duration = Duration::from_secs(2 * 86_400);

/// Looks after one store for as long as the process runs.
pub(crate) fn task(db: Database, clock: SharedClock) -> Task {
    Task::new("housekeeping", move |stop| run(db, clock, stop))
}

async fn run(db: Database, clock: SharedClock, stop: CancellationToken) {
    loop {
        if let Err(error) = forget(&db, clock.now()).await {
            tracing::warn!(%error, "old events and answers cannot be forgotten now");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn forget(db: &Database, now: Timestamp) -> Result<(), StoreError> {
    let before = |kept: Duration| {
        Timestamp::from_micros(
            now.as_micros() - i64::try_from(kept.as_micros()).unwrap_or(i64::MAX),
        )
    };
    let (events, answers) = (before(EVENTS_KEPT), before(ANSWERS_KEPT));
    db.bulk(move |conn| {
        marque_events::prune(conn, events)?;
        marque_events::forget_applied(conn, events)?;
        marque_ledger::prune(conn, answers)?;
        Ok::<(), StoreError>(())
    })
    .await
}
