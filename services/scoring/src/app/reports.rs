//! The analyst's reports: distributions, migrations, retention, cohorts, as of any past instant.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{Datelike as _, Months, NaiveDate};
use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, Timestamp, business_date};
use marque_db::Conn;
use marque_insight::{
    churn::{cohorts, retention},
    rank::{Kind, Tier},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::ScoreApp;
use crate::{
    domain::{By, Cell, Report, Table},
    error::{Error, Result},
    storage::{self, Coming, Past},
};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReportQuestion {
    pub(crate) report: Report,
    pub(crate) by: By,
    pub(crate) kind: Kind,
    /// As of this instant, or the end of the period.
    pub(crate) to: Timestamp,
    /// Beginning of the period, for what has one.
    pub(crate) from: Option<Timestamp>,
}

impl ScoreApp {
    /// Answers with a table of what the scope may see; ranks and tiers are of the whole network.
    pub(crate) async fn report(&self, ctx: CallContext, asked: ReportQuestion) -> Result<Table> {
        let needs_from = !matches!(
            asked.report,
            Report::Tiers | Report::Loyalty | Report::Cohorts
        );
        if needs_from && asked.from.is_none_or(|from| from >= asked.to) {
            let message = "the beginning of the period, before its end";
            return Err(Error::field("from", "MISSING", message));
        }
        self.db
            .scan(move |conn| answer(conn, ctx.scope(), &asked))
            .await
    }
}

fn answer(conn: &mut Conn<'_>, scope: &Scope, asked: &ReportQuestion) -> Result<Table> {
    let from = asked.from.unwrap_or_default();
    match asked.report {
        Report::Tiers => tiers(conn, scope, asked),
        Report::TierMigrations => {
            let at = |conn: &mut Conn<'_>, at| -> Result<FxHashMap<CustomerId, String>> {
                let named = ranked(conn, at)?
                    .into_iter()
                    .filter(|(past, _)| past.kind == asked.kind);
                Ok(named
                    .map(|(past, tier)| (past.customer, tier.key().to_owned()))
                    .collect())
            };
            let (before, after) = (at(conn, from)?, at(conn, asked.to)?);
            let seen = storage::groups(conn, scope, asked.by)?;
            Ok(migrations(&before, &after, &seen, (asked, "unscored")))
        }
        Report::Loyalty => loyalty(conn, scope, asked),
        Report::LoyaltyMigrations => {
            let before = storage::classes_at(conn, from)?.into_iter().collect();
            let after = storage::classes_at(conn, asked.to)?.into_iter().collect();
            let seen = storage::groups(conn, scope, asked.by)?;
            Ok(migrations(&before, &after, &seen, (asked, "none")))
        }
        Report::Retention => retained(conn, scope, asked, from),
        Report::Cohorts => cohort_table(conn, scope, asked),
    }
}

/// Everybody with the tier he had: an exact ranking of the sums as they stood.
fn ranked(conn: &mut Conn<'_>, at: Timestamp) -> Result<Vec<(Past, Tier)>> {
    let mut all = storage::scored_at(conn, at)?;
    all.sort_unstable_by_key(|past| (past.kind, Reverse(past.sum), past.customer));
    let mut ranked = Vec::with_capacity(all.len());
    for group in all.chunk_by(|left, right| left.kind == right.kind) {
        let size = group.len() as u64;
        ranked.extend(
            (1..)
                .zip(group)
                .map(|(rank, past)| (*past, Tier::of(rank, size))),
        );
    }
    Ok(ranked)
}

fn tiers(conn: &mut Conn<'_>, scope: &Scope, asked: &ReportQuestion) -> Result<Table> {
    let ranked: FxHashMap<CustomerId, (Past, Tier)> = ranked(conn, asked.to)?
        .into_iter()
        .filter(|(past, _)| past.kind == asked.kind)
        .map(|(past, tier)| (past.customer, (past, tier)))
        .collect();
    let mut groups: BTreeMap<(String, Tier), (u64, i64)> = BTreeMap::new();
    for (customer, group) in storage::groups(conn, scope, asked.by)? {
        if let Some((past, tier)) = ranked.get(&customer) {
            let entry = groups.entry((named(asked, &group), *tier)).or_default();
            *entry = (entry.0 + 1, entry.1 + past.hundredths);
        }
    }
    let row = |((group, tier), (count, sum)): ((String, Tier), (u64, i64))| {
        vec![
            Cell::Text(group),
            Cell::Text(tier.key().to_owned()),
            Cell::Number(count as f64),
            Cell::Number((sum as f64 / count as f64).round() / 100.0),
        ]
    };
    Ok(Table {
        columns: vec!["group", "tier", "customers", "mean_score"],
        rows: groups.into_iter().map(row).collect(),
    })
}

