//! Scorecards: how good the records of somebody are, against others and against before.

mod region;

use std::collections::{BTreeMap, BTreeSet};

use marque_auth::{CallContext, Role, Scope};
use marque_core::{InvalidPage, PageRequest, business_date};
use marque_db::{Conn, StoreError};
use marque_errors::Violation;
use marque_quality::{
    Dimension, RecordKind,
    standard::{Check, Standard},
};
use marque_vault::Vault;
use uuid::Uuid;

pub(crate) use region::RegionDetail;

use super::QualityApp;
use crate::{
    domain::{Counter, Excused, Finding, FindingState, OVERALL, Staff, failing},
    error::{Error, Result},
    storage::{self, CardFilter, CardRow, DealerMeans, RuleCount, Worst},
};

/// Months of a trend.
const MONTHS: u32 = 12;
/// Records to mend that are shown.
const TO_MEND: u32 = 100;
/// Rules that are shown.
const RULES: usize = 20;

/// Whose cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardLevel {
    Dealer,
    Department,
    Clerk,
    Region,
}

impl CardLevel {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Dealer => "dealer",
            Self::Department => "department",
            Self::Clerk => "clerk",
            Self::Region => "region",
        }
    }
}

/// Which cards.
#[derive(Debug, Clone)]
pub(crate) struct CardQuery {
    pub(crate) level: CardLevel,
    pub(crate) kind: RecordKind,
    pub(crate) purpose: String,
    pub(crate) period: String,
    pub(crate) dealer: String,
    pub(crate) region: String,
    /// The clerk or the department whose one card is asked for; empty otherwise.
    pub(crate) name: String,
}

impl CardQuery {
    /// Whose records of the dealer one card is of.
    fn staff(&self) -> Staff<'_> {
        match self.level {
            CardLevel::Clerk => Staff::Clerk(&self.name),
            CardLevel::Department => Staff::Department(&self.name),
            CardLevel::Dealer | CardLevel::Region => Staff::All,
        }
    }
}

/// Records, those that are qualified, and the mean total, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Means {
    pub(crate) records: i64,
    pub(crate) qualified: i64,
    pub(crate) total: f64,
}

impl Means {
    pub(crate) fn of(counter: &Counter) -> Self {
        Self {
            records: counter.records,
            qualified: counter.qualified,
            total: counter.mean(),
        }
    }
}

/// A page of cards, lowest score first.
#[derive(Debug)]
pub(crate) struct CardPage {
    pub(crate) cards: Vec<CardRow>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
}

/// What moved a score: a dimension before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moved {
    pub(crate) dimension: Dimension,
    pub(crate) before: f64,
    pub(crate) after: f64,
}

/// A record to mend, with what is wrong.
#[derive(Debug)]
pub(crate) struct ToMend {
    pub(crate) record: Worst,
    /// By how much the score of the card would rise if it were perfect.
    pub(crate) gain: f64,
    pub(crate) findings: Vec<Finding>,
    /// What of the standard it does not meet.
    pub(crate) failing: Vec<Check>,
}

/// Everything about the score of one dealer, or of one of his clerks or departments.
#[derive(Debug)]
pub(crate) struct Detail {
    pub(crate) card: CardRow,
    /// Months, oldest first.
    pub(crate) trend: Vec<CardRow>,
    /// 1 for the best; 0 without records. A dealer's among those of the region, a clerk's or department's among those of the dealer.
    pub(crate) rank: i32,
    pub(crate) of: i32,
    /// The sums of the whole dealer.
    pub(crate) dealer: Counter,
    pub(crate) region: Counter,
    /// The region's sums in the months of the trend.
    pub(crate) region_trend: Vec<(String, Counter)>,
    pub(crate) moves: Vec<Moved>,
    pub(crate) rules: Vec<RuleCount>,
    pub(crate) to_mend: Vec<ToMend>,
}

impl QualityApp {
    /// Cards of the caller's scope.
    pub(crate) async fn list_cards(
        &self,
        ctx: CallContext,
        query: CardQuery,
        page: PageRequest,
    ) -> Result<CardPage> {
        ctx.require([Role::Manager, Role::Steward, Role::Analyst, Role::HqAdmin])?;
        check_period(&query.period)?;
        let (app, today) = (self.clone(), business_date(self.clock.now()));
        self.db
            .report(move |conn| {
                let standard = app.in_force(conn, query.kind, today)?;
                check_purpose(&query.purpose, &standard)?;
                let (scope, filter) = (ctx.scope(), filter(&query));
                let rows = match query.level {
                    CardLevel::Dealer => storage::list_dealers(conn, scope, &filter)?,
                    CardLevel::Region => region::list(conn, scope, &filter)?,
                    CardLevel::Clerk => {
                        let dealers = storage::clerk_means(conn, scope, &filter)?;
                        let sums_of =
                            |named: &[&str]| storage::clerks_of(conn, scope, &filter, named);
                        return page_of_staff(&dealers, &page, sums_of);
                    }
                    CardLevel::Department => {
                        let dealers = storage::department_means(conn, scope, &filter)?;
                        let sums_of =
                            |named: &[&str]| storage::departments_of(conn, scope, &filter, named);
                        return page_of_staff(&dealers, &page, sums_of);
                    }
                };
                let (cards, next) = page_of(rows, &page, place)?;
                Ok(CardPage { cards, next })
            })
            .await
    }

