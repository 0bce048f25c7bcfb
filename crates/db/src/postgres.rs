//! PostgreSQL: a few threads, each with a client of its own, that work off units of work.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Conn, StoreError, Value,
    conn::Driver,
    keys::KeyList,
    queue::LONGEST,
    replica::position,
    tls::{Address, Tls},
    waits::{Waits, Work},
    wall::{CONFINED, Standing, UNCONFINED, Wall},
    wanted::{Wanted, over},
};
use crossbeam_channel::{Receiver, Sender};
use postgres::{
    Client, SimpleQueryMessage, Statement,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

/// A client with its prepared statements.
pub(crate) struct PgSession {
    client: Client,
    statements: HashMap<String, Statement>,
    /// The server's `statement_timeout` as it is set now, in milliseconds; 0 is none.
    timeout_ms: u128,
    /// How it is encrypted: who cancels its work comes the same way.
    tls: Tls,
    schema: String,
    standing: Standing,
    /// When the standing was asked for, and in which generation of the schema.
    asked: (Instant, u64),
    /// Where to note how far the server's log stood after a commit.
    written: Option<Arc<AtomicU64>>,
    /// How far a replica was when it was asked last.
    replayed: u64,
    /// Whether a unit of work left its transaction to be ended.
    is_open: bool,
    /// Whether this unit of work is behind the wall of a dealer or a region.
    is_confined: bool,
    /// Whether row-level security lets this unit of work COPY into tables.
    may_copy: bool,
}

impl std::fmt::Debug for PgSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgSession").finish_non_exhaustive()
    }
}

/// Statements kept prepared a client; bulk inserts of odd lengths come and go.
const STATEMENTS: usize = 400;
/// How often a session asks whether a wall has been raised that was not there.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Begins a read: all its statements see one moment.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

impl PgSession {
    pub(crate) fn connect(url: &str, schema: &str) -> Result<Self, StoreError> {
        Self::connect_to(&Address::read(url)?, schema)
    }

    fn connect_to(address: &Address, schema: &str) -> Result<Self, StoreError> {
        let mut client = address.connect()?;
        client.batch_execute(&format!(
            "SET client_min_messages TO warning; SET search_path TO {}",
            quoted(schema)
        ))?;
        let mut session = Self {
            client,
            statements: HashMap::new(),
            timeout_ms: 0,
            tls: address.tls(),
            schema: schema.to_owned(),
            standing: Standing::default(),
            asked: (Instant::now(), 0),
            written: None,
            replayed: 0,
            is_open: false,
            is_confined: false,
            may_copy: true,
        };
        session.standing = Standing::of(&mut session, schema)?;
        if !session.standing.has_schema {
            create_schema(&mut session.client, &quoted(schema))?;
        }
        Ok(session)
    }

    /// Begins a transaction behind the wall of a unit of work; `None` is the login's own.
    fn begin(&mut self, how: &str, wall: Option<&Wall>) -> Result<(), StoreError> {
        let wall = wall.filter(|_| self.standing.is_raised);
        self.may_copy = match wall {
            None => true,
            Some(Wall::Everything) => self.standing.may_copy,
            Some(_) => false,
        };
        self.is_confined = wall.is_some_and(|wall| *wall != Wall::Everything);
        let statements = wall.map(Wall::statements).unwrap_or_default();
        let begun = self.batch(&format!("{how}{statements}"));
        if begun.is_err() {
            // It may have begun, and failed at what was to follow.
            drop(self.batch("ROLLBACK"));
        }
        self.is_open = begun.is_ok();
        begun
    }

