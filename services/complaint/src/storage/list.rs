//! Lists of cases, newest first or by what is due soonest.

use marque_auth::Scope;
use marque_core::{CustomerId, PageRequest, Timestamp};
use marque_db::{Conn, StoreError, Value};
use marque_events::dealer_clause;
use uuid::Uuid;

use super::{CaseStore, cases::read_columns};
use crate::domain::{Case, Severity, State};

/// What comes first in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Order {
    /// The newest.
    #[default]
    Opened,
    /// What is due next, the longest overdue first; only cases of which a clock runs.
    Due,
}

/// Which cases are wanted; what is empty does not count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) order: Order,
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
    /// Only cases of which a clock runs out until then.
    pub(crate) due_until: Option<Timestamp>,
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

/// A case at its place in a list.
pub(crate) struct Listed {
    pub(crate) case: Case,
    /// What the list is sorted by.
    at: Timestamp,
}

impl Listed {
    /// The sort key of a page token.
    pub(crate) fn page_key(&self) -> String {
        format!("{}|{}", self.at.as_micros(), self.case.id.uuid())
    }
}

impl Order {
    /// Where rows are read from.
    fn tables(self, filter: &Filter) -> &'static str {
        match self {
            Self::Opened => "complaints",
            // The few cases of a customer or a car are found by who and which it is.
            Self::Due if filter.customer.is_some() || !filter.vin.is_empty() => {
                "complaint_clocks AS soonest, complaints"
            }
            // Of all others the clocks come first, as their index has them: the cases of a page and hardly another are looked up.
            Self::Due => "complaint_clocks AS soonest CROSS JOIN complaints",
        }
    }

    /// The instant rows are sorted by, and how.
    const fn sorting(self) -> (&'static str, &'static str) {
        match self {
            Self::Opened => ("opened_at", "opened_at DESC, id DESC"),
            Self::Due => ("soonest.due_at", "soonest.due_at, soonest.complaint_id"),
        }
    }

    /// What rows have to be: after the last of the page before, and of a case's clocks the one that runs out first.
    const fn clause(self) -> &'static str {
        match self {
            Self::Opened => "(opened_at, id) < (?1, ?2)",
            Self::Due => {
                "complaints.id = soonest.complaint_id AND soonest.due_at IS NOT NULL
                 AND (soonest.due_at, soonest.complaint_id) > (?1, ?2)
                 AND NOT EXISTS (SELECT 1 FROM complaint_clocks AS sooner
                     WHERE sooner.complaint_id = soonest.complaint_id AND (sooner.due_at, sooner.kind) < (soonest.due_at, soonest.kind))"
            }
        }
    }

    /// Before the first row.
    const fn start(self) -> (Timestamp, Uuid) {
        match self {
            Self::Opened => (Timestamp::from_micros(i64::MAX), Uuid::max()),
            Self::Due => (Timestamp::from_micros(i64::MIN), Uuid::nil()),
        }
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
    ) -> Result<Vec<Listed>, StoreError> {
        let after = page.after.as_ref();
        let (at, id) = after
            .and_then(|token| read_key(&token.key))
            .unwrap_or(filter.order.start());
        let mut clauses = Clauses {
            sql: filter.order.clause().to_owned(),
            values: vec![at.into(), id.into()],
        };
        let is_across = filter.across_dealers && !filter.compensation_asked;
        if !is_across && !matches!(scope, Scope::Customer(_) | Scope::Headquarters) {
            let (clause, dealers) = dealer_clause(scope, "complaints.dealer", 3);
            clauses.sql.push_str(" AND ");
            clauses.sql.push_str(&clause);
            clauses.values.push(dealers);
            if let (Scope::Dealer(own), Order::Due) = (scope, filter.order) {
                // Of the clock once more, as the index has it: else everybody's would be read in vain.
                clauses.add("soonest.dealer = #", own.as_str().into());
            }
        }
        filter.narrow(&mut clauses);
        let Clauses { sql, mut values } = clauses;
        values.push(page.size.into());
        let tables = filter.order.tables(filter);
        let (key, order) = filter.order.sorting();
        let sql = format!(
            "SELECT {}, {key} FROM {tables} WHERE {sql} ORDER BY {order} LIMIT ?{}",
            read_columns(),
            values.len()
        );
        conn.query(&sql, &values, |row| {
            Ok(Listed {
                case: self.read(row)?,
                at: row.get(30)?,
            })
        })
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
            ("complaints.dealer = #", &self.dealer),
            ("vin = #", &self.vin),
            ("category = #", &self.category),
            ("department = #", &self.department),
        ];
        for (condition, value) in texts {
            if !value.is_empty() {
                clauses.add(condition, value.into());
            }
        }
        self.narrow_by_clocks(clauses);
        if self.level > 0 {
            clauses.add("level >= #", self.level.into());
        }
        if self.compensation_asked {
            clauses.sql.push_str(
                " AND id IN (SELECT complaint_id FROM complaint_compensations WHERE state = 'asked')",
            );
        }
    }

    fn narrow_by_clocks<'a>(&'a self, clauses: &mut Clauses<'a>) {
        if self.overdue {
            clauses.add(
                "EXISTS (SELECT 1 FROM complaint_clocks AS clock
                 WHERE clock.complaint_id = complaints.id AND (clock.is_overdue OR clock.due_at < #))",
                self.now.into(),
            );
        }
        if self.order == Order::Due && !self.dealer.is_empty() {
            clauses.add("soonest.dealer = #", (&self.dealer).into());
        }
        if let Some(until) = self.due_until {
            let condition = match self.order {
                Order::Due => "soonest.due_at <= #",
                Order::Opened => {
                    "EXISTS (SELECT 1 FROM complaint_clocks AS clock
                     WHERE clock.complaint_id = complaints.id AND clock.due_at <= #)"
                }
            };
            clauses.add(condition, until.into());
        }
    }
}

fn read_key(key: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = key.split_once('|')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
}
