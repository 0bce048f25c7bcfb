//! The databases of the roles in this process, and whether each can be reached: what readiness probes are told.

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use marque_db::{Database, Migrator};
use marque_rpc::{RoleName, RoleRouter, Task};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often each database is asked; with [`ANSWER_WITHIN`] a dead one is known within 3 s, and `/readyz`, whose answer is good for a second,
/// says so within 4 (reliability.md R15: 5 s).
const EVERY: Duration = Duration::from_secs(1);
/// A database that takes longer than this over one row is down.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What was opened so far. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stores(Arc<Mutex<Vec<Store>>>);

#[derive(Debug, Clone)]
struct Store {
    role: RoleName,
    db: Database,
    migrator: Migrator,
    /// SQLite files have one process: what keeps a second one away, for as long as it is held.
    _lock: Option<Arc<File>>,
}

impl Stores {
    /// Whether the role has a database here already.
    pub(crate) fn has(&self, role: RoleName) -> bool {
        self.lock().iter().any(|store| store.role == role)
    }

    /// Remembers the database of a role; a second handle on the same one is not looked after twice.
    pub(crate) fn add(&self, role: RoleName, db: Database, migrator: Migrator, lock: Option<File>) {
        if self.has(role) {
            return;
        }
        self.lock().push(Store {
            role,
            db,
            migrator,
            _lock: lock.map(Arc::new),
        });
    }

    /// Every database with its role.
    pub(crate) fn databases(&self) -> Vec<(RoleName, Database)> {
        let stores = self.lock();
        let databases = stores.iter().map(|store| (store.role, store.db.clone()));
        databases.collect()
    }

    /// The work of telling the health of each role by what its database answers.
    pub(crate) fn watch(&self, router: RoleRouter) -> Task {
        let stores = self.lock().clone();
        Task::new("stores", move |stop| watch(stores, router, EVERY, stop))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Store>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps other processes from serving the same file: two would each think they know what is in it.
///
/// # Errors
/// If another process does.
pub(crate) fn lock_file(path: &Path) -> anyhow::Result<File> {
    let beside = path.with_extension("lock");
    let file =
        File::create(&beside).with_context(|| format!("{} cannot be made", beside.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another process serves {}: SQLite files have one; stop it, or use PostgreSQL for several replicas",
            path.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} cannot be locked", beside.display()))
        }
    }
}

async fn watch(stores: Vec<Store>, router: RoleRouter, every: Duration, stop: CancellationToken) {
    let mut down: Vec<RoleName> = Vec::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(every) => {}
        }
        let asked = stores.iter().map(|store| async {
            let answer = timeout(ANSWER_WITHIN, store.migrator.is_answering(&store.db)).await;
            (store.role, matches!(answer, Ok(Ok(true))))
        });
        for (role, is_up) in futures::future::join_all(asked).await {
            let was_up = !down.contains(&role);
            if is_up == was_up || stop.is_cancelled() {
                continue;
            }
            if is_up {
                tracing::info!(role = role.as_str(), "the database answers again");
                down.retain(|other| *other != role);
            } else {
                tracing::error!(role = role.as_str(), "the database does not answer");
                down.push(role);
            }
            router.set_serving(role, is_up).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use marque_core::Timestamp;
    use marque_db::Settings;
    use marque_migrations::NETWORK;
    use marque_rpc::RpcTransport;

    use super::*;

    /// A store without its schema stands for one that cannot be reached: the probe's question fails alike.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_role_is_ready_only_while_its_database_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.db");
        let db = Database::open(&Settings::Sqlite { path }).unwrap();
        let (router, stop) = (RoleRouter::new(), CancellationToken::new());
        router.set_serving(RoleName::Network, true).await;
        let store = Store {
            role: RoleName::Network,
            db: db.clone(),
            migrator: NETWORK,
            _lock: None,
        };
        let every = Duration::from_millis(5);
        let watching = tokio::spawn(watch(vec![store], router.clone(), every, stop.clone()));
        let (_, is_ready) =
            marque_gateway::peer_check(&RpcTransport::local(RoleName::Network, &router));
        let becomes = async |expected: bool| {
            let seen = async {
                while is_ready().await != expected {
                    sleep(every).await;
                }
            };
            timeout(Duration::from_secs(20), seen).await.is_ok()
        };
        assert!(becomes(false).await, "no schema");
        NETWORK.up(&db, Timestamp::from_micros(0)).await.unwrap();
        assert!(becomes(true).await, "the schema is there");
        stop.cancel();
        watching.await.unwrap();
    }
}