    /// Ends the transaction of a read, whose caller has his answer already.
    fn settle(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.is_open) {
            self.batch("COMMIT")?;
        }
        Ok(())
    }

    /// Ends the transaction of a write.
    fn commit(&mut self) -> Result<(), StoreError> {
        let Some(written) = &self.written else {
            return self.batch("COMMIT");
        };
        let told = self
            .client
            .simple_query("COMMIT; SELECT pg_current_wal_insert_lsn()")?;
        for message in told {
            if let SimpleQueryMessage::Row(row) = message
                && let Some(place) = row.get(0).and_then(position)
            {
                written.fetch_max(place, Ordering::AcqRel);
            }
        }
        Ok(())
    }

    /// Whether this session's server, a replica, has all that the log held at a place.
    pub(crate) fn has_replayed(&mut self, place: u64) -> Result<bool, StoreError> {
        if self.replayed < place {
            let rows = self.query("SELECT pg_last_wal_replay_lsn()::text", &[])?;
            let told: Option<String> = rows
                .first()
                .map(|row| row.try_get(0))
                .transpose()?
                .flatten();
            // A server that replays nothing is none that follows: it is what it is.
            self.replayed = told.map_or(u64::MAX, |text| position(&text).unwrap_or(0));
        }
        Ok(self.replayed >= place)
    }

    /// Asks again whether there is a wall, if there was none and the schema may have changed.
    fn look_at_wall(&mut self, generation: u64) -> Result<(), StoreError> {
        let (at, seen) = self.asked;
        if !self.standing.is_raised && (seen != generation || at.elapsed() > ASK_AGAIN) {
            let schema = self.schema.clone();
            self.standing = Standing::of(self, &schema)?;
            self.asked = (Instant::now(), generation);
        }
        Ok(())
    }

    /// Has the rest of this transaction run as headquarters, if it does not yet.
    pub(crate) fn see_all_dealers(&mut self) -> Result<(), StoreError> {
        if self.is_confined {
            self.batch(&format!("SET LOCAL ROLE {UNCONFINED}"))?;
            self.is_confined = false;
            self.may_copy = self.standing.may_copy;
        }
        Ok(())
    }

    /// Whether this transaction sees the rows of its caller alone.
    pub(crate) const fn is_confined(&self) -> bool {
        self.is_confined
    }

    /// Takes back [`Self::see_all_dealers`]: whose rows were seen before is still known to the transaction.
    pub(crate) fn confine(&mut self) -> Result<(), StoreError> {
        self.batch(&format!("SET LOCAL ROLE {CONFINED}"))?;
        self.is_confined = true;
        self.may_copy = false;
        Ok(())
    }

    /// Has all that follows run as headquarters, if there is a wall.
    pub(crate) fn act_for_headquarters(&mut self) -> Result<(), StoreError> {
        if self.standing.is_raised {
            self.batch(&format!("SET ROLE {UNCONFINED}"))?;
        }
        Ok(())
    }

    /// Has the rest of this transaction run as headquarters, if there is a wall and the login may: one that does not inherit sees
    /// nothing of the schema by itself. The owner of the tables, who is no member, goes on as himself.
    pub(crate) fn act_as_member(&mut self) -> Result<(), StoreError> {
        if !self.standing.is_raised {
            return Ok(());
        }
        let sql = format!("SELECT pg_has_role(session_user, '{UNCONFINED}', 'MEMBER')");
        let rows = self.query(&sql, &[])?;
        let is_member: Option<bool> = rows.first().map(|row| row.try_get(0)).transpose()?;
        if is_member == Some(true) {
            self.batch(&format!("SET LOCAL ROLE {UNCONFINED}"))?;
        }
        Ok(())
    }

    /// Whether rows may come in by COPY: PostgreSQL refuses it to whom row-level security confines.
    pub(crate) const fn may_copy(&self) -> bool {
        self.may_copy
    }

    pub(crate) fn query(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<postgres::Row>, StoreError> {
        let statement = self.prepare(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        Ok(self.client.query(&statement, &values)?)
    }

    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        Ok(self.client.execute(&statement, &values)?)
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.client.batch_execute(sql)?)
    }

    pub(crate) fn lock_keys(&mut self, keys: &[i64]) -> Result<(), StoreError> {
        // Unnested in order: the locks are taken one after the other as the array has them.
        let sql = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) WITH ORDINALITY AS t(key, at)";
        let statement = self.prepare(sql)?;
        self.client.query(&statement, &[&keys])?;
        Ok(())
    }

    pub(crate) fn share_keys(&mut self, keys: &[i64]) -> Result<(), StoreError> {
        let sql = "SELECT pg_advisory_xact_lock_shared(key) FROM unnest($1::bigint[]) WITH ORDINALITY AS t(key, at)";
        let statement = self.prepare(sql)?;
        self.client.query(&statement, &[&keys])?;
        Ok(())
    }

    pub(crate) fn lock_shared(&mut self, key: i64) -> Result<(), StoreError> {
        let statement = self.prepare("SELECT pg_advisory_xact_lock_shared($1)")?;
        self.client.query(&statement, &[&key])?;
        Ok(())
    }

    pub(crate) fn query_in(
        &mut self,
        sql: &str,
        fixed: &[Value<'_>],
        keys: &[Value<'_>],
    ) -> Result<Vec<postgres::Row>, StoreError> {
        let statement = self.prepare(&any_of(sql, fixed))?;
        let list = KeyList::from(keys);
        let mut values: Vec<&(dyn ToSql + Sync)> = fixed.iter().map(|value| value as _).collect();
        values.push(list.as_sql());
        Ok(self.client.query(&statement, &values)?)
    }

    pub(crate) fn execute_in(
        &mut self,
        sql: &str,
        fixed: &[Value<'_>],
        keys: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let statement = self.prepare(&any_of(sql, fixed))?;
        let list = KeyList::from(keys);
        let mut values: Vec<&(dyn ToSql + Sync)> = fixed.iter().map(|value| value as _).collect();
        values.push(list.as_sql());
        Ok(self.client.execute(&statement, &values)?)
    }

    /// One statement for all keys: the statement of a key is laid beside each.
    pub(crate) fn query_each(
        &mut self,
        sql: &str,
        keys: &[Value<'_>],
    ) -> Result<Vec<postgres::Row>, StoreError> {
        let list = KeyList::from(keys);
        let (of_one, kind) = (sql.replace("?1", "wanted.key"), list.type_name());
        let sql = format!(
            "SELECT found.* FROM unnest(?1::{kind}[]) AS wanted(key) CROSS JOIN LATERAL ({of_one}) AS found"
        );
        let statement = self.prepare(&sql)?;
        Ok(self.client.query(&statement, &[list.as_sql()])?)
    }

    pub(crate) fn copy(
        &mut self,
        table: &str,
        columns: &[&str],
        values: &[Value<'_>],
    ) -> Result<(), StoreError> {
        let columns_sql = columns.join(", ");
        let shape = self.prepare(&format!("SELECT {columns_sql} FROM {table} LIMIT 0"))?;
        let types: Vec<Type> = shape
            .columns()
            .iter()
            .map(|column| column.type_().clone())
            .collect();
        let sink = self.client.copy_in(&format!(
            "COPY {table} ({columns_sql}) FROM STDIN (FORMAT binary)"
        ))?;
        let mut writer = BinaryCopyInWriter::new(sink, &types);
        let mut row: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(columns.len());
        for chunk in values.chunks_exact(columns.len()) {
            row.clear();
            row.extend(chunk.iter().map(|value| value as &(dyn ToSql + Sync)));
            writer.write(&row)?;
        }
        writer.finish()?;
        Ok(())
    }

    /// Runs a `COPY … TO STDOUT` into a writer.
    pub(crate) fn copy_out(&mut self, sql: &str, out: &mut impl Write) -> Result<(), StoreError> {
        let mut rows = self.client.copy_out(sql)?;
        io::copy(&mut rows, out).map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(())
    }

    /// Runs a `COPY … FROM STDIN` out of a reader.
    pub(crate) fn copy_in(&mut self, sql: &str, from: &mut impl Read) -> Result<(), StoreError> {
        let mut rows = self.client.copy_in(sql)?;
        io::copy(from, &mut rows).map_err(|error| StoreError::Unavailable(error.into()))?;
        rows.finish()?;
        Ok(())
    }

    /// Has the server end a statement when about that much time has passed. Rounded up to a power of two, so that most calls
    /// find it set already: what is exact is the cancellation.
    fn limit(&mut self, left: Option<Duration>) -> Result<(), StoreError> {
        let wanted = left.map_or(0, |left| left.as_millis().max(1).next_power_of_two());
        if wanted != self.timeout_ms {
            let capped = wanted.min(i32::MAX as u128);
            self.batch(&format!("SET statement_timeout = {capped}"))?;
            self.timeout_ms = wanted;
        }
        Ok(())
    }

    /// Our `?1` is PostgreSQL's `$1`.
    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        let statement = self.client.prepare(&sql.replace('?', "$"))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// The statement with an array in place of the list, after its fixed values.
fn any_of(sql: &str, fixed: &[Value<'_>]) -> String {
    sql.replace("IN (??)", &format!("= ANY(?{})", fixed.len() + 1))
}

/// Makes the schema unless it is there. `IF NOT EXISTS` does not help two sessions that come at the same moment: the
/// later one is told of a duplicate, which is as good. Where a wall stands, only the owner's login may make it.
fn create_schema(client: &mut Client, schema: &str) -> Result<(), StoreError> {
    use postgres::error::SqlState;
    let created = client.batch_execute(&format!(
        "SET client_min_messages TO warning; CREATE SCHEMA IF NOT EXISTS {schema}"
    ));
    match created {
        Err(error)
            if matches!(
                error.code(),
                Some(&SqlState::UNIQUE_VIOLATION | &SqlState::DUPLICATE_SCHEMA)
            ) =>
        {
            Ok(())
        }
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            Err(StoreError::Schema(format!(
                "{schema} is not there, and this login may not make it: run `marque migrate` with the owner's login first"
            )))
        }
        other => Ok(other?),
    }
}

/// A name between double quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A unit of work as the threads see it: runs on a session, answers its caller by itself.
pub(crate) type PgWork = Box<dyn FnOnce(&mut Result<PgSession, StoreError>) + Send>;

/// A unit of work that waits for a thread.
pub(crate) struct PgJob {
    pub(crate) came: Instant,
    /// Whether a request is likely to wait for it. How long others wait says nothing of how requests fare.
    pub(crate) is_interactive: bool,
    pub(crate) work: PgWork,
}

/// Where a session leads, and how often the schema has changed since. Not to be printed: the address has the password.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) address: Arc<Address>,
    pub(crate) schema: String,
    pub(crate) generation: Arc<AtomicU64>,
    /// Where writers note how far the server's log stood after a commit, if somebody asks.
    pub(crate) written: Option<Arc<AtomicU64>>,
}

/// Starts the threads; they end when the sender is dropped.
pub(crate) fn start(
    place: &Place,
    threads: usize,
    (name, work): (&str, Work),
) -> Result<Sender<PgJob>, StoreError> {
    let (sender, receiver) = crossbeam_channel::bounded::<PgJob>(LONGEST);
    let waits = Waits::of(work);
    for number in 0..threads {
        let (place, receiver, waits) = (place.clone(), receiver.clone(), waits.clone());
        thread::Builder::new()
            .name(format!("{name}-{number}"))
            .spawn(move || run(&place, &receiver, &waits))
            .map_err(|error| StoreError::Unavailable(error.into()))?;
    }
    Ok(sender)
}

fn run(place: &Place, jobs: &Receiver<PgJob>, waits: &Waits) {
    let mut session: Option<PgSession> = None;
    for job in jobs {
        let PgJob {
            came,
            is_interactive,
            work,
        } = job;
        if is_interactive {
            waits.note(came, !jobs.is_empty());
        }
        if session
            .as_mut()
            .is_some_and(|session| session.client.is_closed())
        {
            session = None;
        }
        let mut current = match session.take() {
            Some(session) => Ok(session),
            None => PgSession::connect_to(&place.address, &place.schema).map(|session| PgSession {
                written: place.written.clone(),
                ..session
            }),
        };
        let generation = place.generation.load(Ordering::Acquire);
        current = current.and_then(|mut session| {
            session.look_at_wall(generation)?;
            Ok(session)
        });
        work(&mut current);
        session = current
            .and_then(|mut session| {
                session.settle()?;
                Ok(session)
            })
            .ok();
    }
}

/// A closure as a read on a session.
pub(crate) fn read<T, E: From<StoreError>>(
    session: &mut Result<PgSession, StoreError>,
    (wanted, wall): (&Wanted, Option<&Wall>),
    work: impl FnOnce(&mut Conn<'_>) -> Result<T, E>,
) -> Result<T, E> {
    while_wanted(session, wanted, |session| {
        session.begin(BEGIN_READ, wall)?;
        guarded(|| work(&mut Conn(Driver::Postgres(session))))
    })
}

/// Runs work on a session as long as somebody waits for it.
fn while_wanted<T, E: From<StoreError>>(
    session: &mut Result<PgSession, StoreError>,
    wanted: &Wanted,
    work: impl FnOnce(&mut PgSession) -> Result<T, E>,
) -> Result<T, E> {
    if wanted.is_over() {
        return Err(over().into());
    }
    let open = ready::<StoreError>(session)?;
    open.limit(wanted.left())?;
    if !wanted.begin(open.client.cancel_token(), open.tls.clone()) {
        return Err(over().into());
    }
    let result = work(open);
    if !wanted.end() {
        *session = Err(over());
    }
    result
}

/// Runs work; a panic in it is its failure and not the end of the thread that all others wait for.
fn guarded<T, E: From<StoreError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(StoreError::Other("the unit of work panicked".into()).into()))
}

/// How often a unit of work is repeated after a serialisation failure or deadlock.
const ATTEMPTS: u32 = 5;

/// A closure as a transaction on a session.
pub(crate) fn write<T, E: From<StoreError>>(
    session: &mut Result<PgSession, StoreError>,
    (wanted, wall): (&Wanted, Option<&Wall>),
    work: impl FnMut(&mut Conn<'_>) -> Result<T, E>,
    is_transient: impl Fn(&E) -> bool,
) -> Result<T, E> {
    while_wanted(session, wanted, |session| {
        transact(session, (wanted, wall), work, is_transient)
    })
}

fn transact<T, E: From<StoreError>>(
    session: &mut PgSession,
    (wanted, wall): (&Wanted, Option<&Wall>),
    mut work: impl FnMut(&mut Conn<'_>) -> Result<T, E>,
    is_transient: impl Fn(&E) -> bool,
) -> Result<T, E> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        session.begin("BEGIN", wall)?;
        let result = guarded(|| work(&mut Conn(Driver::Postgres(session))))
            .and_then(|value| session.commit().map(|()| value).map_err(E::from));
        session.is_open = false;
        match result {
            Ok(value) => return Ok(value),
            Err(error) => {
                if !session.client.is_closed() {
                    session.batch("ROLLBACK")?;
                }
                if attempt >= ATTEMPTS || !is_transient(&error) || wanted.is_over() {
                    return Err(error);
                }
                thread::sleep(Duration::from_millis(u64::from(attempt) * 5));
            }
        }
    }
}

/// The session, or a copy of the error that kept it from being opened.
fn ready<E: From<StoreError>>(
    session: &mut Result<PgSession, StoreError>,
) -> Result<&mut PgSession, E> {
    session
        .as_mut()
        .map_err(|error| StoreError::Unavailable(error.with_sources().into()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of the wait while the first of two units of work has its turn; no server is needed for that.
    fn told_of_the_first(is_interactive: bool) -> Duration {
        let place = Place {
            address: Arc::new(Address::read("postgres://nobody@127.0.0.1:1/none").unwrap()),
            schema: "none".to_owned(),
            generation: Arc::default(),
            written: None,
        };
        let waits = Waits::of(Work::Writes);
        let (sender, jobs) = crossbeam_channel::unbounded();
        let (tell, told) = std::sync::mpsc::channel();
        for _ in 0..2 {
            let (waits, tell) = (waits.clone(), tell.clone());
            let job = PgJob {
                came: Instant::now(),
                is_interactive,
                work: Box::new(move |_| tell.send(waits.told()).unwrap_or_default()),
            };
            drop(sender.send(job));
        }
        drop(sender);
        thread::sleep(Duration::from_millis(1));
        run(&place, &jobs, &waits);
        told.recv().unwrap()
    }

    #[test]
    fn how_long_batches_and_scans_wait_is_not_told() {
        assert!(told_of_the_first(true) >= Duration::from_millis(1));
        assert_eq!(told_of_the_first(false), Duration::ZERO);
    }
}
