//! Sealing what a release before stored of visits in the clear: once, a day after this one first started on a store.

use std::time::Duration;

use marque_core::SharedClock;
use marque_db::{Database, StoreError};
use marque_vault::Vault;
use tokio_util::sync::CancellationToken;

use crate::storage::{self, START, TABLES};

/// For so long the release before can be gone back to: it shows nothing of what is sealed anew.
const GRACE: Duration = Duration::from_hours(24);
/// How often it is looked whether that is over.
const LOOK: Duration = Duration::from_mins(10);

/// Seals the texts of all visits that lie open, in transactions that give way to others, unless it was done. What is not done when it
/// is told to stop, or when the store cannot be reached, is done at the next start.
pub(crate) async fn seal_what_lies_open(
    db: Database,
    vault: Vault,
    clock: SharedClock,
    stop: CancellationToken,
) {
    while !is_due(&db, &clock).await.unwrap_or(false) {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    match walk(db.across(), vault, clock, || stop.is_cancelled()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "visits were sealed that a release before had not"),
        Err(error) => tracing::warn!(%error, "sealing what a release before stored has to wait"),
    }
}

/// Whether this release has run on the store for long enough.
async fn is_due(db: &Database, clock: &SharedClock) -> Result<bool, StoreError> {
    let now = clock.now();
    let began = db.write(move |conn| storage::note_begun(conn, now)).await?;
    let micros = now.as_micros().saturating_sub(began.as_micros());
    Ok(u128::try_from(micros).is_ok_and(|micros| micros >= GRACE.as_micros()))
}

/// How many visits and versions were sealed.
async fn walk(
    db: Database,
    vault: Vault,
    clock: SharedClock,
    is_stopped: impl Fn() -> bool + Send,
) -> Result<u64, StoreError> {
    if db.scan(storage::is_sealed).await? {
        return Ok(0);
    }
    let mut count = 0;
    for table in TABLES {
        let mut after = Some(START);
        while let Some(at) = after {
            if is_stopped() {
                return Ok(count);
            }
            let vault = vault.clone();
            let page = db.bulk(move |conn| storage::seal_page(conn, &vault, table, at));
            let (sealed, last) = page.await?;
            count += sealed;
            after = last;
        }
    }
    let now = clock.now();
    db.write(move |conn| storage::note_sealed(conn, now))
        .await?;
    Ok(count)
}
