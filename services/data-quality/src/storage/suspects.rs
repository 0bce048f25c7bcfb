//! Dealers and clerks whose entries chance does not explain.

use marque_auth::Scope;
use marque_core::Timestamp;
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use marque_quality::falsification::Kind;

use super::broken;
use crate::domain::SignFigures;

/// A suspect as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeptSuspect {
    pub(crate) dealer: String,
    /// Empty for the dealer as a whole.
    pub(crate) clerk: String,
    pub(crate) kind: Kind,
    pub(crate) figures: SignFigures,
    pub(crate) since: Timestamp,
}

fn read(row: &Row<'_>) -> Result<KeptSuspect, StoreError> {
    let kind: String = row.get(2)?;
    Ok(KeptSuspect {
        dealer: row.get(0)?,
        clerk: row.get(1)?,
        kind: Kind::of_code(&kind).ok_or_else(|| broken("kind of sign"))?,
        figures: SignFigures {
            strength: row.get(3)?,
            p: row.get(4)?,
            bearing: row.get(5)?,
            looked_at: row.get(6)?,
            expected: row.get(8)?,
            q: row.get(9)?,
            burst_at: row.get(10)?,
        },
        since: row.get(7)?,
    })
}

/// Suspects of a scope, strongest evidence first. `clerks`: of clerks only, of dealers only, or of both.
pub(crate) fn list_suspects(
    conn: &mut Conn<'_>,
    scope: &Scope,
    dealer: &str,
    clerks: Option<bool>,
    limit: u32,
) -> Result<Vec<KeptSuspect>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 2);
    let level = match clerks {
        None => "1 = 1",
        Some(true) => "clerk <> ''",
        Some(false) => "clerk = ''",
    };
    let sql = format!(
        "SELECT dealer, clerk, kind, strength, p, bearing, looked_at, since, expected, q, burst_at FROM suspects
         WHERE (?1 = '' OR dealer = ?1) AND {clause} AND {level} ORDER BY p, dealer, clerk, kind LIMIT ?3"
    );
    conn.query(&sql, &[dealer.into(), key, limit.into()], read)
}

/// Puts suspects in the place of all there were.
pub(crate) fn replace_suspects(
    conn: &mut Conn<'_>,
    suspects: &[KeptSuspect],
) -> Result<(), StoreError> {
    conn.execute("DELETE FROM suspects", &[])?;
    let values: Vec<Value<'_>> = suspects
        .iter()
        .flat_map(|suspect| {
            let figures = &suspect.figures;
            [
                (&suspect.dealer).into(),
                (&suspect.clerk).into(),
                suspect.kind.code().into(),
                figures.strength.into(),
                figures.p.into(),
                figures.bearing.into(),
                figures.looked_at.into(),
                suspect.since.into(),
                figures.expected.into(),
                figures.q.into(),
                figures.burst_at.into(),
            ]
        })
        .collect();
    let columns = [
        "dealer",
        "clerk",
        "kind",
        "strength",
        "p",
        "bearing",
        "looked_at",
        "since",
        "expected",
        "q",
        "burst_at",
    ];
    conn.insert_many("suspects", &columns, "", &values)
}

/// When entries were last compared.
pub(crate) fn assessed_at(conn: &mut Conn<'_>) -> Result<Option<Timestamp>, StoreError> {
    conn.query_opt(
        "SELECT assessed_at FROM assessments WHERE kind = 'customers'",
        &[],
        |row| row.get(0),
    )
}

/// Notes that they were compared now.
pub(crate) fn mark_assessed(conn: &mut Conn<'_>, now: Timestamp) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO assessments (kind, assessed_at) VALUES ('customers', ?1)
         ON CONFLICT (kind) DO UPDATE SET assessed_at = excluded.assessed_at",
        &[now.into()],
    )?;
    Ok(())
}
