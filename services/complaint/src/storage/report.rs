//! What reports are made of.

use std::collections::HashMap;

use marque_auth::Scope;
use marque_core::Timestamp;
use marque_db::{Conn, Row, StoreError};
use marque_events::dealer_clause;
use uuid::Uuid;

use crate::domain::{Fact, Severity, Timing, Zone, age_of, join_spellings};

/// Columns that cases can be grouped by, as callers name them.
const GROUPS: [(&str, &str); 12] = [
    ("dealer", "c.dealer"),
    ("department", "c.department"),
    ("category", "c.category"),
    ("part", "c.part"),
    ("model", "coalesce(v.model, '')"),
    ("severity", "c.severity"),
    ("channel", "c.channel"),
    ("tier", "c.tier"),
    ("month", "c.opened_at"),
    ("satisfaction", "c.satisfied_handling"),
    ("age", "c.opened_at"),
    ("all", "''"),
];

/// The names that cases can be grouped by.
pub(crate) fn group_names() -> Vec<&'static str> {
    GROUPS.iter().map(|(name, _)| *name).collect()
}

/// Cases in the scope that were opened in a span, grouped by a column; nothing if there is no such group. Ages are counted
/// until `now`, months are those of the zone.
pub(crate) fn list_facts(
    conn: &mut Conn<'_>,
    scope: &Scope,
    (from, until): (Timestamp, Timestamp),
    by: &str,
    (now, zone): (Timestamp, Zone),
) -> Result<Option<Vec<Fact>>, StoreError> {
    let Some((name, column)) = GROUPS.iter().find(|(name, _)| *name == by) else {
        return Ok(None);
    };
    let (clause, dealers) = dealer_clause(scope, "c.dealer", 3);
    let sql = format!(
        "SELECT {column}, c.opened_at, c.is_open, c.state, c.satisfied_resolution, c.satisfied_handling,
                f.standing, f.used, f.is_overdue, r.standing, r.used, r.is_overdue,
                (SELECT count(*) FROM complaint_compensations AS k WHERE k.complaint_id = c.id AND k.state = 'approved'),
                (SELECT CAST(coalesce(sum(k.amount), 0) AS BIGINT) FROM complaint_compensations AS k
                 WHERE k.complaint_id = c.id AND k.state = 'approved'),
                c.id
         FROM complaints AS c
         LEFT JOIN car_facts AS v ON v.vin = c.vin
         LEFT JOIN complaint_clocks AS f ON f.complaint_id = c.id AND f.kind = 1
         LEFT JOIN complaint_clocks AS r ON r.complaint_id = c.id AND r.kind = 3
         WHERE c.opened_at >= ?1 AND c.opened_at < ?2 AND {clause}"
    );
    let mut rounds = earlier_rounds(conn, scope, (from, until))?;
    let mut facts = conn.query(&sql, &[from.into(), until.into(), dealers], |row| {
        let (opened_at, is_open) = (row.get(1)?, row.get(2)?);
        let key = match *name {
            "severity" => Severity::of_rank(row.get(0)?).code().to_owned(),
            "month" => zone.month_of(opened_at),
            // Nobody asked is no grade.
            "satisfaction" => match row.get::<i64>(0)? {
                0 => String::new(),
                grade => grade.to_string(),
            },
            "age" => age_of(opened_at, is_open, now).to_owned(),
            _ => row.get(0)?,
        };
        let mut resolutions = rounds.remove(&row.get(14)?).unwrap_or_default();
        let came_back = resolutions.iter().any(|round| round.is_met);
        resolutions.extend(timing(row, 9)?);
        Ok(Fact {
            key,
            opened_at,
            is_open,
            is_withdrawn: row.get::<String>(3)? == "withdrawn",
            came_back,
            satisfaction: [row.get(4)?, row.get(5)?],
            first_response: timing(row, 6)?,
            resolutions,
            compensated: [row.get(12)?, row.get(13)?],
        })
    })?;
    if *name == "part" {
        join_spellings(&mut facts);
    }
    Ok(Some(facts))
}

/// How the resolutions of cases ended before they were re-opened.
fn earlier_rounds(
    conn: &mut Conn<'_>,
    scope: &Scope,
    (from, until): (Timestamp, Timestamp),
) -> Result<HashMap<Uuid, Vec<Timing>>, StoreError> {
    let (clause, dealers) = dealer_clause(scope, "c.dealer", 3);
    let sql = format!(
        "SELECT c.id, r.standing, r.used, r.is_overdue
         FROM complaint_clock_rounds AS r JOIN complaints AS c ON c.id = r.complaint_id
         WHERE r.kind = 3 AND c.opened_at >= ?1 AND c.opened_at < ?2 AND {clause} ORDER BY c.id, r.round"
    );
    let mut rounds: HashMap<Uuid, Vec<Timing>> = HashMap::new();
    for (case, round) in conn.query(&sql, &[from.into(), until.into(), dealers], |row| {
        Ok((row.get(0)?, timing(row, 1)?))
    })? {
        rounds.entry(case).or_default().extend(round);
    }
    Ok(rounds)
}

/// A clock's three columns; nothing where the case has none, such as history of a file.
fn timing(row: &Row<'_>, column: usize) -> Result<Option<Timing>, StoreError> {
    let Some(standing) = row.get::<Option<i64>>(column)? else {
        return Ok(None);
    };
    Ok(Some(Timing {
        is_met: standing == 2,
        used: row.get(column + 1)?,
        is_overdue: row.get(column + 2)?,
    }))
}
