//! Databases for one test each.

use std::{ops::Deref, path::PathBuf, thread};

use marque_core::{Clock as _, ManualClock};
use marque_db::{Backend, Database, Migrator, Settings};
use postgres::{Client, NoTls};
use tempfile::TempDir;
use uuid::Uuid;

/// The PostgreSQL server for tests; `None`, with a notice, if there is none.
fn postgres_url() -> Option<String> {
    let url = variable("MARQUE_TEST_POSTGRES");
    if url.is_none() {
        let hint = "export MARQUE_TEST_POSTGRES=$(tests/postgres.sh start /tmp/marque-pg)";
        assert!(
            variable("MARQUE_REQUIRE_POSTGRES").is_none_or(|value| value == "0"),
            "no PostgreSQL: {hint}"
        );
        note(&format!("skipped, for there is no PostgreSQL: {hint}"));
    }
    url
}

/// The address of a fresh database of the PostgreSQL server in `MARQUE_TEST_POSTGRES`, for a system of many schemas; `None`, with a
/// notice, if that is not set. It stays until the server is thrown away.
///
/// # Panics
/// If it is not set and `MARQUE_REQUIRE_POSTGRES=1`, or the server does not make one.
pub fn postgres_database() -> Option<String> {
    let url = postgres_url()?;
    let name = format!("test_{}", Uuid::new_v4().simple());
    let (server, _) = url.rsplit_once('/').expect("the address names a database");
    let made = format!("{server}/{name}");
    // The client waits on a runtime of its own.
    thread::spawn(move || {
        let mut client = Client::connect(&url, NoTls).expect("the server answers");
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database is made");
    })
    .join()
    .expect("a database is made");
    Some(made)
}

/// A database that only one test uses; gone when it ends.
#[derive(Debug)]
pub struct TestDb {
    db: Database,
    settings: Settings,
    folder: TempDir,
}

impl TestDb {
    /// A fresh SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let settings = Settings::Sqlite {
            path: folder.path().join("test.db"),
        };
        Self::open(settings, folder)
    }

    /// A fresh schema of the PostgreSQL server in `MARQUE_TEST_POSTGRES`; `None`, with a notice, if that is not set.
    ///
    /// # Panics
    /// If it is not set and `MARQUE_REQUIRE_POSTGRES=1`.
    pub fn postgres() -> Option<Self> {
        let url = postgres_url()?;
        let schema = format!("test_{}", Uuid::new_v4().simple());
        let settings = Settings::Postgres {
            url,
            schema,
            readers: 2,
            writers: 4,
            replica: None,
        };
        Some(Self::open(
            settings,
            tempfile::tempdir().expect("a folder for the test"),
        ))
    }

    fn open(settings: Settings, folder: TempDir) -> Self {
        let db = open(&settings);
        Self {
            db,
            settings,
            folder,
        }
    }

    /// Another fresh database on the same server, or another file.
    pub fn sibling(&self) -> Self {
        match self.db.backend() {
            Backend::Sqlite => Self::sqlite(),
            Backend::Postgres => Self::postgres().expect("the server was there a moment ago"),
        }
    }

    /// With a service's schema.
    pub async fn migrated(self, migrator: &Migrator) -> Self {
        migrator
            .up(&self.db, ManualClock::default().now())
            .await
            .expect("the schema is applied");
        self
    }

    /// A handle on the database.
    pub fn handle(&self) -> Database {
        self.db.clone()
    }

    /// A handle that shares no connection with the others, as another process would have.
    pub fn from_another_process(&self) -> Database {
        open(&self.settings)
    }

    /// Where it lies.
    pub fn settings(&self) -> Settings {
        self.settings.clone()
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.db.backend() == Backend::Postgres
    }

    /// A folder of the test, where the SQLite files are.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// All that the database holds, as bytes: the SQLite files, or what PostgreSQL sends when every table is read out in
    /// its text form.
    pub fn everything(&self) -> Vec<u8> {
        match &self.settings {
            Settings::Sqlite { .. } => {
                let files =
                    std::fs::read_dir(self.folder.path()).expect("the test's folder can be read");
                let paths = files.map(|file| file.expect("an entry of the folder").path());
                paths
                    .filter(|path| path.is_file())
                    .flat_map(|path| std::fs::read(path).expect("a file"))
                    .collect()
            }
            Settings::Postgres { url, schema, .. } => {
                aside(url, schema, |client, schema| read_out(client, &schema))
            }
        }
    }
}

impl Deref for TestDb {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.db
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Settings::Postgres { url, schema, .. } = &self.settings {
            aside(url, schema, |client, schema| {
                // Sessions of the test may still be ending; what cannot be dropped in time is left to the server's folder.
                drop(client.batch_execute(&format!(
                    "SET lock_timeout = '5s'; DROP SCHEMA IF EXISTS {schema} CASCADE"
                )));
            });
        }
    }
}

/// What a test does by itself it does as the system; what it has a service do is confined to the caller.
fn open(settings: &Settings) -> Database {
    Database::open(settings)
        .expect("the test's database opens")
        .unless_confined_across()
}

/// Every table of a schema in text form, one after the other.
fn read_out(client: &mut Client, schema: &str) -> Vec<u8> {
    use std::io::Read as _;
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = $1";
    let mut all = Vec::new();
    for row in client
        .query(tables, &[&schema])
        .expect("the tables can be listed")
    {
        let copy = format!("COPY {schema}.{} TO STDOUT", row.get::<_, String>(0));
        let mut reader = client.copy_out(&copy).expect("a table can be copied");
        reader.read_to_end(&mut all).expect("a table can be read");
    }
    all
}

/// Runs work on a connection of its own in a thread of its own: the client must not be used inside a runtime.
fn aside<T: Send + 'static>(url: &str, schema: &str, work: fn(&mut Client, String) -> T) -> T {
    let (url, schema) = (url.to_owned(), schema.to_owned());
    let thread = thread::spawn(move || {
        let mut client = Client::connect(&url, NoTls).expect("PostgreSQL can be reached");
        work(&mut client, schema)
    });
    thread.join().expect("the work on PostgreSQL is done")
}

#[expect(
    clippy::disallowed_methods,
    reason = "which server tests may use is a matter of the machine, not of settings"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}
