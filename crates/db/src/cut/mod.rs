//! Several databases as they were at one moment, read and copied while others go on writing them.
//!
//! A copy of each database at a moment of its own would not do: a service that was copied late has applied events that
//! the copy of their producer does not have. So all databases are held still together, a view of each is opened, and they
//! are let go; copying the views may then take as long as it likes. ADR 19 tells why.

mod postgres;
mod sqlite;

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

pub use self::postgres::{fill_postgres, is_postgres_empty};
pub use self::sqlite::check_sqlite;
use crate::{Conn, Settings, StoreError, conn::Driver};

/// Databases as they were at one moment.
#[derive(Debug)]
pub struct Cut<T> {
    /// A view of each database, in the order in which they were given.
    pub views: Vec<View>,
    /// What was noted while nothing moved.
    pub noted: T,
    /// How long writers were held up.
    pub still: Duration,
}

/// One database as it was at the moment of the cut.
#[derive(Debug)]
pub struct View(Held);

#[derive(Debug)]
enum Held {
    Sqlite(sqlite::View),
    Postgres(postgres::View),
}

/// A saved copy of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Its files, relative to the folder it was saved in.
    pub files: Vec<PathBuf>,
    /// Tables, one file each in the order of `files`; none for SQLite, whose one file holds all.
    pub tables: Vec<Table>,
    /// Sequences of PostgreSQL that belong to no column; none in archives of releases that did not note them.
    #[serde(default)]
    pub sequences: Vec<Sequence>,
}

/// A table of PostgreSQL that was copied out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Name.
    pub name: String,
    /// Columns in the order of the copy.
    pub columns: Vec<String>,
    /// Its counting columns.
    pub counters: Vec<Counter>,
}

/// How far a counting column has counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Column.
    pub column: String,
    /// The number given last.
    pub last: i64,
    /// Whether it was given at all.
    pub is_used: bool,
}

/// How far a sequence that belongs to no column has counted; one that gave no number yet is not noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Name.
    pub name: String,
    /// The number given last.
    pub last: i64,
}

/// Holds all databases still, does `while_still`, opens a view of each and lets them go.
///
/// Must not be called on a thread of an asynchronous runtime.
///
/// # Errors
/// [`StoreError::Unavailable`] if a database cannot be reached, or its writers leave no gap for half a minute.
pub fn cut<T>(
    databases: &[Settings],
    while_still: impl FnOnce() -> io::Result<T>,
) -> Result<Cut<T>, StoreError> {
    let mut locks = Vec::with_capacity(databases.len());
    let mut since = None;
    for settings in databases {
        let lock = match settings {
            Settings::Sqlite { path } => Lock::Sqlite(sqlite::Lock::take(path)?),
            Settings::Postgres { url, schema, .. } => {
                Lock::Postgres(postgres::Lock::take(url, schema)?)
            }
        };
        since.get_or_insert_with(Instant::now);
        locks.push(lock);
    }
    let views = databases
        .iter()
        .map(View::open)
        .collect::<Result<Vec<_>, _>>()?;
    let noted = while_still().map_err(|error| StoreError::Unavailable(error.into()))?;
    for lock in locks {
        lock.release()?;
    }
    Ok(Cut {
        views,
        noted,
        still: since.map_or(Duration::ZERO, |since| since.elapsed()),
    })
}

/// What keeps a database from being written.
enum Lock {
    Sqlite(sqlite::Lock),
    Postgres(postgres::Lock),
}

impl Lock {
    fn release(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(lock) => lock.release(),
            Self::Postgres(lock) => lock.release(),
        }
    }
}

impl View {
    fn open(settings: &Settings) -> Result<Self, StoreError> {
        Ok(Self(match settings {
            Settings::Sqlite { path } => Held::Sqlite(sqlite::View::open(path)?),
            Settings::Postgres { url, schema, .. } => {
                Held::Postgres(postgres::View::open(url, schema)?)
            }
        }))
    }

    /// Reads in the view.
    pub fn read<T>(
        &mut self,
        work: impl FnOnce(&mut Conn<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&mut Conn(match &mut self.0 {
            Held::Sqlite(view) => Driver::Sqlite(view.conn()),
            Held::Postgres(view) => Driver::Postgres(view.session()),
        }))
    }

    /// Copies the whole view into a folder under a name, durably: `<name>.db`, or a file a table in `<name>/`. A copy of
    /// SQLite has passed its integrity check.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the folder cannot be written; [`StoreError::Other`] if the database is damaged.
    pub fn save(&mut self, folder: &Path, name: &str) -> Result<Saved, StoreError> {
        match &mut self.0 {
            Held::Sqlite(view) => view.save(folder, name),
            Held::Postgres(view) => view.save(folder, name),
        }
    }
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.into())
}
