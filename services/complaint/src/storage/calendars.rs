//! Opening hours of dealers.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use marque_auth::Scope;
use marque_db::{Conn, StoreError, lock_key};

use crate::domain::Hours;

/// Keeps a dealer's hours as they are until the transaction ends, beside others who do: for whoever lets clocks begin by them, which he who
/// changes the hours cannot see yet. Before any case is held: he holds the cases afterwards.
pub(crate) fn share_hours(conn: &mut Conn<'_>, dealer: &str) -> Result<(), StoreError> {
    conn.lock_shared(hours_key(dealer))
}

/// Waits until nobody shares a dealer's hours, and lets nobody do so until the transaction ends.
pub(crate) fn lock_hours(conn: &mut Conn<'_>, dealer: &str) -> Result<(), StoreError> {
    conn.lock_keys(&mut vec![hours_key(dealer)])
}

fn hours_key(dealer: &str) -> i64 {
    lock_key(format!("hours\u{1f}{dealer}").as_bytes())
}

/// A dealer's hours (those of most dealers if he has told none), and the revision of the years of working days.
pub(crate) fn find_hours(
    conn: &mut Conn<'_>,
    _: &Scope,
    dealer: &str,
) -> Result<(Hours, i64), StoreError> {
    let found = conn.query_opt(
        "SELECT d.opens, d.closes, d.offset_minutes, d.every_day, d.closed_days, d.open_days,
                (SELECT coalesce(max(revision), 0) FROM work_years)
         FROM (SELECT 1 AS one) AS always LEFT JOIN dealer_calendars AS d ON d.dealer = ?1",
        &[dealer.into()],
        |row| {
            let revision = row.get(6)?;
            let Some(opens) = row.get::<Option<i64>>(0)? else {
                return Ok((Hours::default(), revision));
            };
            let hours = Hours {
                opens,
                closes: row.get(1)?,
                offset_minutes: row.get(2)?,
                every_day: row.get(3)?,
                closed: read_days(&row.get::<String>(4)?),
                open: read_days(&row.get::<String>(5)?),
            };
            Ok((hours, revision))
        },
    )?;
    Ok(found.unwrap_or_default())
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
