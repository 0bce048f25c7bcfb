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
            match self.walk(true, &stop).await {
                Ok(found) if found.stale + found.unreadable == 0 => {}
                Ok(Survey {
                    stale, unreadable, ..
                }) => tracing::info!(stale, unreadable, "files of cases are sealed anew"),
                Err(error) => {
                    tracing::warn!(%error, "sealing files of cases anew has to wait");
                    rounds.again();
                }
            }
        }
    }

    /// Looks at every file.
    async fn walk(&self, is_writing: bool, stop: &CancellationToken) -> Result<Survey> {
        let (mut found, mut after) = (Survey::default(), (Uuid::nil(), Uuid::nil()));
        while !stop.is_cancelled() {
            let page = self
                .db
                .scan(move |conn| storage::walk_attachments(conn, after, PAGE));
            let page: Vec<(Uuid, Uuid)> = page.await?;
            let Some(last) = page.last() else { break };
            after = *last;
            for file in page {
                found.values += 1;
                match self.file(file, is_writing).await {
                    Ok(was_stale) => found.stale += u64::from(was_stale),
                    Err(Error::Vault(VaultError::Unreadable)) => found.unreadable += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }

    async fn file(&self, (case, id): (Uuid, Uuid), is_writing: bool) -> Result<bool> {
        let was_stale = self.files.reseal(case.into(), id, is_writing).await?;
        if was_stale && is_writing {
            // Who was forgotten meanwhile must not come back by it.
            let has = self
                .db
                .read(move |conn| storage::has_attachment(conn, (case, id)));
            if !has.await? {
                self.files.delete(case.into(), id).await?;
            }
        }
        Ok(was_stale)
    }
}

/// The work of sealing files of cases anew whenever keys have changed.
pub fn reseal_files(db: Database, vault: Vault, files: FileStore, rounds: Rounds) -> Task {
    let shelf = Shelf::new(db, vault, files);
    Task::new("complaint.reseal-files", move |stop| {
        shelf.reseal(rounds, stop)
    })
}

/// Counts the files of cases and those under an old key, and changes nothing.
///
/// # Errors
/// What the store or the disk or bucket says.
pub async fn survey_files(
    db: Database,
    vault: Vault,
    files: FileStore,
) -> std::result::Result<Survey, Box<dyn std::error::Error + Send + Sync>> {
    let shelf = Shelf::new(db, vault, files);
    Ok(shelf.walk(false, &CancellationToken::new()).await?)
}
