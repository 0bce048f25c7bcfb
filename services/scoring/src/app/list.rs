//! Customers by rank.

use std::cmp::Reverse;

use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, PageRequest};
use marque_db::{Conn, StoreError};
use marque_insight::{
    rank::{Kind, Tier},
    value::WeightedSum,
};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{
    ScoreApp,
    read::{Asked, Place, Shown},
};
use crate::{
    domain::Row,
    error::Result,
    storage::{self, Listing},
};

/// A brand of no more customers is walked over for whoever sees but some of them; of a greater one the store looks for those he sees.
const FEW: u64 = 20_000;
/// Customers looked at in a row for those somebody sees.
const BATCH: usize = 500;

impl ScoreApp {
    /// Customers of a kind by rank, the highest first; those of one brand, and of one tier among all or among these, if asked.
    pub(crate) async fn list(
        &self,
        ctx: CallContext,
        (kind, brand): (Kind, String),
        tier: Option<Tier>,
        page: PageRequest,
    ) -> Result<(Vec<Shown>, Option<String>)> {
        self.ladder.catch_up().await?;
        let group = Some(brand.as_str()).filter(|brand| !brand.is_empty());
        let (size, lasts) = self.ladder.shape(kind, group);
        let place = |(customer, sum): (CustomerId, WeightedSum)| (sum, customer);
        let (mut after, last) = match tier {
            None => (None, None),
            Some(tier) => {
                let above = tier.next_up().and_then(|above| lasts[above as usize]);
                let Some(last) = self.ladder.last_held(kind, group, tier) else {
                    return Ok((Vec::new(), None));
                };
                (above.map(place), Some(place(last)))
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
        let sees_all = matches!(ctx.scope(), Scope::Headquarters);
        let is_by_ladder = group.is_some() && (sees_all || size <= FEW);
        let app = self.clone();
        let mut shown: Vec<Shown> = self
            .db
            .scan(move |conn| {
                let rows = if is_by_ladder {
                    app.page_of_brand(conn, ctx.scope(), &listing)?
                } else {
                    storage::list_by_rank(conn, ctx.scope(), &listing)?
                };
                conn.see_all_dealers()?;
                rows.into_iter()
                    .map(|row| app.show(conn, row, Asked::default()))
                    .collect::<Result<_>>()
            })
            .await?;
        let is_full = shown.len() == page.size as usize;
        let next = shown.last().filter(|_| is_full).map(|last| {
            let Row { sum, customer, .. } = &last.row;
            format!("{}:{}", sum.0, customer.uuid().as_simple())
        });
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

    /// A page of a brand's customers whom a scope sees. Their places are the ladder's, so that nobody of another brand is walked over.
    fn page_of_brand(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        listing: &Listing,
    ) -> Result<Vec<Row>, StoreError> {
        let sees_all = matches!(scope, Scope::Headquarters);
        let at_once = if sees_all { listing.limit } else { BATCH };
        let brand = (listing.kind, listing.brand.as_str());
        let is_within = |(sum, customer): &(WeightedSum, CustomerId)| {
            let is_before = |(last, id): (WeightedSum, CustomerId)| {
                (Reverse(*sum), *customer) <= (Reverse(last), id)
            };
            listing.last.is_none_or(is_before)
        };
        let (mut after, mut found) = (listing.after, Vec::new());
        while found.len() < listing.limit {
            let mut places = self.ladder.next_of_brand(brand, after, at_once);
            places.retain(is_within);
            let Some(last) = places.last() else {
                break;
            };
            after = Some(*last);
            let customers: Vec<CustomerId> = places.iter().map(|(_, customer)| *customer).collect();
            let rows = storage::find_ranked(conn, scope, &customers)?;
            let mut rows: FxHashMap<CustomerId, Row> =
                rows.into_iter().map(|row| (row.customer, row)).collect();
            found.extend(
                customers
                    .iter()
                    .filter_map(|customer| rows.remove(customer)),
            );
        }
        found.truncate(listing.limit);
        Ok(found)
    }
}

fn read_key(key: &str) -> Option<(WeightedSum, CustomerId)> {
    let (sum, customer) = key.split_once(':')?;
    let customer = Uuid::try_parse(customer).ok()?;
    Some((WeightedSum(sum.parse().ok()?), customer.into()))
}
