//! Many rows at once: prepared inserts on SQLite, COPY or long VALUES lists on PostgreSQL.

use crate::{Conn, StoreError, Value, conn::Driver};

impl Conn<'_> {
    /// Inserts rows given as one flat list of values, `columns` of them a row. On SQLite the insert is prepared once;
    /// on PostgreSQL it is a binary COPY, or long VALUES lists if there is an `on_conflict` clause.
    pub fn insert_many(
        &mut self,
        table: &str,
        columns: &[&str],
        on_conflict: &str,
        values: &[Value<'_>],
    ) -> Result<(), StoreError> {
        if values.is_empty() {
            return Ok(());
        }
        debug_assert_eq!(values.len() % columns.len(), 0, "whole rows");
        match &mut self.0 {
            Driver::Sqlite(conn) => {
                // One row a statement: one of several rows could fail half-way, and SQLite notes every page it touches to
                // take it back.
                let sql = insert_sql(table, columns, 1, on_conflict);
                let mut statement = conn.prepare_cached(&sql)?;
                for row in values.chunks_exact(columns.len()) {
                    statement.execute(rusqlite::params_from_iter(row))?;
                }
                Ok(())
            }
            Driver::Postgres(session) if on_conflict.is_empty() && session.may_copy() => {
                session.copy(table, columns, values)
            }
            Driver::Postgres(session) => {
                let rows_a_statement = (POSTGRES_VALUES / columns.len()).min(500);
                for chunk in values.chunks(rows_a_statement * columns.len()) {
                    let sql = insert_sql(table, columns, chunk.len() / columns.len(), on_conflict);
                    session.execute(&sql, chunk)?;
                }
                Ok(())
            }
        }
    }
}

/// PostgreSQL takes at most 65,535 values a statement.
const POSTGRES_VALUES: usize = 65_000;

fn insert_sql(table: &str, columns: &[&str], rows: usize, on_conflict: &str) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    let mut number = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            number += 1;
            if column > 0 {
                sql.push_str(", ");
            }
            sql.push('?');
            sql.push_str(&number.to_string());
        }
        sql.push(')');
    }
    if !on_conflict.is_empty() {
        sql.push(' ');
        sql.push_str(on_conflict);
    }
    sql
}
