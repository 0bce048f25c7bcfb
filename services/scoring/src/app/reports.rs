//! The analyst's reports on tiers, classes and degrees: distributions and migrations, as of any past instant.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{Datelike as _, NaiveDate};
use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, Timestamp, business_date};
use marque_db::Conn;
use marque_insight::{
    loyalty::Degrees,
    rank::{Kind, Tier},
};
use rustc_hash::FxHashMap;

use super::{ScoreApp, comings, past};
use crate::{
    domain::{By, Cell, Holds, Report, Table, Word, Words},
    error::{Error, Result},
    storage::{self, Groups, Past},
};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReportQuestion {
    pub(crate) report: Report,
    pub(crate) by: By,
    /// Whose ranks are told of.
    pub(crate) kind: Kind,
    /// Only customers of this kind; of both if `None`.
    pub(crate) only: Option<Kind>,
    /// As of this instant, or the end of the period.
    pub(crate) to: Timestamp,
    /// Beginning of the period, for what has one.
    pub(crate) from: Option<Timestamp>,
}

impl ReportQuestion {
    /// Whom it is of, and by what they are told apart. Classes by model are those with each model, so that who lost his car, and is
    /// lost to its model, is counted there.
    pub(super) fn of(&self) -> Groups {
        let is_of_classes = matches!(self.report, Report::Loyalty | Report::LoyaltyMigrations);
        Groups {
            by: self.by,
            kind: self.only,
            at: self.to,
            has_past_owners: is_of_classes,
        }
    }

    fn check(&self, today: NaiveDate) -> Result<()> {
        let has_period = matches!(
            self.report,
            Report::TierMigrations | Report::LoyaltyMigrations | Report::Retention
        );
        if has_period && self.from.is_none_or(|from| from >= self.to) {
            let message = "the beginning of the period, before its end";
            return Err(Error::field("from", "MISSING", message));
        }
        if has_period && self.from.is_some_and(|from| business_date(from) > today) {
            let message = "it lies in the future: a period that has begun";
            return Err(Error::field("from", "IN_FUTURE", message));
        }
        if self.by == By::Cohort && self.report != Report::Retention {
            let message = "cohort is for retention alone: dealer, region, model, occupation or age";
            return Err(Error::field("by", "UNKNOWN", message));
        }
        Ok(())
    }

    /// The name of a group; a birth year becomes a band of ages.
    pub(super) fn named(&self, group: &str) -> String {
        match (self.by, group) {
            (By::All, _) => "all".to_owned(),
            (_, "") => "unknown".to_owned(),
            (By::Age, year) => year
                .parse::<i32>()
                .map_or_else(|_| year.to_owned(), |year| self.band(year)),
            (_, group) => group.to_owned(),
        }
    }

    fn band(&self, birth_year: i32) -> String {
        let age = (business_date(self.to).year() - birth_year).max(0);
        let decade = age / 10 * 10;
        format!("{decade}-{}", decade + 9)
    }
}

impl ScoreApp {
    /// Answers with a table of what the scope may see; ranks and tiers are of the whole network.
    pub(crate) async fn report(&self, ctx: CallContext, asked: ReportQuestion) -> Result<Table> {
        asked.check(business_date(self.clock.now()))?;
        let app = self.clone();
        let read = self
            .db
            .report(move |conn| app.answer(conn, ctx.scope(), &asked));
        // On the heap: it is too large a future for the stack.
        Box::pin(read).await
    }

    fn answer(&self, conn: &mut Conn<'_>, scope: &Scope, asked: &ReportQuestion) -> Result<Table> {
        let today = business_date(self.clock.now());
        if asked.report == Report::Degrees && business_date(asked.to) < today {
            let fitted = self.assessor.fitted(conn)?;
            let past = past::degrees(conn, scope, asked, &fitted)?;
            return Ok(means(asked, past.degrees, past.each_for));
        }
        answer(conn, scope, asked)
    }
}

