//! SQLite: read-only connections used in place, and one writer thread that commits in groups.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tokio::sync::oneshot;

use crate::{
    Conn, StoreError,
    conn::Driver,
    queue::{self, LONGEST},
    turns::Turns,
    waits::{Waits, Work},
    wanted::{Wanted, over},
};

/// The most units of work that share a commit.
const GROUP: usize = 256;
/// A group is closed after this time, so that the first in it does not wait for the last.
const GROUP_TIME: Duration = Duration::from_millis(10);
/// Steps of SQLite's machine between two looks at the clock: some 0.1 ms.
const STEPS: i32 = 10_000;
/// The log is copied into the file when no unit of work has come for this long.
const QUIET: Duration = Duration::from_secs(1);
/// And emptied when none has come for this long after: it holds what was overwritten in the file.
const IDLE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 20 });

/// How long is waited for another process that has the file.
const BUSY: Duration = Duration::from_secs(10);

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.set_prepared_statement_cache_capacity(256);
    conn.busy_timeout(BUSY)?;
    // A statement keeps its plan. Without this SQLite prepares it anew whenever a value is bound that a plan could look
    // at, such as a LIMIT: a third of the time of a list.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}

fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let conn = open(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    )?;
    // FULL: a commit that was acknowledged survives a power cut (reliability.md R6). FAST: what is deleted is overwritten where
    // its page is written anyway; see `Conn::overwrite_deleted` for all of it.
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 8000;
         PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = FAST;",
    )?;
    Ok(conn)
}

/// Read-only connections, taken and given back; their number is that of threads reading at once, and of those that wait for a reader no more
/// than is usual: each has a cache and statements of some megabytes, and a rush leaves dozens behind.
#[derive(Debug)]
pub(crate) struct Readers {
    path: std::path::PathBuf,
    idle: Mutex<Vec<Connection>>,
    most_idle: usize,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::default(),
            most_idle: 2 * thread::available_parallelism().map_or(1, usize::from),
        }
    }

    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Conn<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let wanted = Wanted::now();
        if wanted.is_over() {
            return Err(over().into());
        }
        let idle = self.idle.lock().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => self.open()?,
        };
        // One snapshot for all statements of the closure; it begins with the first of them. A connection on which the
        // work panicked is dropped with it.
        conn.prepare_cached("BEGIN")
            .and_then(|mut begin| begin.execute([]))
            .map_err(StoreError::from)?;
        // A read that is still at work when its deadline passes is ended: it is on the caller's own thread, which hears of
        // nothing else meanwhile.
        if let Some(until) = wanted.until() {
            conn.progress_handler(STEPS, Some(move || Instant::now() >= until))
                .map_err(StoreError::from)?;
        }
        let result = work(&mut Conn(Driver::Sqlite(&conn)));
        if wanted.until().is_some() {
            conn.progress_handler(0, None::<fn() -> bool>)
                .map_err(StoreError::from)?;
        }
        if conn
            .prepare_cached("COMMIT")
            .and_then(|mut end| end.execute([]))
            .is_ok()
        {
            self.give_back(conn);
        }
        result
    }

    fn give_back(&self, conn: Connection) {
        let mut idle = self.idle.lock();
        if idle.len() < self.most_idle {
            idle.push(conn);
        }
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let conn = open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        // Mapped pages belong to the system, which takes them back when it needs the memory; yet each connection's count as the
        // process's own. All of the file mapped makes a read of five stores a tenth cheaper and that memory twice the files.
        conn.execute_batch(
            "PRAGMA cache_size = -8192; PRAGMA mmap_size = 134217728; PRAGMA temp_store = MEMORY;",
        )?;
        Ok(conn)
    }
}

/// A unit of work waiting for the writer.
pub(crate) trait WriteJob: Send {
    /// When it came.
    fn came(&self) -> Instant;
    /// Runs it; false if it is to be rolled back.
    fn run(&mut self, conn: &Connection) -> bool;
    /// Answers the caller, once the group is committed or has failed.
    fn finish(self: Box<Self>, committed: Result<(), &StoreError>);
}