    /// The card of one dealer, clerk or department with what explains it.
    pub(crate) async fn get_card(&self, ctx: CallContext, query: CardQuery) -> Result<Detail> {
        ctx.require([Role::Manager, Role::Steward, Role::Analyst, Role::HqAdmin])?;
        check_period(&query.period)?;
        let (app, today) = (self.clone(), business_date(self.clock.now()));
        self.db
            .report(move |conn| {
                let standard = app.in_force(conn, query.kind, today)?;
                check_purpose(&query.purpose, &standard)?;
                let region = storage::region_of(conn, ctx.scope(), &query.dealer)?
                    .ok_or(Error::DealerUnknown)?;
                if !storage::is_staff(conn, ctx.scope(), (&query.dealer, query.staff()))? {
                    return Err(Error::StaffUnknown);
                }
                detail(conn, &app.vault, ctx.scope(), &query, (&region, &standard))
            })
            .await
    }
}

fn detail(
    conn: &mut Conn<'_>,
    vault: &Vault,
    scope: &Scope,
    query: &CardQuery,
    (region, standard): (&str, &Standard),
) -> Result<Detail> {
    let filter = filter(query);
    let of_dealer = storage::list_dealers(conn, scope, &filter)?;
    let dealer = sum_of(&of_dealer);
    let colleagues = colleagues(conn, scope, query)?;
    let mut asked_of = colleagues.as_ref().unwrap_or(&of_dealer).iter();
    let own = asked_of.find(|card| name(card) == query.name).cloned();
    let card = own.unwrap_or_else(|| without_records(query, region));
    let trend = trend(conn, scope, query)?;
    let whose = (query.dealer.as_str(), query.staff());
    let mut rules = storage::rule_counts(conn, scope, query.kind, whose)?;
    rules.truncate(RULES);
    let worst = storage::worst(conn, scope, &filter, query.staff(), TO_MEND)?;
    let to_mend = to_mend(conn, vault, query, (worst, &card.counter), standard)?;
    conn.see_all_dealers()?;
    // Figures of the region are sums; its dealers are compared by them and are not shown.
    let of_region = CardFilter {
        dealer: String::new(),
        ..filter
    };
    let dealers = storage::list_dealers(conn, &Scope::Region(region.into()), &of_region)?;
    let region_trend = match trend.first() {
        Some(first) => storage::months_of_region(conn, &of_region, (region, &first.period))?,
        None => Vec::new(),
    };
    let region = sum_of(&dealers);
    let peers = colleagues.unwrap_or(dealers);
    Ok(Detail {
        rank: rank(&card, &peers),
        of: peers.len() as i32,
        dealer,
        region,
        region_trend,
        moves: moves(&trend, &query.period),
        rules,
        to_mend,
        card,
        trend,
    })
}

/// The cards of all clerks or departments of the dealer, if one of them is asked for.
fn colleagues(
    conn: &mut Conn<'_>,
    scope: &Scope,
    query: &CardQuery,
) -> Result<Option<Vec<CardRow>>> {
    let (filter, dealer) = (filter(query), [query.dealer.as_str()]);
    Ok(match query.staff() {
        Staff::All => None,
        Staff::Clerk(_) => Some(storage::clerks_of(conn, scope, &filter, &dealer)?),
        Staff::Department(_) => Some(storage::departments_of(conn, scope, &filter, &dealer)?),
    })
}

/// The dealer's last months that have records, oldest first; of a clerk or department those of them in which it has some.
fn trend(conn: &mut Conn<'_>, scope: &Scope, query: &CardQuery) -> Result<Vec<CardRow>> {
    let filter = filter(query);
    let mut months = storage::months_of(conn, scope, &filter, MONTHS)?;
    months.reverse();
    Ok(match (query.staff(), months.first()) {
        (Staff::All, _) | (_, None) => months,
        (staff, Some(first)) => {
            storage::months_of_staff(conn, scope, &filter, (staff, &first.period))?
        }
    })
}

