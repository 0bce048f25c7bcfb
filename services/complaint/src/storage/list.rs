//! Lists of cases, newest first.

use marque_auth::Scope;
use marque_core::{CustomerId, PageRequest, Timestamp};
use marque_db::{Conn, StoreError, Value};
use marque_events::dealer_clause;
use uuid::Uuid;

use super::{CaseStore, cases::read_columns};
use crate::domain::{Case, Severity, State};

/// Which cases are wanted; what is empty does not count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) state: Option<State>,
    pub(crate) only_open: bool,
    pub(crate) dealer: String,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) vin: String,
    pub(crate) severity: Option<Severity>,
    pub(crate) category: String,
    pub(crate) department: String,
    /// At least this step of the escalation.
    pub(crate) level: i64,
    /// Only cases of which a clock has run out.
    pub(crate) overdue: bool,
    /// The time; needed with `overdue`.
    pub(crate) now: Timestamp,
    /// Only cases with a compensation that waits for its decision; never another dealer's, who knows it alone.
    pub(crate) compensation_asked: bool,
    /// Cases of the customer at other dealers too, for a caller who knows him.
    pub(crate) across_dealers: bool,
}

/// A clause of a query as it grows.
pub(super) struct Clauses<'a> {
    pub(super) sql: String,
    pub(super) values: Vec<Value<'a>>,
}

impl<'a> Clauses<'a> {
    /// Adds a condition; `#` stands for its value's parameter.
    pub(super) fn add(&mut self, condition: &str, value: Value<'a>) {
        self.values.push(value);
        let number = format!("?{}", self.values.len());
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition.replace('#', &number));
    }
}

impl CaseStore {
    /// A page of the cases in a scope. `customer` must be the current one.
    pub(crate) fn list(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        filter: &Filter,
        page: &PageRequest,
    ) -> Result<Vec<Case>, StoreError> {
        let (at, id) = page
            .after
            .as_ref()
            .and_then(|token| read_key(&token.key))
            .unwrap_or(END);
        let mut clauses = Clauses {
            sql: "(opened_at, id) < (?1, ?2)".to_owned(),
            values: vec![at.into(), id.into()],
        };
        let is_across = filter.across_dealers && !filter.compensation_asked;
        if !is_across && !matches!(scope, Scope::Customer(_) | Scope::Headquarters) {
            let (clause, dealers) = dealer_clause(scope, "dealer", 3);
            clauses.sql.push_str(" AND ");
            clauses.sql.push_str(&clause);
            clauses.values.push(dealers);
        }
        filter.narrow(&mut clauses);
        let Clauses { sql, mut values } = clauses;
        values.push(page.size.into());
        let sql = format!(
            "SELECT {} FROM complaints WHERE {sql} ORDER BY opened_at DESC, id DESC LIMIT ?{}",
            read_columns(),
            values.len()
        );
        conn.query(&sql, &values, |row| self.read(row))
    }
}

impl Filter {
    fn narrow<'a>(&'a self, clauses: &mut Clauses<'a>) {
        if let Some(state) = self.state {
            clauses.add("state = #", state.code().into());
        }
        if self.only_open {
            clauses.sql.push_str(" AND is_open");
        }
        if let Some(customer) = self.customer {
            clauses.add("customer_id = #", customer.uuid().into());
        }
        if let Some(severity) = self.severity {
            clauses.add("severity = #", severity.rank().into());
        }
        let texts = [
            ("dealer = #", &self.dealer),
            ("vin = #", &self.vin),
            ("category = #", &self.category),
            ("department = #", &self.department),
        ];
        for (condition, value) in texts {
            if !value.is_empty() {
                clauses.add(condition, value.into());
            }
        }
        if self.level > 0 {
            clauses.add("level >= #", self.level.into());
        }
        if self.compensation_asked {
            clauses.sql.push_str(
                " AND id IN (SELECT complaint_id FROM complaint_compensations WHERE state = 'asked')",
            );
        }
        if self.overdue {
            clauses.add(
                "EXISTS (SELECT 1 FROM complaint_clocks AS clock
                 WHERE clock.complaint_id = complaints.id AND (clock.is_overdue OR clock.due_at < #))",
                self.now.into(),
            );
        }
    }
}

impl Case {
    /// The sort key of a page token.
    pub(crate) fn page_key(&self) -> String {
        format!("{}|{}", self.opened_at.as_micros(), self.id.uuid())
    }
}

/// After every case.
const END: (Timestamp, Uuid) = (Timestamp::from_micros(i64::MAX), Uuid::max());

fn read_key(key: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = key.split_once('|')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
}
