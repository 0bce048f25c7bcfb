//! Findings of stored records.

use marque_auth::Scope;
use marque_core::{FindingId, PageRequest, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use marque_quality::RecordKind;
use uuid::Uuid;

use super::{
    broken,
    clerks::staff_clause,
    newest::{older_than, place_of},
};
use crate::domain::{Finding, FindingState, Found, Staff, kind_of, severity_code, severity_of};

const FINDING: &str =
    "id, record, kind, dealer, department, clerk, field, rule, other, number, severity, strength,
    standard, state, opened_at, changed_at, reopened, reason, value, repeats";

/// How a finding is kept that headquarters waived; to callers it is a waived one.
const EXCUSED: &str = "excused";

const fn kept_state(finding: &Finding) -> &'static str {
    if finding.is_excused {
        EXCUSED
    } else {
        finding.state.code()
    }
}

fn read(row: &Row<'_>) -> Result<Finding, StoreError> {
    let (kind, state): (String, String) = (row.get(2)?, row.get(13)?);
    let is_excused = state == EXCUSED;
    let state = if is_excused {
        FindingState::Waived.code()
    } else {
        &state
    };
    Ok(Finding {
        id: FindingId::from(row.get::<Uuid>(0)?),
        record: row.get(1)?,
        kind: kind_of(&kind).ok_or_else(|| broken("kind of finding"))?,
        dealer: row.get(3)?,
        department: row.get(4)?,
        clerk: row.get(5)?,
        found: Found {
            field: row.get(6)?,
            rule: row.get(7)?,
            other: row.get(8)?,
            number: row.get(9)?,
            severity: severity_of(row.get(10)?),
            strength: row.get(11)?,
            value: row.get(18)?,
            repeats: row.get(19)?,
        },
        standard: row.get(12)?,
        is_excused,
        state: FindingState::of(state).ok_or_else(|| broken("state of finding"))?,
        opened_at: row.get(14)?,
        changed_at: row.get(15)?,
        reopened: row.get(16)?,
        reason: row.get(17)?,
    })
}

/// All findings of records, whatever their state.
pub(crate) fn findings_of(
    conn: &mut Conn<'_>,
    records: &[Uuid],
) -> Result<Vec<Finding>, StoreError> {
    let keys: Vec<Value<'_>> = records.iter().map(|id| (*id).into()).collect();
    let sql = format!("SELECT {FINDING} FROM findings WHERE record IN (??)");
    conn.query_in(&sql, &[], &keys, read)
}

/// Keeps findings, new or changed.
pub(crate) fn put_findings(conn: &mut Conn<'_>, findings: &[Finding]) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = findings
        .iter()
        .flat_map(|finding| {
            let found = &finding.found;
            [
                finding.id.uuid().into(),
                finding.record.into(),
                finding.kind.code().into(),
                (&finding.dealer).into(),
                (&finding.department).into(),
                (&finding.clerk).into(),
                (&found.field).into(),
                (&found.rule).into(),
                (&found.other).into(),
                found.number.into(),
                severity_code(found.severity).into(),
                found.strength.into(),
                finding.standard.into(),
                kept_state(finding).into(),
                finding.opened_at.into(),
                finding.changed_at.into(),
                finding.reopened.into(),
                (&finding.reason).into(),
                found.value.into(),
                found.repeats.into(),
            ]
        })
        .collect();
    let columns = [
        "id",
        "record",
        "kind",
        "dealer",
        "department",
        "clerk",
        "field",
        "rule",
        "other",
        "number",
        "severity",
        "strength",
        "standard",
        "state",
        "opened_at",
        "changed_at",
        "reopened",
        "reason",
        "value",
        "repeats",
    ];
    let on_conflict = "ON CONFLICT (id) DO UPDATE SET dealer = excluded.dealer, department = excluded.department,
        clerk = excluded.clerk, other = excluded.other, number = excluded.number, severity = excluded.severity, strength = excluded.strength,
        standard = excluded.standard, state = excluded.state, changed_at = excluded.changed_at,
        reopened = excluded.reopened, reason = excluded.reason, value = excluded.value,
        repeats = excluded.repeats";
    conn.insert_many("findings", &columns, on_conflict, &values)
}

/// Which findings.
#[derive(Debug, Clone, Default)]
pub(crate) struct FindingFilter {
    pub(crate) kind: Option<RecordKind>,
    pub(crate) dealer: String,
    pub(crate) clerk: String,
    pub(crate) rule: String,
    pub(crate) field: String,
    /// Open if not said.
    pub(crate) state: Option<FindingState>,
    pub(crate) record: Option<Uuid>,
}

