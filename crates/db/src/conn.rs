//! The connection a unit of work runs on: the only place where statements reach a driver.

use rusqlite::CachedStatement;

use crate::{Row, StoreError, Value, postgres::PgSession};

/// Which database it is, for the few statements that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite, in this process.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A connection inside a unit of work.
#[derive(Debug)]
pub struct Conn<'a>(pub(crate) Driver<'a>);

#[derive(Debug)]
pub(crate) enum Driver<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut PgSession),
}

impl Conn<'_> {
    /// Which database it is.
    pub fn backend(&self) -> Backend {
        match self.0 {
            Driver::Sqlite(_) => Backend::Sqlite,
            Driver::Postgres(_) => Backend::Postgres,
        }
    }

    /// Whether the store has a table of that name.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub fn has_table(&mut self, name: &str) -> Result<bool, StoreError> {
        let sql = match self.backend() {
            Backend::Sqlite => "SELECT count(*) FROM sqlite_master WHERE name = ?1",
            Backend::Postgres => {
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?1::text"
            }
        };
        let found: Option<i64> = self.query_opt(sql, &[name.into()], |row| row.get(0))?;
        Ok(found == Some(1))
    }

    /// All rows of a query, each read by `read`.
    pub fn query<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match &mut self.0 {
            Driver::Sqlite(conn) => {
                let mut statement = conn.prepare_cached(sql)?;
                collect(&mut statement, values, &mut read)
            }
            Driver::Postgres(session) => session
                .query(sql, values)?
                .iter()
                .map(|row| read(&Row::Postgres(row)))
                .collect(),
        }
    }

    /// The first row of a query, if there is one.
    pub fn query_opt<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match &mut self.0 {
            Driver::Sqlite(conn) => {
                let mut statement = conn.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                rows.next()?.map(|row| read(&Row::Sqlite(row))).transpose()
            }
            Driver::Postgres(session) => session
                .query(sql, values)?
                .first()
                .map(|row| read(&Row::Postgres(row)))
                .transpose(),
        }
    }

    /// Runs a statement; returns how many rows it touched.
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        match &mut self.0 {
            Driver::Sqlite(conn) => {
                let mut statement = conn.prepare_cached(sql)?;
                Ok(statement.execute(rusqlite::params_from_iter(values))? as u64)
            }
            Driver::Postgres(session) => session.execute(sql, values),
        }
    }

    /// A query with `IN (??)` over any number of keys, in as few statements as the database likes. Keys are of one
    /// type; rows come in no order. `?1`, `?2`, … are the values in `fixed`.
    pub fn query_in<T>(
        &mut self,
        sql: &str,
        fixed: &[Value<'_>],
        keys: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.0 {
            Driver::Sqlite(conn) => {
                let mut found = Vec::with_capacity(keys.len());
                for chunk in keys.chunks(IN_SIZES[IN_SIZES.len() - 1]) {
                    let (sql, values) = sqlite_in(sql, fixed, chunk);
                    let mut statement = conn.prepare_cached(&sql)?;
                    found.extend(collect(&mut statement, &values, &mut read)?);
                }
                Ok(found)
            }
            Driver::Postgres(session) => session
                .query_in(sql, fixed, keys)?
                .iter()
                .map(|row| read(&Row::Postgres(row)))
                .collect(),
        }
    }

    /// A statement with `IN (??)` over any number of keys, as [`Self::query_in`]; returns how many rows it touched.
    pub fn execute_in(
        &mut self,
        sql: &str,
        fixed: &[Value<'_>],
        keys: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        if keys.is_empty() {
            return Ok(0);
        }
        match &mut self.0 {
            Driver::Sqlite(conn) => {
                let mut touched = 0;
                for chunk in keys.chunks(IN_SIZES[IN_SIZES.len() - 1]) {
                    let (sql, values) = sqlite_in(sql, fixed, chunk);
                    let mut statement = conn.prepare_cached(&sql)?;
                    touched += statement.execute(rusqlite::params_from_iter(values))? as u64;
                }
                Ok(touched)
            }
            Driver::Postgres(session) => session.execute_in(sql, fixed, keys),
        }
    }

    /// A query run once for each key, `?1`: for statements with a `LIMIT` a key. Keys are of one type; rows of one key
    /// stay together, the keys come in no order.
    pub fn query_each<T>(
        &mut self,
        sql: &str,
        keys: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match &mut self.0 {
            Driver::Sqlite(conn) => {
                let mut found = Vec::with_capacity(keys.len());
                let mut statement = conn.prepare_cached(sql)?;
                for key in keys {
                    let mut rows = statement.query([key])?;
                    while let Some(row) = rows.next()? {
                        found.push(read(&Row::Sqlite(row))?);
                    }
                }
                Ok(found)
            }
            Driver::Postgres(_) if keys.is_empty() => Ok(Vec::new()),
            Driver::Postgres(session) => session
                .query_each(sql, keys)?
                .iter()
                .map(|row| read(&Row::Postgres(row)))
                .collect(),
        }
    }

    /// Serialises this transaction with every other that locks one of the same keys. Nothing to do on SQLite, which
    /// has one writer.
    pub fn lock_keys(&mut self, keys: &mut Vec<i64>) -> Result<(), StoreError> {
        let Driver::Postgres(session) = &mut self.0 else {
            return Ok(());
        };
        // One order for all, so that two transactions cannot wait for each other.
        keys.sort_unstable();
        keys.dedup();
        session.lock_keys(keys)
    }

    /// Lets this transaction run beside others that share the key, but not beside one that locks it
    /// ([`Self::lock_keys`]). Nothing to do on SQLite, which has one writer.
    pub fn lock_shared(&mut self, key: i64) -> Result<(), StoreError> {
        match &mut self.0 {
            Driver::Sqlite(_) => Ok(()),
            Driver::Postgres(session) => session.lock_shared(key),
        }
    }

    /// Shares each of the keys ([`Self::lock_shared`]), in one order for all.
    pub fn share_keys(&mut self, keys: &mut Vec<i64>) -> Result<(), StoreError> {
        let Driver::Postgres(session) = &mut self.0 else {
            return Ok(());
        };
        keys.sort_unstable();
        keys.dedup();
        session.share_keys(keys)
    }

    /// From here on this unit of work sees the rows of all dealers: what the caller may see has been asked behind his wall,
    /// and what he may see is not his dealer's alone, such as the history of a car. Nothing to do on SQLite.
    pub fn see_all_dealers(&mut self) -> Result<(), StoreError> {
        match &mut self.0 {
            Driver::Sqlite(_) => Ok(()),
            Driver::Postgres(session) => session.see_all_dealers(),
        }
    }

    /// From here on this unit of work, which its login does without the roles of the wall, has what the login is a member for.
    /// Nothing to do on SQLite.
    pub(crate) fn act_as_member(&mut self) -> Result<(), StoreError> {
        match &mut self.0 {
            Driver::Sqlite(_) => Ok(()),
            Driver::Postgres(session) => session.act_as_member(),
        }
    }

    /// Runs `work` with the rows of all dealers in sight, and goes back behind the caller's wall: for a question whose answer
    /// is not his dealer's alone, in the midst of work that is.
    pub fn among_all_dealers<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let Driver::Postgres(session) = &mut self.0 else {
            return work(self);
        };
        let was_confined = session.is_confined();
        session.see_all_dealers()?;
        // After an error the transaction is taken back, and with it whose rows it sees.
        let answer = work(self)?;
        if let (Driver::Postgres(session), true) = (&mut self.0, was_confined) {
            session.confine()?;
        }
        Ok(answer)
    }

    /// Runs `work` and takes back whatever it wrote: a rehearsal.
    pub fn rehearse<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.batch("SAVEPOINT rehearsal")?;
        let result = work(self);
        self.batch("ROLLBACK TO SAVEPOINT rehearsal; RELEASE SAVEPOINT rehearsal")?;
        result
    }

    /// Whether SQLite overwrites whole pages too that fall free from here on, which costs writes; what is deleted within a page
    /// it always overwrites. PostgreSQL does so when it vacuums.
    pub fn overwrite_deleted(&mut self, is_wanted: bool) -> Result<(), StoreError> {
        match &mut self.0 {
            Driver::Sqlite(conn) => {
                let word = if is_wanted { "ON" } else { "FAST" };
                Ok(conn.execute_batch(&format!("PRAGMA secure_delete = {word}"))?)
            }
            Driver::Postgres(_) => Ok(()),
        }
    }

    /// Runs several statements that take no values.
    pub fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        match &mut self.0 {
            Driver::Sqlite(conn) => Ok(conn.execute_batch(sql)?),
            Driver::Postgres(session) => session.batch(sql),
        }
    }
}

