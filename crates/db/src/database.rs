//! A service's database: where units of work are handed in.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use crossbeam_channel::Sender;
use tokio::sync::{Notify, oneshot};
use tracing::{Instrument as _, Span};

use crate::{
    Backend, Conn, StoreError,
    postgres::{self, PgJob, PgSession, Place},
    queue,
    replica::{Replica, Tried},
    sqlite::{Readers, Writer},
    timing::{self, Timing},
    tls::Address,
    waits::Work,
    wall::{self, Acting, Wall},
    wanted::Wanted,
};

/// Where a service's data lies.
#[derive(Debug, Clone)]
pub enum Settings {
    /// A file, created if need be.
    Sqlite {
        /// Path of the file.
        path: PathBuf,
    },
    /// A PostgreSQL database; the service has a schema of its own in it.
    Postgres {
        /// `postgres://user:password@host:port/database`.
        url: String,
        /// Schema.
        schema: String,
        /// Connections for reads.
        readers: usize,
        /// Connections for writes.
        writers: usize,
        /// Address of a replica for [`Database::report`], with as many connections as there are for reads.
        replica: Option<String>,
    },
}

/// A handle on a service's database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    engine: Arc<Engine>,
    committed: Arc<Notify>,
    acting: Acting,
}

#[derive(Debug)]
enum Engine {
    Sqlite {
        readers: Readers,
        writer: Writer,
    },
    Postgres {
        readers: Sender<PgJob>,
        writers: Sender<PgJob>,
        /// How often the schema has been changed by this process.
        generation: Arc<AtomicU64>,
        replica: Option<Replica>,
    },
}

impl Database {
    /// Opens the database.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the file cannot be opened. A PostgreSQL server that is down is no error here:
    /// each unit of work will say so.
    pub fn open(settings: &Settings) -> Result<Self, StoreError> {
        let engine = match settings {
            Settings::Sqlite { path } => Engine::Sqlite {
                writer: Writer::start(path)?,
                readers: Readers::new(path),
            },
            Settings::Postgres {
                url,
                schema,
                readers,
                writers,
                replica,
            } => open_postgres((url, schema), (*readers, *writers), replica.as_deref())?,
        };
        Ok(Self {
            engine: Arc::new(engine),
            committed: Arc::default(),
            acting: Acting::ForCaller,
        })
    }

    /// The same database for work that needs the rows of all dealers whoever asks, such as finding out which records are
    /// one customer. Who uses it checks by himself what the caller may see of the outcome.
    #[must_use]
    pub fn across(&self) -> Self {
        self.acting(Acting::ForHeadquarters)
    }

    /// The same database, where work that nobody confined is the system's own: for tools and tests, which have no callers.
    #[must_use]
    pub fn unless_confined_across(&self) -> Self {
        self.acting(Acting::ForCallerOrHeadquarters)
    }

    /// The same database as its login finds it, without the two roles of the wall: for the owner of the tables, who
    /// changes the schema.
    #[must_use]
    pub fn as_login(&self) -> Self {
        self.acting(Acting::AsLogin)
    }

    fn acting(&self, acting: Acting) -> Self {
        Self {
            acting,
            ..self.clone()
        }
    }

    /// The schema was changed: sessions look at it again.
    pub(crate) fn schema_changed(&self) {
        if let Engine::Postgres { generation, .. } = &*self.engine {
            generation.fetch_add(1, Ordering::Release);
        }
    }