/// Findings of a scope, newest first.
pub(crate) fn list_findings(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &FindingFilter,
    page: &PageRequest,
) -> Result<Vec<Finding>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 7);
    let (at, id) = older_than(page);
    // A record has few findings: SQLite would rather pass over all there are in the order of an index, which a sum does not have.
    let (of_record, opened) = if filter.record.is_some() {
        ("record = ?11", "opened_at + 0")
    } else {
        ("CAST(?11 AS TEXT) IS NULL", "opened_at")
    };
    let of_dealer = if filter.dealer.is_empty() {
        "?3 = ''"
    } else {
        "dealer = ?3"
    };
    let state = filter.state.unwrap_or(FindingState::Open);
    // For two states SQLite would sort all findings of a dealer; for one it reads them in the order of their index.
    let (or_else, in_state) = if state == FindingState::Waived {
        (EXCUSED, "state IN (?1, ?12)")
    } else {
        (state.code(), "state = ?1 AND ?12 <> ''")
    };
    let sql = format!(
        "SELECT {FINDING} FROM findings
         WHERE {in_state} AND (?2 = '' OR kind = ?2) AND {of_dealer} AND (?4 = '' OR clerk = ?4)
           AND (?5 = '' OR rule = ?5) AND (?6 = '' OR field = ?6) AND {clause}
           AND ({opened} < ?8 OR {opened} = ?8 AND id < ?9) AND {of_record}
         ORDER BY {opened} DESC, id DESC LIMIT ?10"
    );
    let values = [
        state.code().into(),
        filter.kind.map_or("", RecordKind::code).into(),
        (&filter.dealer).into(),
        (&filter.clerk).into(),
        (&filter.rule).into(),
        (&filter.field).into(),
        key,
        at.into(),
        id.into(),
        page.size.into(),
        Value::from(filter.record),
        or_else.into(),
    ];
    conn.query(&sql, &values, read)
}

/// One finding of a scope.
pub(crate) fn find_finding(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: FindingId,
) -> Result<Option<Finding>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 2);
    let sql = format!("SELECT {FINDING} FROM findings WHERE id = ?1 AND {clause}");
    conn.query_opt(&sql, &[id.uuid().into(), key], read)
}

/// How often a rule is broken.
#[derive(Debug, Clone)]
pub(crate) struct RuleCount {
    pub(crate) field: String,
    pub(crate) rule: String,
    pub(crate) open: i64,
}

/// Open findings of a scope, of a dealer of it or of some of his people, by rule, most frequent first.
pub(crate) fn rule_counts(
    conn: &mut Conn<'_>,
    scope: &Scope,
    kind: RecordKind,
    (dealer, staff): (&str, Staff<'_>),
) -> Result<Vec<RuleCount>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 3);
    let (whose, name) = staff_clause(staff, ("clerk", "department"), 4);
    let of_dealer = if dealer.is_empty() {
        "?1 = ''"
    } else {
        "dealer = ?1"
    };
    let sql = format!(
        "SELECT field, rule, count(*) AS open FROM findings
         WHERE {of_dealer} AND state = 'open' AND kind = ?2 AND {clause} AND {whose}
         GROUP BY field, rule ORDER BY open DESC, field, rule"
    );
    let values = [dealer.into(), kind.code().into(), key, name];
    conn.query(&sql, &values, |row| {
        Ok(RuleCount {
            field: row.get(0)?,
            rule: row.get(1)?,
            open: row.get(2)?,
        })
    })
}

/// How many records of a dealer, or of one of his clerks, came to bear a sign after an instant and bear it still.
pub(crate) fn count_signs_since(
    conn: &mut Conn<'_>,
    (dealer, clerk): (&str, &str),
    sign: &str,
    since: Timestamp,
) -> Result<i64, StoreError> {
    let found = conn.query_opt(
        "SELECT count(*) FROM findings WHERE dealer = ?1 AND state = 'open'
           AND kind IN ('customers', 'visits') AND rule = ?2 AND changed_at > ?3 AND (?4 = '' OR clerk = ?4)",
        &[dealer.into(), sign.into(), since.into(), clerk.into()],
        |row| row.get(0),
    )?;
    Ok(found.unwrap_or(0))
}

impl Finding {
    /// The finding's place in the list.
    pub(crate) fn position(&self) -> String {
        place_of(self.opened_at, self.id.uuid())
    }
}
