//! When stores are walked, and the work of walking one.

use std::{collections::BTreeSet, time::Duration};

use marque_db::{Database, StoreError};
use marque_rpc::Task;
use marque_vault::Vault;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    column::SealedColumn,
    walk::{Purpose, Survey, start, step},
};

/// How often the keyring is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Between rounds while there are several keys: a process that was slow may have written under the old one.
const AGAIN: Duration = Duration::from_mins(10);

/// Tells when a round is due: once the keyring has several data keys and has settled, and from time to time after that.
#[derive(Debug)]
pub struct Rounds {
    vault: Vault,
    settled: Duration,
    /// The keys of the last round, and when it began or ended.
    last: Option<(Keys, Instant)>,
}

/// The current data key, and all of them.
type Keys = (u32, BTreeSet<u32>);

impl Rounds {
    /// Rounds for the keys of a vault.
    ///
    /// From a change of the keyring to a round `settled` goes by: until then every process has read it, and what is written
    /// is under the new key.
    pub fn new(vault: Vault, settled: Duration) -> Self {
        Self {
            vault,
            settled,
            last: None,
        }
    }

    /// The last round has come to its end.
    pub fn ended(&mut self) {
        if let Some((_, at)) = &mut self.last {
            *at = Instant::now();
        }
    }

    /// The last round did not come to its end: the next is due as soon as the keys have settled.
    pub fn again(&mut self) {
        self.last = None;
    }

    /// Waits for the next round; `false` when told to stop.
    pub async fn next(&mut self, stop: &CancellationToken) -> bool {
        let (mut keys, mut since) = (self.vault.data_keys(), Instant::now());
        loop {
            let now = self.vault.data_keys();
            if now != keys {
                (keys, since) = (now, Instant::now());
            }
            let wait = match &self.last {
                Some((walked, at)) if *walked == keys => at.elapsed() >= AGAIN,
                _ => since.elapsed() >= self.settled,
            };
            if keys.1.len() > 1 && wait {
                self.last = Some((keys, Instant::now()));
                return true;
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = sleep(LOOK.min(self.settled)) => {}
            }
        }
    }
}

/// The work of sealing one store's columns anew whenever the keys have changed.
pub fn resealing(db: Database, columns: &'static [SealedColumn], mut rounds: Rounds) -> Task {
    Task::new("reseal", move |stop| async move {
        while rounds.next(&stop).await {
            let mut is_whole = true;
            for column in columns {
                match walk(&db, &rounds.vault, *column, &stop).await {
                    Ok(found) if found == Survey::default() => {}
                    Ok(found) => tell(*column, found),
                    Err(error) => {
                        tracing::warn!(%error, table = column.table, "sealing anew has to wait");
                        is_whole = false;
                    }
                }
            }
            if is_whole {
                rounds.ended();
            } else {
                rounds.again();
            }
        }
    })
}

fn tell(column: SealedColumn, found: Survey) {
    let SealedColumn { table, column, .. } = column;
    let Survey {
        values,
        stale,
        unreadable,
    } = found;
    if unreadable > 0 {
        tracing::error!(
            table,
            column,
            unreadable,
            "no key on the ring opens these: bring back the key that was retired"
        );
    }
    if stale > 0 {
        tracing::info!(
            table,
            column,
            values,
            stale,
            "sealed anew under the current key"
        );
    }
}

/// Walks a column and seals anew what is under an old key.
async fn walk(
    db: &Database,
    vault: &Vault,
    column: SealedColumn,
    stop: &CancellationToken,
) -> Result<Survey, StoreError> {
    let (mut all, mut after) = (Survey::default(), start(&column));
    while !stop.is_cancelled() {
        let began = Instant::now();
        let (vault, from) = (vault.clone(), after);
        let step = db
            .bulk(move |conn| step(conn, &vault, &column, &from, &Purpose::Reseal))
            .await?;
        all.add(step.found);
        match step.last {
            Some(last) => after = last,
            None => break,
        }
        // Imports of this process go first.
        marque_db::give_way(began.elapsed(), Duration::ZERO).await;
    }
    Ok(all)
}
