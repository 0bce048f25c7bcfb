//! Customers by rank.

use std::cmp::Reverse;

use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, PageRequest};
use marque_db::{Conn, StoreError};
use marque_insight::{
    rank::{Kind, Tier},
    value::WeightedSum,
};
use marque_rpc::CallMeta;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{
    ScoreApp,
    read::{Asked, Place, Shown},
};
use crate::{
    domain::Row,
    error::Result,
    storage::{self, Listing, Purpose},
};

/// So many customers, of a brand or of a dealer, are looked through for those that are wanted; of more the store walks over the ranks.
const FEW: usize = 20_000;
/// Customers looked at in a row for those somebody sees.
const BATCH: usize = 500;

/// A place in the ranking.
type Spot = (WeightedSum, CustomerId);

impl ScoreApp {
    /// Customers of a kind by rank, the highest first; those of one brand, and of one tier among all or among these, if asked.
    pub(crate) async fn list(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        (kind, brand): (Kind, String),
        tier: Option<Tier>,
        page: PageRequest,
    ) -> Result<(Vec<Shown>, Option<String>)> {
        self.ladder.catch_up().await?;
        let group = Some(brand.as_str()).filter(|brand| !brand.is_empty());
        let (size, lasts) = self.ladder.shape(kind, group);
        let spot = |(customer, sum): (CustomerId, WeightedSum)| (sum, customer);
        let (mut after, last) = match tier {
            None => (None, None),
            Some(tier) => {
                let above = tier.next_up().and_then(|above| lasts[above as usize]);
                let Some(last) = self.ladder.last_held(kind, group, tier) else {
                    return Ok((Vec::new(), None));
                };
                (above.map(spot), Some(spot(last)))
            }
        };
        if let Some(token) = &page.after {
            after = Some(read_key(&token.key).ok_or(marque_core::InvalidPage::Token)?);
        }
        let listing = Listing {
            kind,
            brand: brand.clone(),
            after,
            last,
            limit: page.size as usize,
        };
        let app = self.clone();
        let (spots, mut shown): (Vec<Spot>, Vec<Shown>) = self
            .db
            .scan(move |conn| {
                let rows = app.page_of(conn, ctx.scope(), (&listing, size))?;
                conn.see_all_dealers()?;
                rows.into_iter()
                    .map(|(spot, row)| Ok((spot, app.show(conn, row, Asked::default())?)))
                    .collect::<Result<_>>()
            })
            .await?;
        // The next page begins behind the place where he was found: by now he may stand elsewhere.
        let is_full = spots.len() == page.size as usize;
        let next = spots
            .last()
            .filter(|_| is_full)
            .map(|(sum, customer)| format!("{}:{}", sum.0, customer.uuid().as_simple()));
        let customers = shown.iter().map(|each| each.row.customer).collect();
        let withdrawn = self
            .consents
            .withdrawn(meta, &[Purpose::Scoring.name()], customers)
            .await?;
        shown.retain(|each| !withdrawn.contains(&each.row.customer));
        for each in &mut shown {
            let customer = each.row.customer;
            each.standing = self.ladder.standing(kind, None, customer);
            let place = |brand: &str| {
                let standing = self.ladder.standing(kind, Some(brand), customer)?;
                let brand = brand.to_owned();
                Some(Place { brand, standing })
            };
            each.brands = group.and_then(place).into_iter().collect();
        }
        // Where tiers are held, some of those near the border are still of the tier above, or already of the one below.
        shown.retain(|each| {
            let among = each.brands.first().map(|place| place.standing);
            let standing = among.or(each.standing);
            tier.is_none_or(|tier| standing.is_none_or(|standing| standing.tier == tier))
        });
        Ok((shown, next))
    }

    /// A page of customers whom a scope sees, out of a group of so many. Where few can be in it they are found by their ids, and their
    /// places are the ladder's: in the index of all ranks they stand far apart.
    fn page_of(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        (listing, size): (&Listing, u64),
    ) -> Result<Vec<(Spot, Row)>, StoreError> {
        let is_of_brand = !listing.brand.is_empty();
        let sees_all = matches!(scope, Scope::Headquarters);
        if is_of_brand && (sees_all || size <= FEW as u64) {
            return self.page_of_brand(conn, scope, listing);
        }
        if matches!(scope, Scope::Dealer(_)) && storage::has_at_most(conn, scope, FEW)? {
            return self.page_of_few(conn, scope, listing);
        }
        let rows = storage::list_by_rank(conn, scope, listing)?;
        let at_own = |row: Row| ((row.sum, row.customer), row);
        Ok(rows.into_iter().map(at_own).collect())
    }

    /// A page of a brand's customers whom a scope sees.
    fn page_of_brand(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        listing: &Listing,
    ) -> Result<Vec<(Spot, Row)>, StoreError> {
        let sees_all = matches!(scope, Scope::Headquarters);
        let at_once = if sees_all { listing.limit } else { BATCH };
        let brand = (listing.kind, listing.brand.as_str());
        let (mut after, mut found) = (listing.after, Vec::new());
        while found.len() < listing.limit {
            let mut places = self.ladder.next_of_brand(brand, after, at_once);
            places.retain(|place| listing.holds(*place));
            let Some(last) = places.last() else {
                break;
            };
            after = Some(*last);
            found.extend(rows_at(conn, scope, &places)?);
        }
        found.truncate(listing.limit);
        Ok(found)
    }

    /// A page of the customers of a dealer who has few.
    fn page_of_few(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        listing: &Listing,
    ) -> Result<Vec<(Spot, Row)>, StoreError> {
        let known = storage::list_in_scope(conn, scope, listing.kind)?;
        let brand = Some(listing.brand.as_str()).filter(|brand| !brand.is_empty());
        let mut places = self.ladder.places((listing.kind, brand), &known);
        places.retain(|place| listing.holds(*place));
        places.sort_unstable_by_key(|(sum, customer)| (Reverse(*sum), *customer));
        let mut found = Vec::new();
        for some in places.chunks(listing.limit) {
            found.extend(rows_at(conn, scope, some)?);
            if found.len() >= listing.limit {
                break;
            }
        }
        found.truncate(listing.limit);
        Ok(found)
    }
}

/// The rows of those at some places whom a scope sees, each with his place, in the order of the places.
fn rows_at(
    conn: &mut Conn<'_>,
    scope: &Scope,
    places: &[Spot],
) -> Result<Vec<(Spot, Row)>, StoreError> {
    let customers: Vec<CustomerId> = places.iter().map(|(_, customer)| *customer).collect();
    let rows = storage::find_ranked(conn, scope, &customers)?;
    let mut rows: FxHashMap<CustomerId, Row> =
        rows.into_iter().map(|row| (row.customer, row)).collect();
    let in_order = places
        .iter()
        .filter_map(|spot| Some((*spot, rows.remove(&spot.1)?)));
    Ok(in_order.collect())
}

fn read_key(key: &str) -> Option<Spot> {
    let (sum, customer) = key.split_once(':')?;
    let customer = Uuid::try_parse(customer).ok()?;
    Some((WeightedSum(sum.parse().ok()?), customer.into()))
}
