//! Schema versions: one list a service, each version applied once, in a transaction of its own, and never edited afterwards.

use std::collections::HashSet;

use marque_core::Timestamp;

use crate::{Backend, Conn, Database, StoreError, Value, wall};

/// How the names of versions end that take away what the release before still used. An older binary can live with any
/// newer version but these: it then refuses to work.
const CONTRACT: &str = "_contract";

/// One version of a service's schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Name, beginning with its number: `0001_create`. One that takes something away ends in `_contract`.
    pub name: &'static str,
    /// SQL that brings the version.
    pub up: &'static str,
    /// SQL that takes it back, for development.
    pub down: &'static str,
}

/// All versions of a service's schema, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Migrator {
    /// Service; its table of versions is `<service>_migrations`.
    pub service: &'static str,
    /// Versions.
    pub migrations: &'static [Migration],
}

impl Migrator {
    /// Applies every version that is missing; returns how many there were.
    ///
    /// Versions are applied in the order of the list. One that was added in its middle, such as a table that every
    /// service gets, is applied where it is missing, whatever came after it. Each is a transaction of its own, so that what
    /// it locks is free again before the next, and a process that ends between two leaves the rest to the next call. A store
    /// without any version, for which nobody waits, gets all of them in one.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if an applied version was edited, or a newer one took away what this binary uses. Whatever a
    /// version fails with; those before it stay.
    pub async fn up(self, db: &Database, now: Timestamp) -> Result<usize, StoreError> {
        self.up_where(db, now, |_| true).await
    }

    /// Applies those of the missing versions that are named: for a store that is to be filled with rows of an older one.
    ///
    /// # Errors
    /// As [`Migrator::up`].
    pub async fn up_to(
        self,
        db: &Database,
        now: Timestamp,
        names: Vec<String>,
    ) -> Result<usize, StoreError> {
        self.up_where(db, now, move |name| {
            names.iter().any(|wanted| wanted == name)
        })
        .await
    }

    async fn up_where(
        self,
        db: &Database,
        now: Timestamp,
        is_wanted: impl Fn(&str) -> bool + Send + 'static,
    ) -> Result<usize, StoreError> {
        let owner = db.as_login();
        let steps = owner
            .write(move |conn| self.prepare(conn, &is_wanted))
            .await?;
        db.schema_changed();
        let (mut count, last) = (0, steps.len());
        for (number, step) in (1..).zip(steps) {
            count += owner
                .write(move |conn| {
                    let applied = self.apply(conn, &step, now)?;
                    if number == last {
                        wall::raise(conn)?;
                    }
                    Ok::<_, StoreError>(applied)
                })
                .await?;
            db.schema_changed();
        }
        Ok(count)
    }

