//! Sums: added to with every record, read by scorecards.

use std::collections::BTreeMap;

use marque_auth::Scope;
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use marque_quality::RecordKind;

use super::{
    broken,
    clerks::staff_clause,
    means::{means_blob, put_means},
    points::{points_blob, read_points, read_purpose},
};
use crate::domain::{Counter, CounterKey, Staff, Sums, kind_of};

/// Adds changes to the sums. Each row is read once and written once, however many records changed it: the caller holds the lock
/// ([`super::lock`]), so nobody else adds to it meanwhile.
pub(crate) fn add_counters(
    conn: &mut Conn<'_>,
    changes: &BTreeMap<CounterKey, Sums>,
) -> Result<(), StoreError> {
    let changes: Vec<(&CounterKey, &Sums)> = changes.iter().collect();
    let (mut changed, mut means) = (Vec::with_capacity(changes.len()), Vec::new());
    for of_month in changes.chunk_by(|(one, _), (other, _)| one.month() == other.month()) {
        let mut known = known_of(conn, of_month[0].0)?;
        for (key, change) in of_month {
            let sums = known.entry(key.clerk.clone()).or_default();
            sums.merge(change);
            if sums.0.is_empty() {
                known.remove(&key.clerk);
                delete(conn, key)?;
            } else {
                changed.push((*key, points_blob(sums)));
            }
        }
        if let Some((key, _)) = of_month.iter().find(|(key, _)| !key.clerk.is_empty()) {
            let clerks = known.iter().filter(|(clerk, _)| !clerk.is_empty());
            let named = clerks.map(|(clerk, sums)| (clerk.as_str(), sums));
            means.push((*key, means_blob(named)));
        }
    }
    insert(conn, &changed, true)?;
    put_means(conn, &means, true)
}

/// The sums of a dealer in a month, under no name, and of each of his clerks.
fn known_of(conn: &mut Conn<'_>, key: &CounterKey) -> Result<BTreeMap<String, Sums>, StoreError> {
    let values = values(key);
    let mut known: BTreeMap<String, Sums> = conn
        .query(
            "SELECT clerk, points FROM clerk_sums WHERE kind = ?1 AND dealer = ?2 AND period = ?3",
            &values[..3],
            |row| Ok((row.get(0)?, read_points(&row.get::<Vec<u8>>(1)?)?)),
        )?
        .into_iter()
        .collect();
    let own = conn.query_opt(
        "SELECT points FROM dealer_sums WHERE kind = ?1 AND dealer = ?2 AND period = ?3",
        &values[..3],
        |row| read_points(&row.get::<Vec<u8>>(0)?),
    )?;
    known.extend(own.map(|own| (String::new(), own)));
    Ok(known)
}

fn delete(conn: &mut Conn<'_>, key: &CounterKey) -> Result<(), StoreError> {
    let values = values(key);
    if key.clerk.is_empty() {
        let sql = "DELETE FROM dealer_sums WHERE kind = ?1 AND dealer = ?2 AND period = ?3";
        conn.execute(sql, &values[..3])?;
    } else {
        let sql =
            "DELETE FROM clerk_sums WHERE kind = ?1 AND dealer = ?2 AND period = ?3 AND clerk = ?4";
        conn.execute(sql, &values)?;
    }
    Ok(())
}

fn values(key: &CounterKey) -> [Value<'_>; 4] {
    [
        key.kind.code().into(),
        (&key.dealer).into(),
        (&key.period).into(),
        (&key.clerk).into(),
    ]
}

