//! What clusters are counted from, and the alerts that came of it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use marque_auth::Scope;
use marque_core::{ComplaintId, PageRequest, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use crate::domain::{Alert, Baseline, Cluster, Finding, Spelled, folded_code};

/// How many cars complained, each once: in the span, and in the past before it.
const HITS: &str = "count(DISTINCT CASE WHEN c.opened_at >= ?2 THEN c.vin END), count(DISTINCT CASE WHEN c.opened_at < ?2 THEN c.vin END)";
/// Of which cases.
const COMPLAINED: &str = "complaints AS c JOIN car_facts AS v ON v.vin = c.vin
    WHERE c.opened_at >= ?1 AND c.opened_at <= ?3 AND v.model <> '' AND c.state <> 'withdrawn'";

/// Cars that complained of each part, however it was spelled, by model and model year: in the span, and in the past before it. A car
/// counts once in each, however often it complained.
pub(crate) fn count_complaining_cars(
    conn: &mut Conn<'_>,
    past_from: Timestamp,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<(Cluster, [i64; 2])>, StoreError> {
    let span = [past_from.into(), from.into(), until.into()];
    let sql = format!(
        "SELECT v.model, v.model_year, {HITS}, c.part FROM {COMPLAINED} AND c.part <> '' GROUP BY c.part, v.model, v.model_year"
    );
    let mut counted = conn.query(&sql, &span, |row| read_hits(row, row.get(4)?))?;
    let several = spelled_variously(&counted);
    let spellings: BTreeSet<&String> = several.iter().flatten().collect();
    counted.retain(|(cluster, _)| !spellings.contains(&cluster.part));
    for spellings in &several {
        counted.extend(count_together(conn, &span, spellings)?);
    }
    Ok(counted)
}

/// The spellings of each part that has several, the commonest of each first.
fn spelled_variously(counted: &[(Cluster, [i64; 2])]) -> Vec<Vec<String>> {
    let mut parts = Spelled::default();
    for (cluster, [in_span, before]) in counted {
        parts.count(&cluster.part, in_span + before);
    }
    parts.various()
}

/// Cars that complained of one part, by model and model year. It goes by the first of its spellings.
fn count_together(
    conn: &mut Conn<'_>,
    span: &[Value<'_>],
    spellings: &[String],
) -> Result<Vec<(Cluster, [i64; 2])>, StoreError> {
    let part = spellings.first().cloned().unwrap_or_default();
    let keys: Vec<Value<'_>> = spellings.iter().map(Value::from).collect();
    let sql = format!(
        "SELECT v.model, v.model_year, {HITS} FROM {COMPLAINED} AND c.part IN (??) GROUP BY v.model, v.model_year"
    );
    conn.query_in(&sql, span, &keys, |row| read_hits(row, part.clone()))
}

fn read_hits(row: &Row<'_>, part: String) -> Result<(Cluster, [i64; 2]), StoreError> {
    let cluster = Cluster {
        part,
        model: row.get(0)?,
        model_year: row.get(1)?,
    };
    Ok((cluster, [row.get(2)?, row.get(3)?]))
}

/// Cars there are, by model and model year.
pub(crate) fn count_cars(conn: &mut Conn<'_>) -> Result<BTreeMap<(String, i64), i64>, StoreError> {
    let sql = "SELECT model, model_year, count(*) FROM car_facts WHERE model <> '' GROUP BY model, model_year";
    let counts = conn.query(sql, &[], |row| {
        Ok(((row.get(0)?, row.get(1)?), row.get::<i64>(2)?))
    })?;
    Ok(counts.into_iter().collect())
}

/// When the last case changed, and how many cases there are: several may change at one instant.
pub(crate) type LastChange = (Option<Timestamp>, i64);

/// When a case last changed; nothing while there is none.
pub(crate) fn last_change(conn: &mut Conn<'_>) -> Result<LastChange, StoreError> {
    let sql = "SELECT max(updated_at), count(*) FROM complaints";
    let last = conn.query_opt(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(last.unwrap_or_default())
}

const COLUMNS: &str = "id, part, model, model_year, span_from, span_to, hit, fleet, baseline, baseline_hit, baseline_fleet, \
     expected, p_value, q_value, raised_at, seen_at";

/// The last alert of a cluster, however its part was spelled, that was still so at an instant or later.
pub(crate) fn find_alert(
    conn: &mut Conn<'_>,
    cluster: &Cluster,
    since: Timestamp,
) -> Result<Option<Alert>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM cluster_alerts
         WHERE model = ?1 AND model_year = ?2 AND seen_at >= ?3 ORDER BY seen_at DESC"
    );
    let values = [
        (&cluster.model).into(),
        cluster.model_year.into(),
        since.into(),
    ];
    let part = folded_code(&cluster.part);
    let mut alerts = conn.query(&sql, &values, read)?.into_iter();
    Ok(alerts.find(|alert| folded_code(&alert.finding.cluster.part) == part))
}

/// Writes an alert, new or with the numbers of today.
pub(crate) fn put_alert(conn: &mut Conn<'_>, alert: &Alert) -> Result<(), StoreError> {
    let found = &alert.finding;
    let sql = format!(
        "INSERT INTO cluster_alerts ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (id) DO UPDATE SET part = excluded.part, span_from = excluded.span_from, span_to = excluded.span_to, hit = excluded.hit,
             fleet = excluded.fleet, baseline = excluded.baseline, baseline_hit = excluded.baseline_hit,
             baseline_fleet = excluded.baseline_fleet, expected = excluded.expected, p_value = excluded.p_value,
             q_value = excluded.q_value, seen_at = excluded.seen_at"
    );
    let values = [
        alert.id.into(),
        (&found.cluster.part).into(),
        (&found.cluster.model).into(),
        found.cluster.model_year.into(),
        alert.span.0.into(),
        alert.span.1.into(),
        found.hit.into(),
        found.fleet.into(),
        found.baseline.code().into(),
        found.baseline_hit.into(),
        found.baseline_fleet.into(),
        found.expected.into(),
        found.p_value.into(),
        found.q_value.into(),
        alert.raised_at.into(),
        alert.seen_at.into(),
    ];
    conn.execute(&sql, &values)?;
    Ok(())
}

/// A page of the alerts, newest first. They are of the whole network: only headquarters sees them.
pub(crate) fn list_alerts(
    conn: &mut Conn<'_>,
    _: &Scope,
    page: &PageRequest,
) -> Result<Vec<Alert>, StoreError> {
    let (at, id) = page
        .after
        .as_ref()
        .and_then(|token| read_key(&token.key))
        .unwrap_or((Timestamp::from_micros(i64::MAX), Uuid::max()));
    let sql = format!(
        "SELECT {COLUMNS} FROM cluster_alerts WHERE (raised_at, id) < (?1, ?2)
         ORDER BY raised_at DESC, id DESC LIMIT ?3"
    );
    conn.query(&sql, &[at.into(), id.into(), page.size.into()], read)
}

/// Cases shown of an alert.
const MOST_CASES: usize = 50;

/// How parts are spelled that cases name, by the code of each.
#[derive(Debug)]
pub(crate) struct Spellings(BTreeMap<String, Vec<String>>);

/// Every spelling of a part that a case names: one step of the index for each, however many cases there are.
pub(crate) fn spellings(conn: &mut Conn<'_>) -> Result<Spellings, StoreError> {
    let sql = "WITH RECURSIVE spelled (part) AS (
                   SELECT min(part) FROM complaints WHERE part <> ''
                   UNION ALL
                   SELECT (SELECT min(c.part) FROM complaints AS c WHERE c.part <> '' AND c.part > spelled.part)
                   FROM spelled WHERE spelled.part IS NOT NULL)
               SELECT part FROM spelled WHERE part IS NOT NULL";
    let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in conn.query(sql, &[], |row| row.get::<String>(0))? {
        parts.entry(folded_code(&part)).or_default().push(part);
    }
    Ok(Spellings(parts))
}

/// The cases of an alert, newest first, at most [`MOST_CASES`].
pub(crate) fn cases_of_alert(
    conn: &mut Conn<'_>,
    _: &Scope,
    (alert, Spellings(parts)): (&Alert, &Spellings),
) -> Result<Vec<ComplaintId>, StoreError> {
    let cluster = &alert.finding.cluster;
    let sql = format!(
        "SELECT c.opened_at, c.id FROM complaints AS c JOIN car_facts AS v ON v.vin = c.vin
         WHERE c.part = ?1 AND c.part <> '' AND c.opened_at >= ?2 AND c.opened_at <= ?3 AND v.model = ?4
             AND v.model_year = ?5 AND c.state <> 'withdrawn'
         ORDER BY c.opened_at DESC, c.id DESC LIMIT {MOST_CASES}"
    );
    let mut cases: Vec<(Timestamp, Uuid)> = Vec::new();
    for spelled in parts.get(&folded_code(&cluster.part)).into_iter().flatten() {
        let values = [
            spelled.into(),
            alert.span.0.into(),
            alert.span.1.into(),
            (&cluster.model).into(),
            cluster.model_year.into(),
        ];
        cases.extend(conn.query(&sql, &values, |row| Ok((row.get(0)?, row.get(1)?)))?);
    }
    cases.sort_unstable_by_key(|case| Reverse(*case));
    cases.truncate(MOST_CASES);
    Ok(cases.into_iter().map(|(_, id)| id.into()).collect())
}

impl Alert {
    /// The sort key of a page token.
    pub(crate) fn page_key(&self) -> String {
        format!("{}|{}", self.raised_at.as_micros(), self.id)
    }
}

fn read_key(key: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = key.split_once('|')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
}

fn read(row: &Row<'_>) -> Result<Alert, StoreError> {
    Ok(Alert {
        id: row.get(0)?,
        finding: Finding {
            cluster: Cluster {
                part: row.get(1)?,
                model: row.get(2)?,
                model_year: row.get(3)?,
            },
            hit: row.get(6)?,
            fleet: row.get(7)?,
            baseline: Baseline::parse(&row.get::<String>(8)?),
            baseline_hit: row.get(9)?,
            baseline_fleet: row.get(10)?,
            expected: row.get(11)?,
            p_value: row.get(12)?,
            q_value: row.get(13)?,
        },
        span: (row.get(4)?, row.get(5)?),
        raised_at: row.get(14)?,
        seen_at: row.get(15)?,
    })
}
