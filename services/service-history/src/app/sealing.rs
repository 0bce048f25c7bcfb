//! Sealing what a release before stored of visits in the clear: once, when this one first starts on a store.

use marque_core::SharedClock;
use marque_db::{Database, StoreError};
use marque_vault::Vault;

use crate::storage::{self, START, TABLES};

/// Seals the texts of all visits that lie open, in transactions that give way to others, unless it was done. What is not done when it
/// is told to stop, or when the store cannot be reached, is done at the next start.
pub(crate) async fn seal_what_lies_open(
    db: Database,
    vault: Vault,
    clock: SharedClock,
    is_stopped: impl Fn() -> bool + Send,
) {
    match walk(db.across(), vault, clock, is_stopped).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "visits were sealed that a release before had not"),
        Err(error) => tracing::warn!(%error, "sealing what a release before stored has to wait"),
    }
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