/// Writes sums, `may_be_there` in place of those there are.
fn insert(
    conn: &mut Conn<'_>,
    rows: &[(&CounterKey, Vec<u8>)],
    may_be_there: bool,
) -> Result<(), StoreError> {
    let (mut own, mut of_clerks) = (Vec::new(), Vec::with_capacity(rows.len() * 5));
    for (key, blob) in rows {
        let [kind, dealer, period, clerk] = values(key);
        if key.clerk.is_empty() {
            own.extend([kind, dealer, period, blob.into()]);
        } else {
            of_clerks.extend([kind, dealer, period, clerk, blob.into()]);
        }
    }
    let [on_own, on_clerks] = [
        "ON CONFLICT (kind, period, dealer) DO UPDATE SET points = excluded.points",
        "ON CONFLICT (kind, dealer, period, clerk) DO UPDATE SET points = excluded.points",
    ]
    .map(|clause| if may_be_there { clause } else { "" });
    let columns = ["kind", "dealer", "period", "points"];
    conn.insert_many("dealer_sums", &columns, on_own, &own)?;
    let columns = ["kind", "dealer", "period", "clerk", "points"];
    conn.insert_many("clerk_sums", &columns, on_clerks, &of_clerks)
}

/// Puts sums in the place of all there are.
pub(crate) fn replace_counters(
    conn: &mut Conn<'_>,
    sums: &BTreeMap<CounterKey, Sums>,
) -> Result<(), StoreError> {
    conn.execute("DELETE FROM dealer_sums", &[])?;
    conn.execute("DELETE FROM clerk_sums", &[])?;
    let rows: Vec<(&CounterKey, Vec<u8>)> = sums
        .iter()
        .map(|(key, sums)| (key, points_blob(sums)))
        .collect();
    insert(conn, &rows, false)
}

/// All sums.
pub(crate) fn all_counters(conn: &mut Conn<'_>) -> Result<BTreeMap<CounterKey, Sums>, StoreError> {
    let mut all = BTreeMap::new();
    for sql in [
        "SELECT kind, dealer, period, '', points FROM dealer_sums",
        "SELECT kind, dealer, period, clerk, points FROM clerk_sums",
    ] {
        let rows = conn.query(sql, &[], |row| {
            let kind: String = row.get(0)?;
            let key = CounterKey {
                kind: kind_of(&kind).ok_or_else(|| broken("kind of sums"))?,
                dealer: row.get(1)?,
                period: row.get(2)?,
                clerk: row.get(3)?,
            };
            Ok((key, read_points(&row.get::<Vec<u8>>(4)?)?))
        })?;
        all.extend(rows);
    }
    Ok(all)
}

