//! Stores that need no disk: what is synced here is not the question.

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, Instant},
};

use marque_core::{Clock as _, ManualClock};
use marque_db::{Backend, Conn, Database, Migrator, Settings, StoreError};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::oneshot};

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

/// Keeps the one writer of a handle on SQLite busy until it is dropped: whoever writes meanwhile has to wait for it, however fast
/// the writer is.
pub(super) struct Held {
    _release: mpsc::Sender<()>,
}

/// Holds the writer of a handle.
pub(super) async fn hold(db: &Database) -> Option<Held> {
    if db.backend() == Backend::Postgres {
        return None;
    }
    let (release, released) = mpsc::channel::<()>();
    let (begun, has_begun) = oneshot::channel();
    let mut begun = Some(begun);
    let db = db.clone();
    let work = move |_: &mut Conn<'_>| {
        if let Some(begun) = begun.take() {
            let _ = begun.send(());
        }
        // It ends by an error: the other end is dropped.
        let _ = released.recv();
        Ok::<_, StoreError>(())
    };
    tokio::spawn(async move { db.write(work).await });
    has_begun.await.unwrap();
    Some(Held { _release: release })
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