/// The two queues into the writer.
#[derive(Clone)]
pub(crate) struct Writer {
    interactive: Sender<Box<dyn WriteJob>>,
    bulk: Sender<Box<dyn WriteJob>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn start(path: &Path) -> Result<Self, StoreError> {
        let conn = open_writer(path)?;
        let (interactive, interactive_jobs) = crossbeam_channel::bounded(LONGEST);
        let (bulk, bulk_jobs) = crossbeam_channel::bounded(LONGEST);
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || run(&conn, &interactive_jobs, &bulk_jobs))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self { interactive, bulk })
    }

    pub(crate) async fn write<T, E>(
        &self,
        bulk: bool,
        work: impl FnMut(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn WriteJob> = Box::new(Pending {
            work,
            came: Instant::now(),
            wanted: Wanted::now(),
            result: None,
            reply,
        });
        queue::put(if bulk { &self.bulk } else { &self.interactive }, job)?;
        answer
            .await
            .unwrap_or_else(|_| Err(queue::stopped().into()))
    }
}

struct Pending<F, T, E> {
    work: F,
    came: Instant,
    wanted: Wanted,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> WriteJob for Pending<F, T, E>
where
    F: FnMut(&mut Conn<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn came(&self) -> Instant {
        self.came
    }

    fn run(&mut self, conn: &Connection) -> bool {
        // The caller went away before its turn came, or nobody will wait for the end of it.
        if self.reply.is_closed() || self.wanted.is_over() {
            self.result = Some(Err(over().into()));
            return false;
        }
        let work = &mut self.work;
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut Conn(Driver::Sqlite(conn)))))
            .unwrap_or_else(|_| Err(StoreError::Other("the unit of work panicked".into()).into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn finish(self: Box<Self>, committed: Result<(), &StoreError>) {
        let result = match (self.result, committed) {
            (Some(Ok(_)) | None, Err(error)) => {
                Err(StoreError::Unavailable(format!("commit failed: {error}").into()).into())
            }
            (Some(result), _) => result,
            (None, Ok(())) => Err(StoreError::Other("the unit of work was not run".into()).into()),
        };
        // The caller may have gone away; what is committed stays committed.
        drop(self.reply.send(result));
    }
}

fn run(
    conn: &Connection,
    interactive: &Receiver<Box<dyn WriteJob>>,
    bulk: &Receiver<Box<dyn WriteJob>>,
) {
    let waits = Waits::of(Work::Writes);
    let mut log = Log::Copied;
    let mut turns = Turns::default();
    loop {
        let (first, is_batch) = match next(interactive, bulk, &turns, log) {
            Next::Job(job) => (job, false),
            Next::Batch(job) => (job, true),
            Next::Quiet => {
                log = log.settled(conn);
                continue;
            }
            Next::End => return,
        };
        log = Log::Grown;
        waits.note(first.came(), !is_batch && !interactive.is_empty());
        let started = Instant::now();
        let begun = conn
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(StoreError::from);
        let mut group = vec![first];
        let committed = begun.and_then(|()| {
            run_alone(conn, &mut group[0])?;
            while group.len() < GROUP && started.elapsed() < GROUP_TIME {
                let Ok(job) = interactive.try_recv() else {
                    break;
                };
                waits.note(job.came(), !interactive.is_empty());
                group.push(job);
                let last = group.len() - 1;
                run_in_savepoint(conn, &mut group[last])?;
            }
            Ok(conn.execute_batch("COMMIT")?)
        });
        if committed.is_err() && !conn.is_autocommit() {
            drop(conn.execute_batch("ROLLBACK"));
        }
        turns.note(is_batch, started.elapsed());
        for job in group {
            job.finish(committed.as_ref().copied());
        }
    }
}

/// Runs the first of a transaction, which is rolled back as a whole if it fails: within a savepoint SQLite would keep every page
/// that a batch changes a second time, in memory.
fn run_alone(conn: &Connection, job: &mut Box<dyn WriteJob>) -> Result<(), StoreError> {
    if job.run(conn) {
        // On a full disk SQLite takes a transaction back by itself, whatever became of the error.
        return if conn.is_autocommit() {
            Err(StoreError::Other("SQLite took the transaction back".into()))
        } else {
            Ok(())
        };
    }
    if !conn.is_autocommit() {
        conn.execute_batch("ROLLBACK")?;
    }
    Ok(conn.execute_batch("BEGIN IMMEDIATE")?)
}

fn run_in_savepoint(conn: &Connection, job: &mut Box<dyn WriteJob>) -> Result<(), StoreError> {
    conn.prepare_cached("SAVEPOINT unit")?.execute([])?;
    if !job.run(conn) {
        conn.prepare_cached("ROLLBACK TO unit")?.execute([])?;
    }
    conn.prepare_cached("RELEASE unit")?.execute([])?;
    Ok(())
}

/// How far the log was worked off while nobody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Grown,
    /// All of it is in the file, so that readers look for pages in one place instead of two.
    Copied,
    /// What was deleted is nowhere any more.
    Empty,
}