/// The sums of a dealer's clerks for a kind of records, month by month.
pub(super) fn sums_of_clerks(
    conn: &mut Conn<'_>,
    (kind, dealer): (RecordKind, &str),
) -> Result<BTreeMap<CounterKey, Sums>, StoreError> {
    let rows = conn.query(
        "SELECT period, clerk, points FROM clerk_sums WHERE kind = ?1 AND dealer = ?2",
        &[kind.code().into(), dealer.into()],
        |row| {
            let key = CounterKey {
                kind,
                dealer: dealer.to_owned(),
                period: row.get(0)?,
                clerk: row.get(1)?,
            };
            Ok((key, read_points(&row.get::<Vec<u8>>(2)?)?))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// Which cards.
#[derive(Debug, Clone)]
pub(crate) struct CardFilter {
    pub(crate) kind: RecordKind,
    pub(crate) purpose: String,
    /// Month; empty for all time.
    pub(crate) period: String,
    /// One dealer; empty for all of the scope.
    pub(crate) dealer: String,
    /// One region; empty for all of the scope.
    pub(crate) region: String,
}

/// A counter and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct CardRow {
    pub(crate) dealer: String,
    pub(crate) region: String,
    pub(crate) department: String,
    pub(crate) clerk: String,
    pub(crate) period: String,
    pub(crate) counter: Counter,
}

/// The sums of dealers of a scope, in no order.
pub(crate) fn list_dealers(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
) -> Result<Vec<CardRow>, StoreError> {
    let columns = "own.points, '', '', own.dealer, own.period";
    let (sql, values) = of_dealers(columns, "dealer_sums", scope, filter);
    let mut rows = conn.query(&sql, &values, |row| read_card(row, &filter.purpose))?;
    rows.retain(|row| row.counter.records > 0);
    Ok(rows)
}

/// A query for some columns of a table that has a row for each dealer's month, and the region after them, with its values.
pub(super) fn of_dealers<'a>(
    columns: &str,
    table: &str,
    scope: &'a Scope,
    filter: &'a CardFilter,
) -> (String, [Value<'a>; 5]) {
    let (clause, key) = dealer_clause(scope, "own.dealer", 5);
    let dealer = if filter.dealer.is_empty() {
        "?3 = ''"
    } else {
        "own.dealer = ?3"
    };
    let sql = format!(
        "SELECT {columns}, coalesce(dealer_regions.region, '')
         FROM {table} AS own LEFT JOIN dealer_regions ON dealer_regions.dealer = own.dealer
         WHERE own.kind = ?1 AND own.period = ?2 AND {dealer}
           AND (?4 = '' OR dealer_regions.region = ?4) AND {clause}"
    );
    let values = [
        filter.kind.code().into(),
        (&filter.period).into(),
        (&filter.dealer).into(),
        (&filter.region).into(),
        key,
    ];
    (sql, values)
}

/// The sums of all clerks of some dealers, in no order, with the departments they work in.
pub(crate) fn clerks_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
    dealers: &[&str],
) -> Result<Vec<CardRow>, StoreError> {
    let (clause, key) = dealer_clause(scope, "own.dealer", 3);
    let sql = format!(
        "SELECT own.points, coalesce(clerks.department, ''), own.clerk, own.dealer, own.period, coalesce(dealer_regions.region, '')
         FROM clerk_sums AS own LEFT JOIN clerks ON clerks.dealer = own.dealer AND clerks.clerk = own.clerk
         LEFT JOIN dealer_regions ON dealer_regions.dealer = own.dealer
         WHERE own.kind = ?1 AND own.period = ?2 AND own.dealer IN (??) AND {clause}"
    );
    let fixed = [filter.kind.code().into(), (&filter.period).into(), key];
    let dealers: Vec<Value<'_>> = dealers.iter().map(|dealer| (*dealer).into()).collect();
    let mut rows = conn.query_in(&sql, &fixed, &dealers, |row| {
        read_card(row, &filter.purpose)
    })?;
    rows.retain(|row| row.counter.records > 0);
    Ok(rows)
}

/// The sums of all departments of some dealers, in no order.
pub(crate) fn departments_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
    dealers: &[&str],
) -> Result<Vec<CardRow>, StoreError> {
    let mut clerks = clerks_of(conn, scope, filter, dealers)?;
    clerks.retain(|clerk| !clerk.department.is_empty());
    Ok(by_department(clerks))
}

/// Sums of clerks added up, by department and month.
fn by_department(rows: Vec<CardRow>) -> Vec<CardRow> {
    let mut departments: BTreeMap<(String, String, String), CardRow> = BTreeMap::new();
    for row in rows {
        let whose = (
            row.dealer.clone(),
            row.department.clone(),
            row.period.clone(),
        );
        let sum = departments.entry(whose).or_insert_with(|| CardRow {
            clerk: String::new(),
            counter: Counter::default(),
            ..row.clone()
        });
        sum.counter.add(&row.counter);
    }
    departments.into_values().collect()
}

