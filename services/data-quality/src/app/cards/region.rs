//! The scorecard of a region: how good the records of its dealers together are, against the other regions and against before.

use std::collections::BTreeSet;

use marque_auth::{CallContext, Role, Scope};
use marque_core::business_date;
use marque_db::Conn;
use marque_quality::standard::Standard;
use marque_vault::Vault;

use super::{
    CardQuery, MONTHS, Moved, RULES, TO_MEND, ToMend, by_region, check_period, check_purpose,
    filter, moves, rank, sum_of, to_mend,
};
use crate::{
    app::QualityApp,
    domain::{Counter, Staff},
    error::{Error, Result},
    storage::{self, CardFilter, CardRow, RuleCount, Worst},
};

/// Everything about the score of one region.
#[derive(Debug)]
pub(crate) struct RegionDetail {
    pub(crate) card: CardRow,
    /// Months, oldest first.
    pub(crate) trend: Vec<CardRow>,
    /// 1 for the best of the regions; 0 without records.
    pub(crate) rank: i32,
    pub(crate) of: i32,
    /// The sums of all dealers there are.
    pub(crate) network: Counter,
    pub(crate) moves: Vec<Moved>,
    pub(crate) rules: Vec<RuleCount>,
    pub(crate) to_mend: Vec<ToMend>,
}

impl QualityApp {
    /// The card of a region with what explains it, for who sees the whole of it.
    pub(crate) async fn get_region_card(
        &self,
        ctx: CallContext,
        query: CardQuery,
    ) -> Result<RegionDetail> {
        ctx.require([Role::Manager, Role::Steward, Role::Analyst, Role::HqAdmin])?;
        check_period(&query.period)?;
        let (app, today) = (self.clone(), business_date(self.clock.now()));
        self.db
            .report(move |conn| {
                let standard = app.in_force(conn, query.kind, today)?;
                check_purpose(&query.purpose, &standard)?;
                let is_seen = sees_all_of(ctx.scope(), &query.region);
                if !is_seen || !storage::is_region(conn, &query.region)? {
                    return Err(Error::RegionUnknown);
                }
                detail(conn, &app.vault, &query, &standard)
            })
            .await
    }
}

/// The cards of the regions in which the scope has records: of all their dealers, whoever asks, since sums show none of them.
pub(super) fn list(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
) -> Result<Vec<CardRow>> {
    let own = storage::list_dealers(conn, scope, filter)?;
    let seen: BTreeSet<String> = own.into_iter().map(|card| card.region).collect();
    conn.see_all_dealers()?;
    let everybody = CardFilter {
        dealer: String::new(),
        ..filter.clone()
    };
    let all = storage::list_dealers(conn, &Scope::Headquarters, &everybody)?;
    let mut regions = by_region(all);
    regions.retain(|card| seen.contains(&card.region));
    Ok(regions)
}

/// A dealer's own records are not his region's.
fn sees_all_of(scope: &Scope, region: &str) -> bool {
    match scope {
        Scope::Headquarters => true,
        Scope::Region(own) => &**own == region,
        Scope::Dealer(_) | Scope::Customer(_) => false,
    }
}

fn detail(
    conn: &mut Conn<'_>,
    vault: &Vault,
    query: &CardQuery,
    standard: &Standard,
) -> Result<RegionDetail> {
    let (filter, scope) = (filter(query), Scope::Region(query.region.as_str().into()));
    let dealers = storage::list_dealers(conn, &scope, &filter)?;
    let card = card_of(query, query.period.clone(), sum_of(&dealers));
    let trend = trend(conn, query, &filter)?;
    let mut rules = storage::rule_counts(conn, &scope, query.kind, ("", Staff::All))?;
    rules.truncate(RULES);
    let worst = worst(conn, &scope, &filter, &dealers)?;
    let to_mend = to_mend(conn, vault, query, (worst, &card.counter), standard)?;
    // Other regions are sums, by which this one is compared; their dealers are not shown.
    conn.see_all_dealers()?;
    let everywhere = CardFilter {
        region: String::new(),
        ..filter
    };
    let all = storage::list_dealers(conn, &Scope::Headquarters, &everywhere)?;
    let network = sum_of(&all);
    let mut regions = by_region(all);
    regions.retain(|card| !card.region.is_empty());
    Ok(RegionDetail {
        rank: rank(&card, &regions),
        of: regions.len() as i32,
        network,
        moves: moves(&trend, &query.period),
        rules,
        to_mend,
        card,
        trend,
    })
}

/// The last months in which the region has records, oldest first.
fn trend(conn: &mut Conn<'_>, query: &CardQuery, filter: &CardFilter) -> Result<Vec<CardRow>> {
    let newest = storage::newest_months_of_region(conn, query.kind, &query.region, MONTHS)?;
    let Some(first) = newest.last() else {
        return Ok(Vec::new());
    };
    let months = storage::months_of_region(conn, filter, (&query.region, first))?;
    let of_month = |(period, counter)| card_of(query, period, counter);
    Ok(months.into_iter().map(of_month).collect())
}

/// The region's records that score lowest, looked for dealer by dealer: an index has each dealer's in this order and nobody else's.
fn worst(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
    dealers: &[CardRow],
) -> Result<Vec<Worst>> {
    let mut worst = Vec::new();
    for dealer in dealers {
        let of_dealer = CardFilter {
            dealer: dealer.dealer.clone(),
            ..filter.clone()
        };
        let found = storage::worst(conn, scope, &of_dealer, Staff::All, TO_MEND)?;
        worst.extend(found);
    }
    worst.sort_unstable_by_key(|record| (record.total, record.id));
    worst.truncate(TO_MEND as usize);
    Ok(worst)
}

fn card_of(query: &CardQuery, period: String, counter: Counter) -> CardRow {
    CardRow {
        dealer: String::new(),
        region: query.region.clone(),
        department: String::new(),
        clerk: String::new(),
        period,
        counter,
    }
}
