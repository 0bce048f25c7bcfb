//! The statements that differ between the databases.

use marque_db::{Backend, Conn, StoreError, Value};

/// Takes `count` fresh numbers for a table's integer key. On SQLite the one writer reads the highest, among those in `gone`
/// too, whose rows were deleted; on PostgreSQL a sequence hands them out, so that two writers do not wait for each other.
pub(super) fn allocate(
    conn: &mut Conn<'_>,
    (table, gone): (&str, Option<&str>),
    column: &str,
    count: usize,
) -> Result<Vec<i64>, StoreError> {
    match conn.backend() {
        Backend::Sqlite => {
            let mut last = 0;
            for table in [Some(table), gone].into_iter().flatten() {
                let sql = format!("SELECT coalesce(max({column}), 0) FROM {table}");
                let highest: Option<i64> = conn.query_opt(&sql, &[], |row| row.get(0))?;
                last = last.max(highest.unwrap_or(0));
            }
            Ok((1..=count as i64).map(|step| last + step).collect())
        }
        Backend::Postgres => {
            let sql = format!(
                "SELECT nextval('{table}_{column}_seq') FROM generate_series(1, ?1::bigint)"
            );
            conn.query(&sql, &[Value::Int(count as i64)], |row| row.get(0))
        }
    }
}

/// Ends a query for rows that are to be written: on PostgreSQL it passes over what another transaction holds, on SQLite there is
/// one writer.
pub(super) fn unless_held(conn: &Conn<'_>) -> &'static str {
    match conn.backend() {
        Backend::Sqlite => "",
        Backend::Postgres => "FOR UPDATE SKIP LOCKED",
    }
}
