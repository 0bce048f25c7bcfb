//! Stores that need no disk: what is synced here is not the question.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use marque_core::{Clock as _, ManualClock};
use marque_db::{Database, Migrator, Settings};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long a template may take to close.
const PATIENCE: Duration = Duration::from_secs(10);

/// A folder in memory, where there is one.
pub(super) fn memory_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// Where one seed is run.
pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// A handle that shares no connection with others on the same file, as another process would have.
pub(super) fn open(path: &Path) -> Database {
    let settings = Settings::Sqlite {
        path: path.to_owned(),
    };
    Database::open(&settings).unwrap()
}

/// A store with a schema and what `fill` puts in, as one file to be copied for each seed.
pub(super) fn template<F: Future<Output = ()>>(
    folder: &Path,
    migrator: Migrator,
    fill: impl FnOnce(Database) -> F,
) -> PathBuf {
    let path = folder.join(format!("{}.template.db", migrator.service));
    let runtime = runtime();
    runtime.block_on(async {
        let db = open(&path);
        migrator
            .up(&db, ManualClock::default().now())
            .await
            .unwrap();
        fill(db).await;
    });
    drop(runtime);
    // The log goes when the last connection closes, and then all is in the one file that is copied.
    let log = PathBuf::from(format!("{}-wal", path.display()));
    let began = Instant::now();
    while log.exists() {
        assert!(began.elapsed() < PATIENCE, "the template does not close");
        std::thread::sleep(Duration::from_millis(5));
    }
    path
}

/// A copy of a template.
pub(super) fn copy(template: &Path, folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::copy(template, &path).unwrap();
    path
}
