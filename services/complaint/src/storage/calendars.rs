//! Opening hours of dealers.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use marque_auth::Scope;
use marque_db::{Conn, Row, StoreError, Value, lock_key};

use crate::domain::Hours;

/// Keeps a dealer's hours as they are until the transaction ends, beside others who do: for whoever writes what hangs on them, the clocks
/// and the version of a case above all. Who changes the hours holds no case of the dealer, of which there may be more than PostgreSQL has
/// locks: he waits for those who share the hours. So they are shared before a case is held and before any row of one is written.
pub(crate) fn share_hours(conn: &mut Conn<'_>, dealer: &str) -> Result<(), StoreError> {
    conn.lock_shared(hours_key(dealer))
}

/// Keeps the hours of some dealers as they are ([`share_hours`]).
pub(crate) fn share_hours_of<'a>(
    conn: &mut Conn<'_>,
    dealers: impl IntoIterator<Item = &'a str>,
) -> Result<(), StoreError> {
    conn.share_keys(&mut dealers.into_iter().map(hours_key).collect())
}

/// Waits until nobody shares a dealer's hours, and lets nobody do so until the transaction ends.
pub(crate) fn lock_hours(conn: &mut Conn<'_>, dealer: &str) -> Result<(), StoreError> {
    conn.lock_keys(&mut vec![hours_key(dealer)])
}

fn hours_key(dealer: &str) -> i64 {
    lock_key(format!("hours\u{1f}{dealer}").as_bytes())
}

const COLUMNS: &str =
    "d.opens, d.closes, d.offset_minutes, d.every_day, d.closed_days, d.open_days";

/// A dealer's hours (those of most dealers if he has told none), and the revision of the years of working days.
pub(crate) fn find_hours(
    conn: &mut Conn<'_>,
    _: &Scope,
    dealer: &str,
) -> Result<(Hours, i64), StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, (SELECT coalesce(max(revision), 0) FROM work_years)
         FROM (SELECT 1 AS one) AS always LEFT JOIN dealer_calendars AS d ON d.dealer = ?1"
    );
    let found = conn.query_opt(&sql, &[dealer.into()], |row| {
        let is_told = row.get::<Option<i64>>(0)?.is_some();
        let hours = if is_told {
            read_hours(row)?
        } else {
            Hours::default()
        };
        Ok((hours, row.get(6)?))
    })?;
    Ok(found.unwrap_or_default())
}

/// The hours of those of some dealers who have told theirs.
pub(crate) fn told_hours(
    conn: &mut Conn<'_>,
    dealers: &[&str],
) -> Result<HashMap<String, Hours>, StoreError> {
    let keys: Vec<Value<'_>> = dealers.iter().copied().map(Value::Text).collect();
    let sql =
        format!("SELECT {COLUMNS}, d.dealer FROM dealer_calendars AS d WHERE d.dealer IN (??)");
    let told = conn.query_in(&sql, &[], &keys, |row| Ok((row.get(6)?, read_hours(row)?)))?;
    Ok(told.into_iter().collect())
}

fn read_hours(row: &Row<'_>) -> Result<Hours, StoreError> {
    Ok(Hours {
        opens: row.get(0)?,
        closes: row.get(1)?,
        offset_minutes: row.get(2)?,
        every_day: row.get(3)?,
        closed: read_days(&row.get::<String>(4)?),
        open: read_days(&row.get::<String>(5)?),
    })
}

/// Remembers a dealer's hours.
pub(crate) fn put_hours(
    conn: &mut Conn<'_>,
    dealer: &str,
    hours: &Hours,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO dealer_calendars (dealer, opens, closes, offset_minutes, every_day, closed_days, open_days)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (dealer) DO UPDATE SET opens = excluded.opens, closes = excluded.closes,
             offset_minutes = excluded.offset_minutes, every_day = excluded.every_day,
             closed_days = excluded.closed_days, open_days = excluded.open_days",
        &[
            dealer.into(),
            hours.opens.into(),
            hours.closes.into(),
            hours.offset_minutes.into(),
            hours.every_day.into(),
            (&write_days(&hours.closed)).into(),
            (&write_days(&hours.open)).into(),
        ],
    )?;
    Ok(())
}

fn read_days(text: &str) -> BTreeSet<NaiveDate> {
    text.split(',').filter_map(|day| day.parse().ok()).collect()
}

fn write_days(days: &BTreeSet<NaiveDate>) -> String {
    let days: Vec<String> = days.iter().map(NaiveDate::to_string).collect();
    days.join(",")
}
