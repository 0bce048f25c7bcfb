//! Retention and cohorts: who came, and who came again.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Months, NaiveDate};
use marque_auth::Scope;
use marque_core::{CustomerId, Timestamp, business_date};
use marque_db::Conn;
use marque_insight::churn::{cohorts, retention};
use rustc_hash::{FxHashMap, FxHashSet};

use super::ReportQuestion;
use crate::{
    domain::{By, Cell, Holds, Table},
    error::Result,
    storage::{self, Coming},
};

/// Which group a visit or who made it belongs to.
struct Grouping<'a> {
    asked: &'a ReportQuestion,
    /// By VIN, for models.
    models: FxHashMap<String, String>,
    /// By dealer, for regions.
    regions: FxHashMap<String, String>,
    /// By customer, for occupations and ages.
    customers: FxHashMap<CustomerId, String>,
}

impl<'a> Grouping<'a> {
    fn read(conn: &mut Conn<'_>, scope: &Scope, asked: &'a ReportQuestion) -> Result<Self> {
        let mut grouping = Self {
            asked,
            models: FxHashMap::default(),
            regions: FxHashMap::default(),
            customers: FxHashMap::default(),
        };
        match asked.by {
            By::Model => grouping.models = storage::models_by_vin(conn)?.into_iter().collect(),
            By::Region => grouping.regions = storage::regions(conn)?.into_iter().collect(),
            By::Occupation | By::Age => {
                let mut groups = storage::groups(conn, scope, asked.of())?;
                // Of who has two occupations, the same one counts each time.
                groups.sort_unstable();
                grouping.customers = groups.into_iter().collect();
            }
            By::All | By::Dealer | By::Cohort => {}
        }
        Ok(grouping)
    }

    /// The group of a visit whose customer first came on `joined`.
    fn of(&self, coming: &Coming, joined: NaiveDate) -> String {
        let known = |group: Option<&String>| group.cloned().unwrap_or_default();
        let group = match self.asked.by {
            By::All => String::new(),
            By::Dealer => coming.dealer.clone(),
            By::Region => known(self.regions.get(&coming.dealer)),
            By::Model => known(self.models.get(&coming.vin)),
            By::Occupation | By::Age => known(self.customers.get(&coming.customer)),
            By::Cohort => quarter(joined),
        };
        self.asked.named(&group)
    }
}

/// Of those who came in the year before the period, by the group of their last visit in it, who came again.
pub(super) fn retained(
    conn: &mut Conn<'_>,
    scope: &Scope,
    asked: &ReportQuestion,
    from: Timestamp,
) -> Result<Table> {
    let year_before = business_date(from)
        .checked_sub_months(Months::new(12))
        .unwrap_or(NaiveDate::MIN);
    let comings = storage::comings_before(conn, scope, asked.to, asked.only)?;
    let mut last: FxHashMap<CustomerId, &Coming> = FxHashMap::default();
    let mut first: FxHashMap<CustomerId, NaiveDate> = FxHashMap::default();
    let mut came: FxHashSet<CustomerId> = FxHashSet::default();
    for coming in &comings {
        first
            .entry(coming.customer)
            .or_insert_with(|| business_date(coming.at));
        if coming.at >= from {
            came.insert(coming.customer);
        } else if business_date(coming.at) >= year_before {
            last.insert(coming.customer, coming);
        }
    }
    let grouping = Grouping::read(conn, scope, asked)?;
    let customers = last.values().map(|coming| {
        let group = grouping.of(coming, first[&coming.customer]);
        (group, came.contains(&coming.customer))
    });
    let rows = retention(customers).into_iter().map(|(group, retention)| {
        let rate = retention.rate().unwrap_or_default();
        vec![
            Cell::Text(group),
            Cell::Number(retention.start as f64),
            Cell::Number(retention.retained as f64),
            Cell::Number(rate),
            Cell::Number(1.0 - rate),
        ]
    });
    Ok(Table {
        columns: vec![
            ("group", Holds::Text),
            ("customers", Holds::Integer),
            ("retained", Holds::Integer),
            ("retention_rate", Holds::Number),
            ("churn_rate", Holds::Number),
        ],
        rows: rows.collect(),
    })
}

/// By quarter of the first visit, and by the group of that visit, how many came in each quarter after it.
pub(super) fn cohort_table(
    conn: &mut Conn<'_>,
    scope: &Scope,
    asked: &ReportQuestion,
) -> Result<Table> {
    let comings = storage::comings_before(conn, scope, asked.to, asked.only)?;
    let grouping = Grouping::read(conn, scope, asked)?;
    let mut first: FxHashMap<CustomerId, (NaiveDate, String)> = FxHashMap::default();
    let mut seen: BTreeMap<String, Vec<(String, CustomerId, usize)>> = BTreeMap::new();
    for coming in &comings {
        let day = business_date(coming.at);
        let (joined, group) = first
            .entry(coming.customer)
            .or_insert_with(|| (day, grouping.of(coming, day)));
        let period = usize::try_from(quarters(day) - quarters(*joined)).unwrap_or(0);
        let cohort = (quarter(*joined), coming.customer, period);
        seen.entry(group.clone()).or_default().push(cohort);
    }
    let mut rows = Vec::new();
    for (group, seen) in seen {
        for (cohort, counts) in cohorts(seen) {
            let size = counts.first().copied().unwrap_or(0).max(1);
            rows.extend(counts.into_iter().enumerate().map(|(period, count)| {
                vec![
                    Cell::Text(group.clone()),
                    Cell::Text(cohort.clone()),
                    Cell::Number(period as f64),
                    Cell::Number(count as f64),
                    Cell::Number(count as f64 / size as f64),
                ]
            }));
        }
    }
    Ok(Table {
        columns: vec![
            ("group", Holds::Text),
            ("cohort", Holds::Text),
            ("quarter", Holds::Integer),
            ("customers", Holds::Integer),
            ("share", Holds::Number),
        ],
        rows,
    })
}

fn quarters(day: NaiveDate) -> i32 {
    day.year() * 4 + day.month0() as i32 / 3
}

fn quarter(day: NaiveDate) -> String {
    format!("{}-Q{}", day.year(), day.month0() / 3 + 1)
}
