//! Files of cases are sealed anew when keys are exchanged: they lie outside the store.

use marque_db::Database;
use marque_reseal::{Rounds, Survey};
use marque_rpc::Task;
use marque_vault::{Vault, VaultError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    files::{FileStore, Files},
    storage,
};

/// A case and its file.
type Named = (Uuid, Uuid);

/// Files that are named at once.
const PAGE: i64 = 200;

/// The files of all cases.
#[derive(Debug)]
struct Shelf {
    db: Database,
    files: Files,
}

impl Shelf {
    fn new(db: Database, vault: Vault, files: FileStore) -> Self {
        Self {
            db,
            files: Files::new(files, vault),
        }
    }

    /// Seals them anew whenever keys have changed, until told to stop.
    async fn reseal(self, mut rounds: Rounds, stop: CancellationToken) {
        while rounds.next(&stop).await {
            match self.walk(None, &stop).await {
                Ok(Survey {
                    stale, unreadable, ..
                }) => {
                    rounds.ended();
                    if stale + unreadable > 0 {
                        tracing::info!(stale, unreadable, "files of cases are sealed anew");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "sealing files of cases anew has to wait");
                    rounds.again();
                }
            }
        }
    }

    /// Looks at every file. With files that are read by another vault ([`Vault::probing`]) nothing is written, and everything
    /// opened.
    async fn walk(&self, probe: Option<&Files>, stop: &CancellationToken) -> Result<Survey> {
        let (mut found, mut after) = (Survey::default(), (Uuid::nil(), Uuid::nil()));
        while !stop.is_cancelled() {
            let page = self
                .db
                .scan(move |conn| storage::walk_attachments(conn, after, PAGE));
            let page: Vec<Named> = page.await?;
            let Some(last) = page.last() else { break };
            after = *last;
            for file in page {
                found.values += 1;
                let looked_at = match probe {
                    Some(probe) => self.look(probe, file).await,
                    None => self.again(file).await,
                };
                match looked_at {
                    Ok(was_stale) => found.stale += u64::from(was_stale),
                    Err(Error::Vault(VaultError::Unreadable)) => found.unreadable += 1,
                    // A file whose row is there and whose bytes are not is as lost as one that no key opens.
                    Err(Error::Files(object_store::Error::NotFound { .. })) => {
                        found.unreadable += u64::from(self.is_there(file).await?);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }

    async fn look(&self, probe: &Files, (case, id): Named) -> Result<bool> {
        probe.reseal(case.into(), id).await?;
        Ok(self.files.reseal(case.into(), id).await?.is_some())
    }

    async fn again(&self, file: Named) -> Result<bool> {
        let (case, id) = file;
        let Some(sealed) = self.files.reseal(case.into(), id).await? else {
            return Ok(false);
        };
        if !self.is_there(file).await? {
            return Ok(false);
        }
        self.files.put_sealed(case.into(), id, sealed).await?;
        // Who was forgotten in between must not come back by it.
        if !self.is_there(file).await? {
            self.files.delete(case.into(), id).await?;
        }
        Ok(true)
    }

    /// Whether a file is still a case's.
    async fn is_there(&self, file: Named) -> Result<bool> {
        let asked = self
            .db
            .read(move |conn| storage::has_attachment(conn, file));
        Ok(asked.await?)
    }
}

/// The work of sealing files of cases anew whenever keys have changed.
pub fn reseal_files(db: Database, vault: Vault, files: FileStore, rounds: Rounds) -> Task {
    let shelf = Shelf::new(db, vault, files);
    Task::new("complaint.reseal-files", move |stop| {
        shelf.reseal(rounds, stop)
    })
}

/// Opens all files of cases by a vault made for it, counts those under an old key, and changes nothing.
///
/// # Errors
/// What the store or the disk or bucket says.
pub async fn survey_files(
    db: Database,
    (vault, probe): (Vault, Vault),
    files: FileStore,
) -> std::result::Result<Survey, Box<dyn std::error::Error + Send + Sync>> {
    let probe = Files::new(files.clone(), probe);
    let shelf = Shelf::new(db, vault, files);
    Ok(shelf.walk(Some(&probe), &CancellationToken::new()).await?)
}
