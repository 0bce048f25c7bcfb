//! Schemas of PostgreSQL: held still by a lock on the tables that tie services together, viewed by a snapshot, copied
//! table by table through the connection. No tool of PostgreSQL is needed on this machine.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use super::{Counter, Saved, Sequence, Table, unavailable};
use crate::{
    Conn, StoreError,
    conn::Driver,
    postgres::{PgSession, quoted},
    wall,
};

/// What one service can know of another went through one of these: events out, events in, acts of people. They are named
/// in the order in which transactions write them, so that we never wait for one that waits for us.
const TIES: &str = "outbox, event_cursors, audit_heads";
/// How often a deadlock is taken as bad luck.
const ATTEMPTS: u32 = 5;

/// Keeps the tables from being written.
#[derive(Debug)]
pub(super) struct Lock(Box<PgSession>);

impl Lock {
    pub(super) fn take(url: &str, schema: &str) -> Result<Self, StoreError> {
        let mut session = PgSession::connect(url, schema)?;
        session.act_for_headquarters()?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let taken = session.batch(&format!(
                "BEGIN; SET LOCAL lock_timeout = '30s'; LOCK TABLE {TIES} IN SHARE MODE"
            ));
            match taken {
                Ok(()) => return Ok(Self(Box::new(session))),
                Err(error) => {
                    session.batch("ROLLBACK")?;
                    if attempt == ATTEMPTS || !error.is_transient() {
                        return Err(error);
                    }
                }
            }
        }
    }

    pub(super) fn release(mut self) -> Result<(), StoreError> {
        self.0.batch("ROLLBACK")
    }
}

/// A snapshot.
#[derive(Debug)]
pub(super) struct View {
    session: Box<PgSession>,
}

impl View {
    pub(super) fn open(url: &str, schema: &str) -> Result<Self, StoreError> {
        let mut session = PgSession::connect(url, schema)?;
        session.act_for_headquarters()?;
        // The snapshot is taken by the first statement that reads.
        session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
        session.query("SELECT 1 FROM outbox LIMIT 1", &[])?;
        Ok(Self {
            session: Box::new(session),
        })
    }

    pub(super) fn session(&mut self) -> &mut PgSession {
        &mut self.session
    }

    pub(super) fn save(&mut self, folder: &Path, name: &str) -> Result<Saved, StoreError> {
        fs::create_dir_all(folder.join(name)).map_err(unavailable)?;
        let (mut files, mut tables) = (Vec::new(), Vec::new());
        for table in tables_of(&mut self.session)? {
            let file = PathBuf::from(name).join(format!("{table}.copy"));
            let described = describe(&mut self.session, &table)?;
            let columns = list(&described.columns);
            // A query, since a partitioned table has no rows of its own to copy.
            let sql = format!(
                "COPY (SELECT {columns} FROM {}) TO STDOUT (FORMAT binary)",
                quoted(&table)
            );
            let mut out = BufWriter::new(File::create(folder.join(&file)).map_err(unavailable)?);
            self.session.copy_out(&sql, &mut out)?;
            out.into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|mut file| {
                    file.flush()?;
                    file.sync_all()
                })
                .map_err(unavailable)?;
            files.push(file);
            tables.push(described);
        }
        // No snapshot holds a sequence still: what it gave since the cut is passed over.
        let sequences = sequences(&mut self.session)?;
        Ok(Saved {
            files,
            tables,
            sequences,
        })
    }
}

/// Whether a schema has no tables yet.
///
/// # Errors
/// [`StoreError::Unavailable`] if the server cannot be reached.
pub fn is_postgres_empty(url: &str, schema: &str) -> Result<bool, StoreError> {
    Ok(tables_of(&mut PgSession::connect(url, schema)?)?.is_empty())
}

/// Fills a migrated schema with copied tables, all in one transaction. What the migrations themselves put in goes first;
/// `keep` names the table of versions, which is left alone. Every sequence goes on behind the number it gave last, also where
/// the archive is of a release that did not note it.
///
/// Must not be called on a thread of an asynchronous runtime.
///
/// # Errors
/// If a file does not fit its table; nothing is then written.
pub fn fill_postgres(
    url: &str,
    schema: &str,
    folder: &Path,
    saved: &Saved,
    keep: &str,
) -> Result<(), StoreError> {
    let mut session = PgSession::connect(url, schema)?;
    session.batch("BEGIN")?;
    wall::lower(&mut Conn(Driver::Postgres(&mut session)))?;
    let mut wanted: Vec<(&Table, &PathBuf)> = saved
        .tables
        .iter()
        .zip(&saved.files)
        .filter(|(table, _)| table.name != keep)
        .collect();
    let names: Vec<String> = wanted.iter().map(|(table, _)| table.name.clone()).collect();
    session.batch(&format!("TRUNCATE {}", list(&names)))?;
    for name in parents_first(&mut session, names)? {
        let at = wanted
            .iter()
            .position(|(table, _)| table.name == name)
            .expect("the names are those of the tables");
        let (table, file) = wanted.swap_remove(at);
        let columns = list(&table.columns);
        let sql = format!(
            "COPY {} ({columns}) FROM STDIN (FORMAT binary)",
            quoted(&table.name)
        );
        let rows = File::open(folder.join(file)).map_err(unavailable)?;
        session.copy_in(&sql, &mut BufReader::new(rows))?;
        for counter in &table.counters {
            let sql = "SELECT setval(pg_get_serial_sequence(?1, ?2), ?3, ?4)";
            session.query(
                sql,
                &[
                    (&quoted(&table.name)).into(),
                    (&counter.column).into(),
                    counter.last.into(),
                    counter.is_used.into(),
                ],
            )?;
        }
    }
    for name in free_sequences(&mut session)? {
        let stored = greatest_stored(&mut session, &name)?;
        let noted = saved
            .sequences
            .iter()
            .find_map(|sequence| (sequence.name == name).then_some(sequence.last));
        // A sequence that gave nothing stands where the migration put it.
        if let Some(last) = stored.max(noted) {
            let sql = format!("SELECT setval('{}', ?1)", quoted(&name));
            session.query(&sql, &[last.into()])?;
        }
    }
    wall::raise(&mut Conn(Driver::Postgres(&mut session)))?;
    session.batch("COMMIT")
}

