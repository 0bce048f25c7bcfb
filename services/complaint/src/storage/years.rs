//! Working days of years that headquarters gave, and by which of them the clocks run.

use chrono::NaiveDate;
use marque_core::Timestamp;
use marque_db::{Conn, Row, StoreError};
use marque_insight::law::WorkYear;

/// The years that headquarters gave, each with when.
pub(crate) fn list_years(conn: &mut Conn<'_>) -> Result<Vec<(WorkYear, Timestamp)>, StoreError> {
    let sql = "SELECT year, source, off_days, on_days, put_at FROM work_years ORDER BY year";
    conn.query(sql, &[], |row| {
        let year = WorkYear {
            year: row.get::<i64>(0)? as i32,
            source: row.get(1)?,
            off: read_spans(row, 2)?,
            on: read_days(row, 3)?,
        };
        Ok((year, row.get(4)?))
    })
}

/// Grows whenever a year is given.
pub(crate) fn years_revision(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT coalesce(max(revision), 0) FROM work_years";
    Ok(conn.query_opt(sql, &[], |row| row.get(0))?.unwrap_or(0))
}

/// Remembers a year, in the place of what was known of it.
pub(crate) fn put_year(
    conn: &mut Conn<'_>,
    year: &WorkYear,
    now: Timestamp,
) -> Result<(), StoreError> {
    let revision = years_revision(conn)? + 1;
    conn.execute(
        "INSERT INTO work_years (year, source, off_days, on_days, put_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (year) DO UPDATE SET source = excluded.source, off_days = excluded.off_days,
             on_days = excluded.on_days, put_at = excluded.put_at, revision = excluded.revision",
        &[
            i64::from(year.year).into(),
            (&year.source).into(),
            (&write_spans(&year.off)).into(),
            (&write_days(&year.on)).into(),
            now.into(),
            revision.into(),
        ],
    )?;
    Ok(())
}

/// The years by which the clocks of all open cases were computed last; nothing if they never were as a whole.
pub(crate) fn settled_years(conn: &mut Conn<'_>) -> Result<Option<String>, StoreError> {
    conn.query_opt("SELECT years FROM settled_years WHERE id = 1", &[], |row| {
        row.get(0)
    })
}

/// Notes by which years they are computed now.
pub(crate) fn settle_years(conn: &mut Conn<'_>, years: &str) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO settled_years (id, years) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET years = excluded.years",
        &[years.into()],
    )?;
    Ok(())
}

fn write_spans(spans: &[(NaiveDate, NaiveDate)]) -> String {
    let spans: Vec<String> = spans
        .iter()
        .map(|(from, to)| format!("{from}/{to}"))
        .collect();
    spans.join(",")
}

fn write_days(days: &[NaiveDate]) -> String {
    let days: Vec<String> = days.iter().map(NaiveDate::to_string).collect();
    days.join(",")
}

fn read_spans(row: &Row<'_>, column: usize) -> Result<Vec<(NaiveDate, NaiveDate)>, StoreError> {
    let text: String = row.get(column)?;
    let span = |part: &str| {
        let (from, to) = part.split_once('/')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    };
    parts(&text)
        .map(|part| span(part).ok_or_else(|| no_day(column)))
        .collect()
}

fn read_days(row: &Row<'_>, column: usize) -> Result<Vec<NaiveDate>, StoreError> {
    let text: String = row.get(column)?;
    parts(&text)
        .map(|part| part.parse().map_err(|_| no_day(column)))
        .collect()
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|part| !part.is_empty())
}

fn no_day(column: usize) -> StoreError {
    StoreError::Decode {
        column,
        source: "no day".into(),
    }
}