fn without_records(query: &CardQuery, region: &str) -> CardRow {
    let (department, clerk) = match query.staff() {
        Staff::All => ("", ""),
        Staff::Clerk(clerk) => ("", clerk),
        Staff::Department(department) => (department, ""),
    };
    CardRow {
        dealer: query.dealer.clone(),
        region: region.to_owned(),
        department: department.to_owned(),
        clerk: clerk.to_owned(),
        period: query.period.clone(),
        counter: Counter::default(),
    }
}

/// The place of a card among others, 1 for the best; 0 without records.
fn rank(card: &CardRow, peers: &[CardRow]) -> i32 {
    if card.counter.records == 0 {
        return 0;
    }
    let is_better = |peer: &&CardRow| peer.counter.mean() > card.counter.mean();
    1 + peers.iter().filter(is_better).count() as i32
}

fn sum_of(cards: &[CardRow]) -> Counter {
    let mut sum = Counter::default();
    for card in cards {
        sum.add(&card.counter);
    }
    sum
}

/// The worst records with what is wrong with each, and what the mean over all that were counted would gain.
fn to_mend(
    conn: &mut Conn<'_>,
    vault: &Vault,
    query: &CardQuery,
    (worst, counted): (Vec<Worst>, &Counter),
    standard: &Standard,
) -> Result<Vec<ToMend>> {
    let ids: Vec<Uuid> = worst.iter().map(|record| record.id).collect();
    let mut findings = storage::findings_of(conn, &ids)?;
    let excused: Vec<Finding> = findings
        .iter()
        .filter(|finding| finding.is_excused)
        .cloned()
        .collect();
    findings.retain(|finding| finding.state == FindingState::Open);
    let kept = storage::kept(conn, vault, &ids)?;
    let failing_of = |record: &Worst| {
        let kept = kept.iter().find(|kept| kept.evidence.id == record.id);
        kept.map_or_else(Vec::new, |kept| {
            let of_record = excused.iter().filter(|one| one.record == record.id);
            let evidence = &kept.evidence;
            let excused = Excused::of(of_record, evidence);
            let flaws = evidence.flaws(standard, business_date(kept.checked_at));
            let failing = failing(standard, (evidence, &flaws), &query.purpose, &excused);
            failing.into_iter().cloned().collect()
        })
    };
    let mended = |record: Worst| ToMend {
        failing: failing_of(&record),
        gain: (10_000 - record.total) as f64 / 100.0 / counted.records.max(1) as f64,
        findings: findings
            .iter()
            .filter(|finding| finding.record == record.id)
            .cloned()
            .collect(),
        record,
    };
    Ok(worst.into_iter().map(mended).collect())
}

/// What moved the score of a month (or of the last one) against the month before, farthest first.
fn moves(trend: &[CardRow], period: &str) -> Vec<Moved> {
    let at = if period.is_empty() {
        trend.len().checked_sub(1)
    } else {
        trend.iter().position(|card| card.period == period)
    };
    let Some((at, before)) = at.and_then(|at| Some((at, at.checked_sub(1)?))) else {
        return Vec::new();
    };
    let (before, after) = (&trend[before].counter, &trend[at].counter);
    let mut moves: Vec<Moved> = Dimension::ALL
        .into_iter()
        .filter_map(|dimension| {
            Some(Moved {
                dimension,
                before: before.dimension(dimension as usize)?,
                after: after.dimension(dimension as usize)?,
            })
        })
        .filter(|moved| moved.before.to_bits() != moved.after.to_bits())
        .collect();
    let distance = |moved: &Moved| (moved.after - moved.before).abs();
    moves.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    moves
}

fn filter(query: &CardQuery) -> CardFilter {
    CardFilter {
        kind: query.kind,
        purpose: query.purpose.clone(),
        period: query.period.clone(),
        dealer: query.dealer.clone(),
        region: query.region.clone(),
    }
}

/// Dealers' sums added up.
fn by_region(rows: Vec<CardRow>) -> Vec<CardRow> {
    let mut regions: BTreeMap<String, CardRow> = BTreeMap::new();
    for row in rows {
        let sum = regions
            .entry(row.region.clone())
            .or_insert_with(|| CardRow {
                dealer: String::new(),
                counter: Counter::default(),
                ..row.clone()
            });
        sum.counter.add(&row.counter);
    }
    regions.into_values().collect()
}