/// Tables of the session's schema; those of a partitioned table are part of it.
fn tables_of(session: &mut PgSession) -> Result<Vec<String>, StoreError> {
    names(
        session,
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         ORDER BY relname",
        &[],
    )
}

fn describe(session: &mut PgSession, table: &str) -> Result<Table, StoreError> {
    let columns = names(
        session,
        "SELECT column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name = ?1 AND is_generated = 'NEVER' ORDER BY ordinal_position",
        &[table.into()],
    )?;
    let counting = names(
        session,
        "SELECT column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name = ?1 AND is_identity = 'YES'",
        &[table.into()],
    )?;
    let mut counters = Vec::new();
    for column in counting {
        let sequence = names(
            session,
            "SELECT pg_get_serial_sequence(?1, ?2)",
            &[(&quoted(table)).into(), (&column).into()],
        )?
        .pop()
        .unwrap_or_default();
        // The name comes quoted as it must be.
        let rows = session.query(
            &format!("SELECT last_value, is_called FROM {sequence}"),
            &[],
        )?;
        for row in rows {
            counters.push(Counter {
                column: column.clone(),
                last: row.try_get(0)?,
                is_used: row.try_get(1)?,
            });
        }
    }
    Ok(Table {
        name: table.to_owned(),
        columns,
        counters,
    })
}

/// Sequences of the session's schema that belong to no column.
fn free_sequences(session: &mut PgSession) -> Result<Vec<String>, StoreError> {
    names(
        session,
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
           AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                           AND deptype IN ('a', 'i'))
         ORDER BY relname",
        &[],
    )
}

/// How far those of them have counted that gave a number at all.
fn sequences(session: &mut PgSession) -> Result<Vec<Sequence>, StoreError> {
    let mut found = Vec::new();
    for name in free_sequences(session)? {
        let sql = format!("SELECT last_value FROM {} WHERE is_called", quoted(&name));
        for row in session.query(&sql, &[])? {
            let last = row.try_get(0)?;
            found.push(Sequence {
                name: name.clone(),
                last,
            });
        }
    }
    Ok(found)
}

/// The greatest number in the columns that a free sequence fills, called `<table>_<column>_seq`: in that table, and in those that
/// keep the same numbers of rows that left it. Columns that count for themselves are others.
fn greatest_stored(session: &mut PgSession, sequence: &str) -> Result<Option<i64>, StoreError> {
    let rows = session.query(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND data_type = 'bigint' AND is_identity = 'NO'
           AND right(?1::text, length(column_name::text) + 5) = '_' || column_name::text || '_seq'",
        &[sequence.into()],
    )?;
    let mut greatest: Option<i64> = None;
    for row in rows {
        let (table, column): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let sql = format!("SELECT max({}) FROM {}", quoted(&column), quoted(&table));
        for row in session.query(&sql, &[])? {
            greatest = greatest.max(row.try_get::<_, Option<i64>>(0)?);
        }
    }
    Ok(greatest)
}

/// Tables in an order in which each comes after those it refers to.
fn parents_first(
    session: &mut PgSession,
    mut waiting: Vec<String>,
) -> Result<Vec<String>, StoreError> {
    let rows = session.query(
        "SELECT child.relname::text, parent.relname::text FROM pg_constraint
         JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid
         WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conrelid <> confrelid",
        &[],
    )?;
    let mut refers: Vec<(String, String)> = Vec::with_capacity(rows.len());
    for row in rows {
        refers.push((row.try_get(0)?, row.try_get(1)?));
    }
    let mut ordered: Vec<String> = Vec::with_capacity(waiting.len());
    let mut done: HashSet<String> = HashSet::new();
    while !waiting.is_empty() {
        let (ready, rest): (Vec<String>, Vec<String>) = waiting.into_iter().partition(|table| {
            refers
                .iter()
                .all(|(child, parent)| child != table || done.contains(parent))
        });
        if ready.is_empty() {
            return Err(StoreError::Schema(
                "tables refer to each other in a circle".into(),
            ));
        }
        done.extend(ready.iter().cloned());
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}

fn names(
    session: &mut PgSession,
    sql: &str,
    values: &[crate::Value<'_>],
) -> Result<Vec<String>, StoreError> {
    let rows = session.query(sql, values)?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(StoreError::from))
        .collect()
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| quoted(name))
        .collect::<Vec<_>>()
        .join(", ")
}
