//! Counters: added to with every record, read by scorecards.

use marque_auth::Scope;
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use marque_quality::RecordKind;

use super::broken;
use crate::domain::{Counter, CounterKey, Counters, Level, kind_of};

const COLUMNS: [&str; 23] = [
    "kind",
    "purpose",
    "level",
    "period",
    "dealer",
    "department",
    "clerk",
    "records",
    "qualified",
    "suspicious",
    "total",
    "completeness",
    "validity",
    "accuracy",
    "consistency",
    "uniqueness",
    "timeliness",
    "completeness_n",
    "validity_n",
    "accuracy_n",
    "consistency_n",
    "uniqueness_n",
    "timeliness_n",
];
const SUMS: &str = "records, qualified, suspicious, total, completeness, validity, accuracy, consistency, uniqueness,
    timeliness, completeness_n, validity_n, accuracy_n, consistency_n, uniqueness_n, timeliness_n";

/// Adds changes to the counters.
pub(crate) fn add_counters(conn: &mut Conn<'_>, changes: &Counters) -> Result<(), StoreError> {
    let added: Vec<String> = COLUMNS[7..]
        .iter()
        .map(|column| format!("{column} = counters.{column} + excluded.{column}"))
        .collect();
    let on_conflict = format!(
        "ON CONFLICT (kind, purpose, level, period, dealer, department, clerk) DO UPDATE SET {}",
        added.join(", ")
    );
    insert(conn, changes, &on_conflict)
}

/// Puts counters in the place of all there are.
pub(crate) fn replace_counters(conn: &mut Conn<'_>, counters: &Counters) -> Result<(), StoreError> {
    conn.execute("DELETE FROM counters", &[])?;
    insert(conn, counters, "")
}

fn insert(conn: &mut Conn<'_>, counters: &Counters, on_conflict: &str) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = counters
        .0
        .iter()
        .flat_map(|(key, counter)| {
            let mut row: Vec<Value<'_>> = vec![
                key.kind.code().into(),
                (&key.purpose).into(),
                key.level.code().into(),
                (&key.period).into(),
                (&key.dealer).into(),
                (&key.department).into(),
                (&key.clerk).into(),
                counter.records.into(),
                counter.qualified.into(),
                counter.suspicious.into(),
                counter.total.into(),
            ];
            row.extend(counter.sums.map(Value::from));
            row.extend(counter.counts.map(Value::from));
            row
        })
        .collect();
    conn.insert_many("counters", &COLUMNS, on_conflict, &values)
}

/// All counters that count anything.
pub(crate) fn all_counters(conn: &mut Conn<'_>) -> Result<Counters, StoreError> {
    let sql = format!(
        "SELECT {SUMS}, kind, purpose, level, period, dealer, department, clerk FROM counters WHERE records <> 0"
    );
    let rows = conn.query(&sql, &[], |row| {
        let (kind, level): (String, String) = (row.get(16)?, row.get(18)?);
        let levels = [Level::Dealer, Level::Department, Level::Clerk];
        let level = levels.into_iter().find(|known| known.code() == level);
        let key = CounterKey {
            kind: kind_of(&kind).ok_or_else(|| broken("kind of counter"))?,
            purpose: row.get(17)?,
            level: level.ok_or_else(|| broken("level of counter"))?,
            period: row.get(19)?,
            dealer: row.get(20)?,
            department: row.get(21)?,
            clerk: row.get(22)?,
        };
        Ok((key, read_counter(row)?))
    })?;
    Ok(Counters(rows.into_iter().collect()))
}

fn read_counter(row: &Row<'_>) -> Result<Counter, StoreError> {
    let (mut sums, mut counts) = ([0; 6], [0; 6]);
    for at in 0..6 {
        sums[at] = row.get(4 + at)?;
        counts[at] = row.get(10 + at)?;
    }
    Ok(Counter {
        records: row.get(0)?,
        qualified: row.get(1)?,
        suspicious: row.get(2)?,
        total: row.get(3)?,
        sums,
        counts,
    })
}

/// Which cards.
#[derive(Debug, Clone)]
pub(crate) struct CardFilter {
    pub(crate) kind: RecordKind,
    pub(crate) purpose: String,
    pub(crate) level: Level,
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

/// Counters of a scope, in no order.
pub(crate) fn list_counters(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
) -> Result<Vec<CardRow>, StoreError> {
    let (clause, key) = dealer_clause(scope, "counters.dealer", 7);
    let sql = format!(
        "SELECT {SUMS}, counters.dealer, coalesce(dealer_regions.region, ''), department, clerk, period
         FROM counters LEFT JOIN dealer_regions ON dealer_regions.dealer = counters.dealer
         WHERE kind = ?1 AND purpose = ?2 AND level = ?3 AND period = ?4 AND (?5 = '' OR counters.dealer = ?5)
           AND (?6 = '' OR dealer_regions.region = ?6) AND {clause} AND records > 0"
    );
    let values = [
        filter.kind.code().into(),
        (&filter.purpose).into(),
        filter.level.code().into(),
        (&filter.period).into(),
        (&filter.dealer).into(),
        (&filter.region).into(),
        key,
    ];
    conn.query(&sql, &values, read_card)
}

/// The newest months of a dealer, newest first.
pub(crate) fn months_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
    limit: u32,
) -> Result<Vec<CardRow>, StoreError> {
    let (clause, key) = dealer_clause(scope, "counters.dealer", 5);
    let sql = format!(
        "SELECT {SUMS}, counters.dealer, coalesce(dealer_regions.region, ''), department, clerk, period
         FROM counters LEFT JOIN dealer_regions ON dealer_regions.dealer = counters.dealer
         WHERE kind = ?1 AND purpose = ?2 AND level = ?3 AND counters.dealer = ?4 AND period <> '' AND {clause}
           AND records > 0
         ORDER BY period DESC LIMIT ?6"
    );
    let values = [
        filter.kind.code().into(),
        (&filter.purpose).into(),
        filter.level.code().into(),
        (&filter.dealer).into(),
        key,
        limit.into(),
    ];
    conn.query(&sql, &values, read_card)
}

fn read_card(row: &Row<'_>) -> Result<CardRow, StoreError> {
    Ok(CardRow {
        dealer: row.get(16)?,
        region: row.get(17)?,
        department: row.get(18)?,
        clerk: row.get(19)?,
        period: row.get(20)?,
        counter: read_counter(row)?,
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