/// The page of clerks or departments: their means put them in order, and all sums are read of the dealers whose they are.
fn page_of_staff(
    dealers: &[DealerMeans],
    page: &PageRequest,
    sums_of: impl FnOnce(&[&str]) -> std::result::Result<Vec<CardRow>, StoreError>,
) -> Result<CardPage> {
    let (places, next) = page_of(places_of(dealers), page, |place| *place)?;
    let named: BTreeSet<&str> = places.iter().map(|(_, _, dealer, _)| *dealer).collect();
    let sums = sums_of(&named.into_iter().collect::<Vec<_>>())?;
    let whose = |card: &CardRow| (card.dealer.clone(), name(card).to_owned());
    let mut cards: BTreeMap<(String, String), CardRow> =
        sums.into_iter().map(|card| (whose(&card), card)).collect();
    let of_place =
        |(_, _, dealer, name): PlaceInList<'_>| cards.remove(&(dealer.to_owned(), name.to_owned()));
    Ok(CardPage {
        cards: places.into_iter().filter_map(of_place).collect(),
        next,
    })
}

fn places_of(dealers: &[DealerMeans]) -> Vec<PlaceInList<'_>> {
    let mut places = Vec::new();
    for dealer in dealers {
        let (region, code) = (dealer.region.as_str(), dealer.dealer.as_str());
        let named = dealer.means.iter();
        places.extend(named.map(|(name, mean)| (whole(mean.value()), region, code, name.as_str())));
    }
    places
}

/// The page after a place, lowest score first, and where the next begins.
fn page_of<T>(
    mut rows: Vec<T>,
    page: &PageRequest,
    place: impl Fn(&T) -> PlaceInList<'_>,
) -> Result<(Vec<T>, Option<String>)> {
    if let Some(after) = &page.after {
        let after = read_place(&after.key).ok_or(InvalidPage::Token)?;
        rows.retain(|row| place(row) > after);
    }
    let is_last = rows.len() <= page.size as usize;
    if !is_last {
        // Of ten thousand clerks fifty are shown: the others need no order.
        rows.select_nth_unstable_by(page.size as usize, |one, other| {
            place(one).cmp(&place(other))
        });
        rows.truncate(page.size as usize);
    }
    rows.sort_by(|one, other| place(one).cmp(&place(other)));
    let last = rows.last().filter(|_| !is_last);
    let next = last.map(|last| write_place(place(last)));
    Ok((rows, next))
}

/// A card's place in the list: its mean as a whole number, so that a page's end can be said; and whose it is, of which a card names
/// the department or the clerk.
type PlaceInList<'a> = (i64, &'a str, &'a str, &'a str);

fn place(row: &CardRow) -> PlaceInList<'_> {
    (
        whole(row.counter.mean()),
        &row.region,
        &row.dealer,
        name(row),
    )
}

fn name(row: &CardRow) -> &str {
    if row.clerk.is_empty() {
        &row.department
    } else {
        &row.clerk
    }
}

fn whole(mean: f64) -> i64 {
    (mean * 1e9) as i64
}

/// With the lengths of the names, which may have any sign in them.
fn write_place((mean, region, dealer, name): PlaceInList<'_>) -> String {
    format!(
        "{mean}:{}:{}:{region}{dealer}{name}",
        region.len(),
        dealer.len()
    )
}

fn read_place(key: &str) -> Option<PlaceInList<'_>> {
    let mut parts = key.splitn(4, ':');
    let mean = parts.next()?.parse().ok()?;
    let (region, dealer) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (region, rest) = parts.next()?.split_at_checked(region)?;
    let (dealer, name) = rest.split_at_checked(dealer)?;
    Some((mean, region, dealer, name))
}

/// A purpose as it is asked for: one that the standard in force judges by, or the mean of all.
fn check_purpose(purpose: &str, standard: &Standard) -> Result<()> {
    if purpose == OVERALL || standard.purpose(purpose).is_some() {
        return Ok(());
    }
    let known = standard.purposes.iter().map(|known| known.id.as_str());
    let known: Vec<&str> = known.chain([OVERALL]).collect();
    let message = format!("one of {}", known.join(", "));
    Err(Error::Invalid(vec![Violation::new(
        "purpose", "UNKNOWN", message,
    )]))
}

/// A month as it is asked for.
pub(super) fn check_period(period: &str) -> Result<()> {
    let is_month = period.is_empty()
        || chrono::NaiveDate::parse_from_str(&format!("{period}-01"), "%Y-%m-%d").is_ok()
            && period.len() == 7;
    if is_month {
        return Ok(());
    }
    let violation = Violation::new(
        "period",
        "FORMAT",
        "a month as YYYY-MM, or nothing for all time",
    );
    Err(Error::Invalid(vec![violation]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_whatever_the_names() {
        for place in [
            (91_500_000_000, "r|1", "D:001", "销售|3:1"),
            (0, "", "", ""),
            (-1, "华东", "D001", ""),
        ] {
            assert_eq!(read_place(&write_place(place)), Some(place));
        }
        for other in ["91500000000|r1|D001|S1", "1:9:1:r1", "1:1:0:华", "1:2", ""] {
            assert_eq!(read_place(other), None, "{other}");
        }
    }
}