impl Log {
    /// How long nothing must come until it is worked off further.
    fn patience(self) -> Option<Duration> {
        match self {
            Self::Grown => Some(QUIET),
            Self::Copied => Some(IDLE),
            Self::Empty => None,
        }
    }

    /// Works it off one step further. That it cannot be done now, as with an old snapshot still being read, does no harm.
    fn settled(self, conn: &Connection) -> Self {
        if self == Self::Grown {
            drop(conn.execute_batch("PRAGMA wal_checkpoint(PASSIVE)"));
            return Self::Copied;
        }
        // Nobody who comes meanwhile waits for a reader.
        drop(conn.busy_timeout(Duration::ZERO));
        let is_busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        drop(conn.busy_timeout(BUSY));
        if matches!(is_busy, Ok(false)) {
            Self::Empty
        } else {
            Self::Copied
        }
    }
}

/// What the writer does next.
enum Next {
    Job(Box<dyn WriteJob>),
    Batch(Box<dyn WriteJob>),
    /// Nothing came for a while.
    Quiet,
    /// All senders are gone.
    End,
}

/// The next unit of work, interactive ones first unless it is a batch's turn. Once the log is empty, it waits for ever.
fn next(
    interactive: &Receiver<Box<dyn WriteJob>>,
    bulk: &Receiver<Box<dyn WriteJob>>,
    turns: &Turns,
    log: Log,
) -> Next {
    if turns.is_batchs()
        && let Ok(job) = bulk.try_recv()
    {
        return Next::Batch(job);
    }
    match interactive.try_recv() {
        Ok(job) => return Next::Job(job),
        Err(TryRecvError::Disconnected) => return bulk.recv().map_or(Next::End, Next::Batch),
        Err(TryRecvError::Empty) => {}
    }
    let quiet = log
        .patience()
        .map_or_else(crossbeam_channel::never, crossbeam_channel::after);
    crossbeam_channel::select! {
        recv(interactive) -> job => job.map_or_else(|_| bulk.recv().map_or(Next::End, Next::Batch), Next::Job),
        recv(bulk) -> job => job.map_or_else(|_| interactive.recv().map_or(Next::End, Next::Job), Next::Batch),
        recv(quiet) -> _ => Next::Quiet,
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    const TABLE: &str = "CREATE TABLE seen (at INTEGER); CREATE INDEX ix_seen ON seen (at);";

    #[test]
    fn a_statement_keeps_its_plan_whatever_is_bound() {
        let folder = tempfile::tempdir().unwrap();
        let conn = open_writer(&folder.path().join("plan.db")).unwrap();
        conn.execute_batch(TABLE).unwrap();
        let sql = "SELECT at FROM seen WHERE at < ?1 ORDER BY at LIMIT ?2";
        let mut statement = conn.prepare(sql).unwrap();
        for bound in 1..9 {
            drop(statement.query([bound * 1_000, bound]).unwrap().next());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_rush_of_readers_leaves_no_more_connections_than_are_usual() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rush.db");
        let writer = open_writer(&path).unwrap();
        writer.execute_batch(TABLE).unwrap();
        let readers = Readers::new(&path);
        let rush = 3 * readers.most_idle;
        let all_read = std::sync::Barrier::new(rush);
        let read = || {
            readers.read(|_| {
                all_read.wait();
                Ok::<_, StoreError>(())
            })
        };
        thread::scope(|threads| {
            let reading: Vec<_> = (0..rush).map(|_| threads.spawn(read)).collect();
            for each in reading {
                each.join().unwrap().unwrap();
            }
        });
        assert_eq!(readers.idle.lock().len(), readers.most_idle);
    }

    #[test]
    fn the_log_is_copied_into_the_file_once_nobody_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quiet.db");
        let writer = Writer::start(&path).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let written: Result<(), StoreError> =
            runtime.block_on(writer.write(false, |conn| conn.batch(TABLE)));
        written.unwrap();
        let length = || std::fs::metadata(&path).unwrap().len();
        let (before, deadline) = (length(), Instant::now() + QUIET * 20);
        while length() == before && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(50));
        }
        assert!(length() > before, "what was committed stayed in the log");
        let log = || std::fs::metadata(path.with_extension("db-wal")).map_or(0, |log| log.len());
        while log() > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(log(), 0, "what was overwritten stays in the log");
    }
}