fn answer(conn: &mut Conn<'_>, scope: &Scope, asked: &ReportQuestion) -> Result<Table> {
    let from = asked.from.unwrap_or_default();
    match asked.report {
        Report::Scores => scores(conn, scope, asked),
        Report::Tiers => tiers(conn, scope, asked),
        Report::TierMigrations => {
            let (before, after) = (
                tiers_at(conn, from, asked.kind)?,
                tiers_at(conn, asked.to, asked.kind)?,
            );
            let seen = storage::groups(conn, scope, asked.of())?;
            Ok(migrations(&before, &after, &seen, (asked, "unscored")))
        }
        Report::Loyalty => loyalty(conn, scope, asked, Word::Class),
        Report::Ladder => loyalty(conn, scope, asked, Word::Rung),
        Report::Trust => loyalty(conn, scope, asked, Word::Trust),
        Report::LoyaltyMigrations => {
            let before = Said::of_loyalty(conn, Word::Class, (asked.by, from))?;
            let after = Said::of_loyalty(conn, Word::Class, (asked.by, asked.to))?;
            let seen = storage::groups(conn, scope, asked.of())?;
            Ok(migrations(&before, &after, &seen, (asked, "none")))
        }
        Report::Degrees => Ok(means(
            asked,
            storage::degrees_by(conn, scope, asked.of())?,
            1,
        )),
        Report::Retention => comings::retained(conn, scope, asked, from),
        Report::Cohorts => comings::cohort_table(conn, scope, asked),
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

fn tiers_at(conn: &mut Conn<'_>, at: Timestamp, kind: Kind) -> Result<Said> {
    let mut words = Words::default();
    for (past, tier) in ranked(conn, at)? {
        if past.kind == kind {
            words.say(past.customer, tier.key());
        }
    }
    Ok(Said {
        words,
        of_group: FxHashMap::default(),
    })
}

/// What is said of customers as of an instant.
struct Said {
    words: Words,
    /// Where another word, or none, is said of a customer in one of his groups.
    of_group: FxHashMap<(CustomerId, String), Option<String>>,
}

impl Said {
    /// A word of loyalty; by model, classes are those with each model.
    fn of_loyalty(conn: &mut Conn<'_>, word: Word, (by, at): (By, Timestamp)) -> Result<Self> {
        let of_group = if (word, by) == (Word::Class, By::Model) {
            storage::model_classes_at(conn, at)?
        } else {
            FxHashMap::default()
        };
        let words = storage::words_at(conn, word, at)?;
        Ok(Self { words, of_group })
    }

    fn of(&self, customer: CustomerId, group: &str) -> Option<&str> {
        let overall = self.words.of(customer);
        if self.of_group.is_empty() {
            return overall;
        }
        let own = self.of_group.get(&(customer, group.to_owned()));
        own.map_or(overall, Option::as_deref)
    }
}

/// How the scores of a kind are spread. The highest band has 100 in it.
fn scores(conn: &mut Conn<'_>, scope: &Scope, asked: &ReportQuestion) -> Result<Table> {
    const BAND: i64 = 10;
    const HIGHEST: i64 = 100 - BAND;
    let scored: FxHashMap<CustomerId, i64> = storage::scored_at(conn, asked.to)?
        .into_iter()
        .filter(|past| past.kind == asked.kind)
        .map(|past| (past.customer, past.hundredths))
        .collect();
    let mut groups: BTreeMap<(String, i64), u64> = BTreeMap::new();
    for (customer, group) in storage::groups(conn, scope, asked.of())? {
        if let Some(hundredths) = scored.get(&customer) {
            let band = (hundredths / 100 / BAND * BAND).min(HIGHEST);
            *groups.entry((asked.named(&group), band)).or_default() += 1;
        }
    }
    let row = |((group, band), count): ((String, i64), u64)| {
        vec![
            Cell::Text(group),
            Cell::Number(band as f64),
            Cell::Number((band + BAND) as f64),
            Cell::Number(count as f64),
        ]
    };
    Ok(Table {
        columns: vec![
            ("group", Holds::Text),
            ("from_score", Holds::Integer),
            ("to_score", Holds::Integer),
            ("customers", Holds::Integer),
        ],
        rows: groups.into_iter().map(row).collect(),
    })
}

fn tiers(conn: &mut Conn<'_>, scope: &Scope, asked: &ReportQuestion) -> Result<Table> {
    let ranked: FxHashMap<CustomerId, (Past, Tier)> = ranked(conn, asked.to)?
        .into_iter()
        .filter(|(past, _)| past.kind == asked.kind)
        .map(|(past, tier)| (past.customer, (past, tier)))
        .collect();
    let mut groups: BTreeMap<(String, Tier), (u64, i64)> = BTreeMap::new();
    for (customer, group) in storage::groups(conn, scope, asked.of())? {
        if let Some((past, tier)) = ranked.get(&customer) {
            let entry = groups.entry((asked.named(&group), *tier)).or_default();
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
        columns: vec![
            ("group", Holds::Text),
            ("tier", Holds::Text),
            ("customers", Holds::Integer),
            ("mean_score", Holds::Number),
        ],
        rows: groups.into_iter().map(row).collect(),
    })
}

/// How many customers a word is said of.
fn loyalty(
    conn: &mut Conn<'_>,
    scope: &Scope,
    asked: &ReportQuestion,
    word: Word,
) -> Result<Table> {
    let said = Said::of_loyalty(conn, word, (asked.by, asked.to))?;
    let mut groups: BTreeMap<(String, &str), u64> = BTreeMap::new();
    let seen = storage::groups(conn, scope, asked.of())?;
    for (customer, group) in &seen {
        if let Some(word) = said.of(*customer, group) {
            *groups.entry((asked.named(group), word)).or_default() += 1;
        }
    }
    let row = |((group, word), count): ((String, &str), u64)| {
        vec![
            Cell::Text(group),
            Cell::Text(word.to_owned()),
            Cell::Number(count as f64),
        ]
    };
    Ok(Table {
        columns: vec![
            ("group", Holds::Text),
            (word.name(), Holds::Text),
            ("customers", Holds::Integer),
        ],
        rows: groups.into_iter().map(row).collect(),
    })
}

/// Who went from where to where; `nowhere` is the word for who was nowhere.
fn migrations(
    before: &Said,
    after: &Said,
    seen: &[(CustomerId, String)],
    (asked, nowhere): (&ReportQuestion, &str),
) -> Table {
    let mut moves: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for (customer, group) in seen {
        let (from, to) = (before.of(*customer, group), after.of(*customer, group));
        if from.is_none() && to.is_none() {
            continue;
        }
        let word = |place: Option<&str>| place.unwrap_or(nowhere).to_owned();
        let key = (asked.named(group), word(from), word(to));
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
        columns: vec![
            ("group", Holds::Text),
            ("from", Holds::Text),
            ("to", Holds::Text),
            ("customers", Holds::Integer),
        ],
        rows: moves.into_iter().map(row).collect(),
    }
}

/// The mean of each degree over the customers of whom it is known. By dealer and region, what a customer is to that dealer;
/// otherwise what he is to all. In a sample one stands for several.
fn means(asked: &ReportQuestion, of_customers: Vec<(String, Degrees)>, each_for: usize) -> Table {
    let mut groups: BTreeMap<String, Vec<Degrees>> = BTreeMap::new();
    for (group, degrees) in of_customers {
        groups.entry(asked.named(&group)).or_default().push(degrees);
    }
    let row = |(group, customers): (String, Vec<Degrees>)| {
        let mean = Degrees::mean(&customers);
        let cell = |degree: Option<f64>| {
            degree.map_or(Cell::Unknown, |degree| {
                Cell::Number((degree * 100.0).round() / 100.0)
            })
        };
        vec![
            Cell::Text(group),
            Cell::Number((customers.len() * each_for) as f64),
            cell(mean.satisfaction),
            cell(mean.contribution),
            cell(mean.loyalty),
            cell(mean.dependence),
        ]
    };
    Table {
        columns: vec![
            ("group", Holds::Text),
            ("customers", Holds::Integer),
            ("satisfaction", Holds::Number),
            ("contribution", Holds::Number),
            ("loyalty", Holds::Number),
            ("dependence", Holds::Number),
        ],
        rows: groups.into_iter().map(row).collect(),
    }
}
