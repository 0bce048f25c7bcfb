//! Files of SQLite: held still by the lock of their one writer, viewed by a read transaction.

use std::{
    fs::File,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{Saved, unavailable};
use crate::StoreError;

/// How long a gap between the writer's transactions is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The lock of the one writer, held by us.
#[derive(Debug)]
pub(super) struct Lock(Connection);

impl Lock {
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Not by SQLite's own waiting: it sleeps up to 100 ms between attempts, and the gap that a busy writer leaves
        // between two transactions is a thousand times shorter.
        conn.busy_timeout(Duration::ZERO)?;
        let began = Instant::now();
        loop {
            match conn.execute_batch("BEGIN IMMEDIATE") {
                Ok(()) => return Ok(Self(conn)),
                Err(error) if is_busy(&error) && began.elapsed() < PATIENCE => thread::yield_now(),
                Err(error) if is_busy(&error) => {
                    return Err(StoreError::Unavailable(
                        format!(
                            "{} is being written without a gap for {PATIENCE:?}: try again when less is being imported",
                            path.display()
                        )
                        .into(),
                    ));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) fn release(self) -> Result<(), StoreError> {
        Ok(self.0.execute_batch("ROLLBACK")?)
    }
}

/// A read transaction.
#[derive(Debug)]
pub(super) struct View(Connection);

impl View {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let conn = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.busy_timeout(PATIENCE)?;
        // The view begins with the first statement that reads.
        conn.execute_batch("BEGIN")?;
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Self(conn))
    }

    pub(super) fn conn(&self) -> &Connection {
        &self.0
    }

    pub(super) fn save(&self, folder: &Path, name: &str) -> Result<Saved, StoreError> {
        let file = PathBuf::from(format!("{name}.db"));
        let path = folder.join(&file);
        let mut copy = Connection::open(&path)?;
        // Nobody sees the copy before it is whole, so it needs no journal of its own.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        // In one step, which reads in our transaction: what is written meanwhile goes into the log behind it.
        let result = Backup::new(&self.0, &mut copy)?.step(-1)?;
        if result != StepResult::Done {
            return Err(StoreError::Conflict(
                format!("the copy of {name} was not finished: {result:?}").into(),
            ));
        }
        // One file that needs no other beside it, as a log would be.
        copy.execute_batch("PRAGMA journal_mode = DELETE")?;
        check(&copy)?;
        drop(copy);
        File::open(&path)
            .and_then(|file| file.sync_all())
            .map_err(unavailable)?;
        Ok(Saved {
            files: vec![file],
            tables: Vec::new(),
            sequences: Vec::new(),
        })
    }
}

/// Checks that a file is a whole database of SQLite: every page, every index.
///
/// # Errors
/// [`StoreError::Other`] with what is wrong in it.
pub fn check_sqlite(path: &Path) -> Result<(), StoreError> {
    check(&open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

fn check(conn: &Connection) -> Result<(), StoreError> {
    let found: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(StoreError::Other(
            format!("the database is damaged: {found}").into(),
        ))
    }
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    Ok(Connection::open_with_flags(
        path,
        flags | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