/// The sums of a clerk or department of one dealer in each month from one on, oldest first.
pub(crate) fn months_of_staff(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
    (staff, from): (Staff<'_>, &str),
) -> Result<Vec<CardRow>, StoreError> {
    let (clause, key) = dealer_clause(scope, "own.dealer", 4);
    let (whose, name) = staff_clause(staff, ("own.clerk", "clerks.department"), 5);
    let sql = format!(
        "SELECT own.points, coalesce(clerks.department, ''), own.clerk, own.dealer, own.period, coalesce(dealer_regions.region, '')
         FROM clerk_sums AS own LEFT JOIN clerks ON clerks.dealer = own.dealer AND clerks.clerk = own.clerk
         LEFT JOIN dealer_regions ON dealer_regions.dealer = own.dealer
         WHERE own.kind = ?1 AND own.dealer = ?2 AND own.period >= ?3 AND {clause} AND {whose}
         ORDER BY own.period"
    );
    let values = [
        filter.kind.code().into(),
        (&filter.dealer).into(),
        from.into(),
        key,
        name,
    ];
    let mut rows = conn.query(&sql, &values, |row| read_card(row, &filter.purpose))?;
    rows.retain(|row| row.counter.records > 0);
    Ok(match staff {
        Staff::Department(_) => by_department(rows),
        Staff::All | Staff::Clerk(_) => rows,
    })
}

/// The sums of all dealers of a region in each month from one on, oldest first: of no dealer by himself.
pub(crate) fn months_of_region(
    conn: &mut Conn<'_>,
    filter: &CardFilter,
    (region, from): (&str, &str),
) -> Result<Vec<(String, Counter)>, StoreError> {
    // A cross join, so that SQLite begins with the region's few dealers and not with everybody's months.
    let rows = conn.query(
        "SELECT own.points, own.period FROM dealer_regions CROSS JOIN dealer_sums AS own
         WHERE dealer_regions.region = ?1 AND own.kind = ?2 AND own.dealer = dealer_regions.dealer AND own.period >= ?3",
        &[region.into(), filter.kind.code().into(), from.into()],
        |row| {
            let counter = read_purpose(&row.get::<Vec<u8>>(0)?, &filter.purpose)?;
            Ok((row.get::<String>(1)?, counter))
        },
    )?;
    let mut months: BTreeMap<String, Counter> = BTreeMap::new();
    for (period, counter) in rows {
        months.entry(period).or_default().add(&counter);
    }
    months.retain(|_, counter| counter.records > 0);
    Ok(months.into_iter().collect())
}

/// The newest months in which a region has records of the kind, newest first.
pub(crate) fn newest_months_of_region(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    region: &str,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    conn.query(
        "SELECT DISTINCT own.period FROM dealer_regions CROSS JOIN dealer_sums AS own
         WHERE dealer_regions.region = ?1 AND own.kind = ?2 AND own.dealer = dealer_regions.dealer AND own.period > ''
         ORDER BY own.period DESC LIMIT ?3",
        &[region.into(), kind.code().into(), limit.into()],
        |row| row.get(0),
    )
}

/// Whether a dealer is in the region.
pub(crate) fn is_region(conn: &mut Conn<'_>, region: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM dealer_regions WHERE region = ?1 LIMIT 1";
    Ok(conn.query_opt(sql, &[region.into()], |_| Ok(()))?.is_some())
}

/// The newest months of a dealer, newest first.
pub(crate) fn months_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
    limit: u32,
) -> Result<Vec<CardRow>, StoreError> {
    let (clause, key) = dealer_clause(scope, "own.dealer", 3);
    let sql = format!(
        "SELECT points, '', '', own.dealer, period, coalesce(dealer_regions.region, '')
         FROM dealer_sums AS own LEFT JOIN dealer_regions ON dealer_regions.dealer = own.dealer
         WHERE kind = ?1 AND own.dealer = ?2 AND period > '' AND {clause}
         ORDER BY period DESC LIMIT ?4"
    );
    let values = [
        filter.kind.code().into(),
        (&filter.dealer).into(),
        key,
        limit.into(),
    ];
    let mut rows = conn.query(&sql, &values, |row| read_card(row, &filter.purpose))?;
    rows.retain(|row| row.counter.records > 0);
    Ok(rows)
}

fn read_card(row: &Row<'_>, purpose: &str) -> Result<CardRow, StoreError> {
    Ok(CardRow {
        counter: read_purpose(&row.get::<Vec<u8>>(0)?, purpose)?,
        department: row.get(1)?,
        clerk: row.get(2)?,
        dealer: row.get(3)?,
        period: row.get(4)?,
        region: row.get(5)?,
    })
}

/// The region of a dealer in the scope; `None` if there is no such dealer for the caller.
pub(crate) fn region_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    dealer: &str,
) -> Result<Option<String>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 2);
    let sql = format!("SELECT region FROM dealer_regions WHERE dealer = ?1 AND {clause}");
    conn.query_opt(&sql, &[dealer.into(), key], |row| row.get(0))
}
