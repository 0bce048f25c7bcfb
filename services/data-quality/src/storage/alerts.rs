//! Alerts and what came of them.

use marque_auth::Scope;
use marque_core::{AlertId, PageRequest, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use uuid::Uuid;

use super::{
    broken,
    newest::{older_than, place_of},
};
use crate::domain::{Alert, AlertKind, AlertState, Figures, NewAlert};

const ALERT: &str = "id, kind, dealer, clerk, detail, state, snoozed_until, outcome, remark, raised_at, changed_at, changed_by,
    figures";

fn read(row: &Row<'_>) -> Result<Alert, StoreError> {
    let (kind, state): (String, String) = (row.get(1)?, row.get(5)?);
    Ok(Alert {
        id: AlertId::from(row.get::<Uuid>(0)?),
        kind: AlertKind::of(&kind).ok_or_else(|| broken("kind of alert"))?,
        dealer: row.get(2)?,
        clerk: row.get(3)?,
        detail: row.get(4)?,
        state: AlertState::of(&state).ok_or_else(|| broken("state of alert"))?,
        snoozed_until: row.get(6)?,
        outcome: row.get(7)?,
        remark: row.get(8)?,
        raised_at: row.get(9)?,
        changed_at: row.get(10)?,
        changed_by: row.get(11)?,
        figures: Figures::read(&row.get::<String>(12)?),
    })
}

/// The newest alert about the same thing. Of a fall of the score the month is no part: a dealer has one open at a time.
pub(crate) fn last_alert(
    conn: &mut Conn<'_>,
    alert: &NewAlert,
) -> Result<Option<Alert>, StoreError> {
    let sql = format!(
        "SELECT {ALERT} FROM alerts WHERE dealer = ?1 AND kind = ?2 AND clerk = ?3 AND (?4 = '' OR detail = ?4)
         ORDER BY raised_at DESC, id DESC LIMIT 1"
    );
    let detail = match alert.kind {
        AlertKind::ScoreFell => "",
        AlertKind::BurstStarted | AlertKind::EntriesLookInvented => &alert.detail,
    };
    let values = [
        (&alert.dealer).into(),
        alert.kind.code().into(),
        (&alert.clerk).into(),
        detail.into(),
    ];
    conn.query_opt(&sql, &values, read)
}

/// Keeps a new alert.
pub(crate) fn insert_alert(conn: &mut Conn<'_>, alert: &Alert) -> Result<(), StoreError> {
    let figures = alert.figures.text();
    let values = [
        alert.id.uuid().into(),
        alert.kind.code().into(),
        (&alert.dealer).into(),
        (&alert.clerk).into(),
        (&alert.detail).into(),
        alert.state.code().into(),
        alert.snoozed_until.into(),
        (&alert.outcome).into(),
        (&alert.remark).into(),
        alert.raised_at.into(),
        alert.changed_at.into(),
        (&alert.changed_by).into(),
        (&figures).into(),
    ];
    let columns: Vec<&str> = ALERT.split(',').map(str::trim).collect();
    conn.insert_many("alerts", &columns, "", &values)
}

/// Keeps what somebody said about an alert.
pub(crate) fn put_alert(conn: &mut Conn<'_>, alert: &Alert) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE alerts SET state = ?2, snoozed_until = ?3, outcome = ?4, remark = ?5, changed_at = ?6, changed_by = ?7
         WHERE id = ?1",
        &[
            alert.id.uuid().into(),
            alert.state.code().into(),
            alert.snoozed_until.into(),
            (&alert.outcome).into(),
            (&alert.remark).into(),
            alert.changed_at.into(),
            (&alert.changed_by).into(),
        ],
    )?;
    Ok(())
}

/// One alert of a scope.
pub(crate) fn find_alert(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: AlertId,
) -> Result<Option<Alert>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 2);
    let sql = format!("SELECT {ALERT} FROM alerts WHERE id = ?1 AND {clause}");
    conn.query_opt(&sql, &[id.uuid().into(), key], read)
}

/// Which alerts.
#[derive(Debug, Clone)]
pub(crate) struct AlertFilter {
    /// `None` for all. Snoozed ones that woke are open.
    pub(crate) state: Option<AlertState>,
    pub(crate) dealer: String,
    pub(crate) now: Timestamp,
}

/// Alerts of a scope, newest first, as they stand now.
pub(crate) fn list_alerts(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &AlertFilter,
    page: &PageRequest,
) -> Result<Vec<Alert>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 3);
    let state = match filter.state {
        None => "?1 <> '' AND CAST(?2 AS BIGINT) <> 0",
        Some(AlertState::Open) => "(state = ?1 OR state = 'snoozed' AND snoozed_until <= ?2)",
        Some(AlertState::Snoozed) => "state = ?1 AND snoozed_until > ?2",
        Some(_) => "state = ?1 AND CAST(?2 AS BIGINT) <> 0",
    };
    let sql = format!(
        "SELECT {ALERT} FROM alerts WHERE {state} AND {clause} AND (?4 = '' OR dealer = ?4)
           AND (raised_at < ?5 OR raised_at = ?5 AND id < ?6)
         ORDER BY raised_at DESC, id DESC LIMIT ?7"
    );
    let (at, id) = older_than(page);
    let values = [
        filter.state.map_or("all", AlertState::code).into(),
        filter.now.into(),
        key,
        (&filter.dealer).into(),
        at.into(),
        id.into(),
        Value::from(page.size),
    ];
    conn.query(&sql, &values, |row| Ok(read(row)?.at(filter.now)))
}

impl Alert {
    /// The alert's place in the list.
    pub(crate) fn position(&self) -> String {
        place_of(self.raised_at, self.id.uuid())
    }
}