    /// What is missing, by the transactions in which it is to be applied. If anything is, the wall no longer holds the owner of
    /// the tables, who may have to change rows; if nothing is, it is seen to that the wall stands.
    fn prepare(
        self,
        conn: &mut Conn<'_>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Vec<&'static Migration>>, StoreError> {
        self.create_table(conn)?;
        let applied = self.applied(conn)?;
        let missing: Vec<&Migration> = self
            .migrations
            .iter()
            .filter(|migration| !applied.contains(migration.name) && is_wanted(migration.name))
            .collect();
        if missing.is_empty() {
            wall::raise(conn)?;
            return Ok(Vec::new());
        }
        wall::lower(conn)?;
        let at_once = if applied.is_empty() { missing.len() } else { 1 };
        Ok(missing.chunks(at_once).map(<[_]>::to_vec).collect())
    }

    /// Applies those of some versions that no other process has applied since; returns how many.
    fn apply(
        self,
        conn: &mut Conn<'_>,
        step: &[&Migration],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.lock(conn)?;
        let applied = self.applied(conn)?;
        let missing: Vec<&&Migration> = step
            .iter()
            .filter(|migration| !applied.contains(migration.name))
            .collect();
        if missing.is_empty() {
            return Ok(0);
        }
        // That process may have raised the wall already.
        wall::lower(conn)?;
        let sql = format!(
            "INSERT INTO {} (name, checksum, applied_at) VALUES (?1, ?2, ?3)",
            self.table()
        );
        for migration in &missing {
            conn.batch(&for_backend(migration.up, conn.backend()))?;
            let checksum = Value::Int(checksum(migration.up));
            conn.execute(&sql, &[migration.name.into(), checksum, now.into()])?;
        }
        Ok(missing.len())
    }

    /// Takes back the newest `count` versions, and with them the wall between dealers, which comes again with the next
    /// [`Migrator::up`].
    pub async fn down(self, db: &Database, count: usize) -> Result<(), StoreError> {
        db.as_login()
            .write(move |conn| {
                let applied = self.applied(conn)?;
                wall::raze(conn)?;
                let newest_first = self
                    .migrations
                    .iter()
                    .rev()
                    .filter(|migration| applied.contains(migration.name));
                for migration in newest_first.take(count) {
                    conn.batch(&for_backend(migration.down, conn.backend()))?;
                    let sql = format!("DELETE FROM {} WHERE name = ?1", self.table());
                    conn.execute(&sql, &[migration.name.into()])?;
                }
                Ok(())
            })
            .await
    }

    /// Whether the schema is the one this binary wants, or a newer one that it can live with: a rollout goes through the
    /// state in which the schema is new and some processes are not.
    ///
    /// # Errors
    /// [`StoreError::Schema`] as for [`Migrator::up`].
    pub async fn is_current(self, db: &Database) -> Result<bool, StoreError> {
        db.as_login()
            .scan(move |conn| {
                conn.act_as_member()?;
                let applied = self.applied(conn)?;
                Ok(self
                    .migrations
                    .iter()
                    .all(|wanted| applied.contains(wanted.name)))
            })
            .await
    }

    /// Whether the database answers and holds at least the schema this binary wants: what a readiness probe asks.
    ///
    /// # Errors
    /// What the store says; a probe takes any as a no.
    pub async fn is_answering(self, db: &Database) -> Result<bool, StoreError> {
        let count = format!("SELECT count(*) FROM {}", self.table());
        db.across()
            .scan(move |conn| {
                let applied: Option<i64> = conn.query_opt(&count, &[], |row| row.get(0))?;
                Ok(applied.is_some_and(|applied| applied >= self.migrations.len() as i64))
            })
            .await
    }

    /// Names of the versions that a store has, oldest first, as it says itself.
    ///
    /// # Errors
    /// If it has no table of versions.
    pub fn names(self, conn: &mut Conn<'_>) -> Result<Vec<String>, StoreError> {
        let sql = format!("SELECT name FROM {} ORDER BY name", self.table());
        conn.query(&sql, &[], |row| row.get(0))
    }

    /// Whether this binary knows a version of that name.
    pub fn knows(self, name: &str) -> bool {
        self.migrations
            .iter()
            .any(|migration| migration.name == name)
    }

    /// The table of versions.
    pub fn table(self) -> String {
        format!("{}_migrations", self.service.replace('-', "_"))
    }

    /// Two processes may start at once: the second waits here until the first has ended its transaction.
    fn lock(self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        conn.lock_keys(&mut vec![checksum(self.service)])
    }

    fn create_table(self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        self.lock(conn)?;
        conn.batch(&format!(
            "CREATE TABLE IF NOT EXISTS {} (name TEXT PRIMARY KEY, checksum BIGINT NOT NULL, applied_at BIGINT NOT NULL)",
            self.table()
        ))
    }

    /// The versions that are there, after checking that they are ours.
    fn applied(self, conn: &mut Conn<'_>) -> Result<HashSet<String>, StoreError> {
        if !conn.has_table(&self.table())? {
            return Ok(HashSet::new());
        }
        let applied: Vec<(String, i64)> = conn.query(
            &format!("SELECT name, checksum FROM {} ORDER BY name", self.table()),
            &[],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (name, sum) in &applied {
            let known = self.migrations.iter().find(|known| known.name == name);
            let Some(known) = known else {
                if !name.ends_with(CONTRACT) {
                    continue;
                }
                return Err(StoreError::Schema(format!(
                    "the {} database has version {name}, which this binary does not know: use a newer binary",
                    self.service
                )));
            };
            if checksum(known.up) != *sum {
                return Err(StoreError::Schema(format!(
                    "{name} was edited after it was applied"
                )));
            }
        }
        Ok(applied.into_iter().map(|(name, _)| name).collect())
    }
}

fn for_backend(sql: &str, backend: Backend) -> String {
    let rowid = match backend {
        Backend::Sqlite => "WITHOUT ROWID",
        Backend::Postgres => "",
    };
    let serial = match backend {
        Backend::Sqlite => "INTEGER PRIMARY KEY AUTOINCREMENT",
        Backend::Postgres => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    };
    // An integer key that the table is kept by; on SQLite only this very type is.
    let key = match backend {
        Backend::Sqlite => "INTEGER PRIMARY KEY",
        Backend::Postgres => "BIGINT PRIMARY KEY",
    };
    sql.lines()
        .map(|line| {
            let only = |mark: &str| line.strip_prefix(mark)?.strip_suffix('}');
            let (postgres, sqlite) = (only("{postgres:"), only("{sqlite:"));
            match (backend, postgres, sqlite) {
                (Backend::Postgres, Some(statement), _) | (Backend::Sqlite, _, Some(statement)) => {
                    format!("{statement};\n")
                }
                (_, None, None) => format!("{line}\n"),
                _ => String::new(),
            }
        })
        .collect::<String>()
        .replace("{without_rowid}", rowid)
        .replace("{serial}", serial)
        .replace("{key}", key)
}

/// FNV-1a over the text: finds edits, guards against nothing else.
fn checksum(text: &str) -> i64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
        .cast_signed()
}