fn collect<T>(
    statement: &mut CachedStatement<'_>,
    values: &[Value<'_>],
    read: &mut impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&Row::Sqlite(row))?);
    }
    Ok(found)
}

/// Lengths of `IN` lists on SQLite: few, so that the statements stay in the cache; a list is padded by its last key.
const IN_SIZES: [usize; 7] = [1, 2, 4, 8, 32, 128, 512];

fn sqlite_in<'v>(sql: &str, fixed: &[Value<'v>], keys: &[Value<'v>]) -> (String, Vec<Value<'v>>) {
    let size = IN_SIZES
        .into_iter()
        .find(|size| *size >= keys.len())
        .unwrap_or(keys.len());
    let mut list = String::with_capacity(size * 5);
    for at in 0..size {
        if at > 0 {
            list.push(',');
        }
        list.push('?');
        list.push_str(&(fixed.len() + at + 1).to_string());
    }
    let mut values = fixed.to_vec();
    values.extend_from_slice(keys);
    let last = keys[keys.len() - 1];
    values.resize(fixed.len() + size, last);
    (sql.replace("??", &list), values)
}

/// The key of a name for [`Conn::lock_keys`], by FNV-1a: equal names give equal keys, and two names that share one only wait for each other.
pub fn lock_key(name: &[u8]) -> i64 {
    name.iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
        .cast_signed()
}