    /// What is wrong with the second wall between dealers: that there is none, or that this login may step over it.
    /// `None` if nothing is, and on SQLite, where there can be none.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn wall_problem(&self) -> Result<Option<String>, StoreError> {
        self.as_login().scan(wall::problem).await
    }

    /// Gives the writer of a SQLite database a page cache of this many MB, for a service whose imports read all over its
    /// store; 16 MB without.
    ///
    /// # Errors
    /// If the writer has stopped.
    pub async fn set_cache_mb(&self, mb: u32) -> Result<(), StoreError> {
        if self.backend() == Backend::Postgres {
            return Ok(());
        }
        let sql = format!("PRAGMA cache_size = -{}", mb * 1024);
        self.write(move |conn| conn.batch(&sql)).await
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        match *self.engine {
            Engine::Sqlite { .. } => Backend::Sqlite,
            Engine::Postgres { .. } => Backend::Postgres,
        }
    }

    /// Told after every commit made through this handle: for those who wait for new rows.
    pub fn committed(&self) -> &Notify {
        &self.committed
    }

    /// A few point reads. They may run on the calling thread: nothing in here may walk a table.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let _timing = Timing::begin(self.backend(), "read");
        match &*self.engine {
            Engine::Sqlite { readers, .. } => self.span("read").in_scope(|| readers.read(work)),
            Engine::Postgres { readers, .. } => self.read_on((readers, true), work).await,
        }
    }

    /// A read on PostgreSQL, on these threads and for a request or not.
    async fn read_on<T, E>(
        &self,
        place: (&Sender<PgJob>, bool),
        work: impl FnOnce(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        on_postgres(place, self.acting.wall(), |session, unit| {
            postgres::read(session, unit, work)
        })
        .instrument(self.span("read"))
        .await
    }

    /// A read that may take long: lists, counts, reports.
    pub async fn scan<T, E>(
        &self,
        work: impl FnOnce(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let _timing = Timing::begin(self.backend(), "scan");
        match &*self.engine {
            Engine::Sqlite { readers, .. } => self
                .span("scan")
                .in_scope(|| blocking(|| readers.read(work))),
            Engine::Postgres { readers, .. } => self.read_on((readers, false), work).await,
        }
    }

    /// A list or a report that may be a moment old: on PostgreSQL it is read from the replica, if there is one that answers.
    /// It has all that this process has written; what another process wrote may be missing for as long as the replica
    /// is behind.
    pub async fn report<T, E>(
        &self,
        work: impl FnOnce(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if let Engine::Postgres {
            replica: Some(replica),
            ..
        } = &*self.engine
        {
            let asked = replica.ask(self.acting.wall(), work);
            return match asked.instrument(self.span("report")).await? {
                Tried::Done(answer) => Ok(answer),
                Tried::Declined(work) => self.scan(work).await,
            };
        }
        self.scan(work).await
    }

    /// The span of a unit of work. Only exporters of traces are interested in it (`marque_telemetry`).
    fn span(&self, operation: &'static str) -> Span {
        let system = timing::system(self.backend());
        tracing::debug_span!(
            target: "marque_db::spans",
            "db",
            otel.name = operation,
            otel.kind = "client",
            db.system.name = system,
            db.operation.name = operation,
        )
    }

    /// A transaction. The closure may be run more than once, and is rolled back when it fails.
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        self.transact(false, work).await
    }

    /// A transaction that gives way to interactive ones: a batch of an import.
    pub async fn bulk<T, E>(
        &self,
        work: impl FnMut(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        self.transact(true, work).await
    }

    async fn transact<T, E>(
        &self,
        bulk: bool,
        work: impl FnMut(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        let operation = if bulk { "bulk" } else { "write" };
        let _timing = Timing::begin(self.backend(), operation);
        let result = match &*self.engine {
            Engine::Sqlite { writer, .. } => {
                writer
                    .write(bulk, work)
                    .instrument(self.span("write"))
                    .await
            }
            Engine::Postgres { writers, .. } => {
                on_postgres((writers, !bulk), self.acting.wall(), |session, unit| {
                    postgres::write(session, unit, work, |error: &E| {
                        error.as_store_error().is_some_and(StoreError::is_transient)
                    })
                })
                .instrument(self.span("write"))
                .await
            }
        };
        if result.is_ok() {
            self.committed.notify_waiters();
        }
        result
    }
}

/// Starts the threads of a PostgreSQL database.
fn open_postgres(
    (url, schema): (&str, &str),
    (readers, writers): (usize, usize),
    replica: Option<&str>,
) -> Result<Engine, StoreError> {
    let (generation, written) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let place = |url: &str| {
        Ok::<_, StoreError>(Place {
            address: Arc::new(Address::read(url)?),
            schema: schema.to_owned(),
            generation: Arc::clone(&generation),
            written: None,
        })
    };
    let server = place(url)?;
    let writing = Place {
        written: replica.map(|_| Arc::clone(&written)),
        ..server.clone()
    };
    let replica = match replica {
        Some(url) => Some(Replica::start(&place(url)?, readers, written)?),
        None => None,
    };
    Ok(Engine::Postgres {
        readers: postgres::start(&server, readers, ("pg-read", Work::Reads))?,
        writers: postgres::start(&writing, writers, ("pg-write", Work::Writes))?,
        generation,
        replica,
    })
}

/// An error in which a store's error can be seen, so that a transaction knows whether to try again.
pub trait AsStoreError {
    /// The store's error, if it is one.
    fn as_store_error(&self) -> Option<&StoreError>;
}

impl AsStoreError for StoreError {
    fn as_store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// Has threads do a piece of work, which is interactive or not.
pub(crate) async fn on_postgres<T, E>(
    (threads, is_interactive): (&Sender<PgJob>, bool),
    wall: Option<Wall>,
    work: impl FnOnce(&mut Result<PgSession, StoreError>, (&Wanted, Option<&Wall>)) -> Result<T, E>
    + Send
    + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let wanted = Wanted::now();
    let _waiter = wanted.waiter();
    let job = PgJob {
        came: Instant::now(),
        is_interactive,
        work: Box::new(move |session| {
            drop(reply.send(work(session, (&wanted, wall.as_ref()))));
        }),
    };
    queue::put(threads, job)?;
    answer
        .await
        .unwrap_or_else(|_| Err(queue::stopped().into()))
}

/// Runs what may take long on this thread, and lets tokio move other tasks away from it where it can.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