fn loyalty(conn: &mut Conn<'_>, scope: &Scope, asked: &ReportQuestion) -> Result<Table> {
    let classes: FxHashMap<CustomerId, String> =
        storage::classes_at(conn, asked.to)?.into_iter().collect();
    let mut groups: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (customer, group) in storage::groups(conn, scope, asked.by)? {
        if let Some(class) = classes.get(&customer) {
            *groups
                .entry((named(asked, &group), class.clone()))
                .or_default() += 1;
        }
    }
    let row = |((group, class), count): ((String, String), u64)| {
        vec![
            Cell::Text(group),
            Cell::Text(class),
            Cell::Number(count as f64),
        ]
    };
    Ok(Table {
        columns: vec!["group", "class", "customers"],
        rows: groups.into_iter().map(row).collect(),
    })
}

/// Who went from where to where; `nowhere` is the word for who was nowhere.
fn migrations(
    before: &FxHashMap<CustomerId, String>,
    after: &FxHashMap<CustomerId, String>,
    seen: &[(CustomerId, String)],
    (asked, nowhere): (&ReportQuestion, &str),
) -> Table {
    let mut moves: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for (customer, group) in seen {
        let (from, to) = (before.get(customer), after.get(customer));
        if from.is_none() && to.is_none() {
            continue;
        }
        let word = |place: Option<&String>| place.map_or(nowhere, String::as_str).to_owned();
        let key = (named(asked, group), word(from), word(to));
        *moves.entry(key).or_default() += 1;
    }
    let row = |((group, from, to), count): ((String, String, String), u64)| {
        vec![
            Cell::Text(group),
            Cell::Text(from),
            Cell::Text(to),
            Cell::Number(count as f64),
        ]
    };
    Table {
        columns: vec!["group", "from", "to", "customers"],
        rows: moves.into_iter().map(row).collect(),
    }
}

/// Of those who came in the year before the period, by the dealer or model of their last visit in it, who came again.
fn retained(
    conn: &mut Conn<'_>,
    scope: &Scope,
    asked: &ReportQuestion,
    from: Timestamp,
) -> Result<Table> {
    let year_before = business_date(from)
        .checked_sub_months(Months::new(12))
        .unwrap_or(NaiveDate::MIN);
    let comings = storage::comings_before(conn, scope, asked.to)?;
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
    let models: FxHashMap<String, String> = storage::models_by_vin(conn)?.into_iter().collect();
    let regions: FxHashMap<String, String> = storage::regions(conn)?.into_iter().collect();
    let group = |coming: &Coming| match asked.by {
        By::Dealer => coming.dealer.clone(),
        By::Region => regions.get(&coming.dealer).cloned().unwrap_or_default(),
        By::Model => models.get(&coming.vin).cloned().unwrap_or_default(),
        By::All | By::Occupation | By::Age => quarter(first[&coming.customer]),
    };
    let customers = last
        .values()
        .map(|coming| (group(coming), came.contains(&coming.customer)));
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
            "group",
            "customers",
            "retained",
            "retention_rate",
            "churn_rate",
        ],
        rows: rows.collect(),
    })
}

fn cohort_table(conn: &mut Conn<'_>, scope: &Scope, asked: &ReportQuestion) -> Result<Table> {
    let comings = storage::comings_before(conn, scope, asked.to)?;
    let mut first: FxHashMap<CustomerId, NaiveDate> = FxHashMap::default();
    let mut seen = Vec::with_capacity(comings.len());
    for coming in &comings {
        let day = business_date(coming.at);
        let joined = *first.entry(coming.customer).or_insert(day);
        let period = usize::try_from(quarters(day) - quarters(joined)).unwrap_or(0);
        seen.push((quarter(joined), coming.customer, period));
    }
    let table = cohorts(seen);
    let rows = table.into_iter().flat_map(|(cohort, counts)| {
        let size = counts.first().copied().unwrap_or(0);
        counts.into_iter().enumerate().map(move |(period, count)| {
            vec![
                Cell::Text(cohort.clone()),
                Cell::Number(period as f64),
                Cell::Number(count as f64),
                Cell::Number(count as f64 / size.max(1) as f64),
            ]
        })
    });
    Ok(Table {
        columns: vec!["cohort", "quarter", "customers", "share"],
        rows: rows.collect(),
    })
}

/// The name of a group; a birth year becomes a band of ages.
fn named(asked: &ReportQuestion, group: &str) -> String {
    let Some(year) = group.parse::<i32>().ok().filter(|_| asked.by == By::Age) else {
        return if group.is_empty() {
            "all".to_owned()
        } else {
            group.to_owned()
        };
    };
    let decade = (business_date(asked.to).year() - year).max(0) / 10 * 10;
    format!("{decade}-{}", decade + 9)
}

fn quarters(day: NaiveDate) -> i32 {
    day.year() * 4 + day.month0() as i32 / 3
}

fn quarter(day: NaiveDate) -> String {
    format!("{}-Q{}", day.year(), day.month0() / 3 + 1)
}
