//! The live ranks: in memory, and exact at every answer.
//!
//! The store numbers each change of a score in the order in which changes become visible. A ladder remembers the last
//! number it has seen and, before it answers, reads the changes after it. So it needs no message from whoever wrote:
//! several processes keep a ladder each, and all of them are right (ADR 14).

use std::sync::Arc;

use marque_core::CustomerId;
use marque_db::{Conn, Database, StoreError};
use marque_insight::{
    rank::{Hysteresis, Kind, LiveRanks, Pyramid, Standing, Tier},
    value::WeightedSum,
};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::holds::Holds;
use crate::{
    domain::{Row, State},
    storage,
};

/// The ladder of one process; cheap to clone.
#[derive(Clone)]
pub(crate) struct Ladder {
    db: Database,
    inner: Arc<RwLock<Inner>>,
    /// Held by whoever brings the ladder up to date.
    turn: Arc<tokio::sync::Mutex<()>>,
    hysteresis: Hysteresis,
}

#[derive(Default)]
struct Inner {
    /// Number of the last change that is in.
    seen: i64,
    pyramid: Pyramid<Group, CustomerId>,
    /// Numbers of brands, from 1.
    brands: FxHashMap<String, u32>,
    holds: Holds,
}

/// Customers of one kind; with a brand's number only those who drive it, with 0 all.
type Group = (Kind, u32);

/// More changes than this are quicker loaded than followed.
const FOLLOWED: usize = 20_000;

impl std::fmt::Debug for Ladder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ladder").finish_non_exhaustive()
    }
}

impl Ladder {
    /// An empty ladder over a store; the first question fills it.
    pub(crate) fn new(db: Database, hysteresis: Hysteresis) -> Self {
        Self {
            db,
            inner: Arc::default(),
            turn: Arc::default(),
            hysteresis,
        }
    }

    /// How tiers are held.
    pub(crate) fn hysteresis(&self) -> Hysteresis {
        self.hysteresis
    }

    /// Brings the ladder to what the store now says.
    pub(crate) async fn catch_up(&self) -> Result<(), StoreError> {
        let newest = self.db.read(storage::last_change).await?;
        self.catch_up_to(newest).await
    }

    /// The same for who has read by himself which change is the newest.
    pub(crate) async fn catch_up_to(&self, newest: i64) -> Result<(), StoreError> {
        if self.hysteresis != Hysteresis::OFF {
            self.catch_up_holds().await?;
        }
        if newest <= self.inner.read().seen {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        loop {
            let seen = self.inner.read().seen;
            let changes = self
                .db
                .scan(move |conn| storage::changes_after(conn, seen, FOLLOWED + 1));
            let rows = changes.await?;
            match rows.len() {
                0 => return Ok(()),
                count if count > FOLLOWED => self.reload().await?,
                _ => self.inner.write().follow(&rows),
            }
        }
    }

    /// Reads what the day began with, if that is not known yet.
    async fn catch_up_holds(&self) -> Result<(), StoreError> {
        let on = self.db.read(storage::held_on).await?;
        if on == self.inner.read().holds.on {
            return Ok(());
        }
        let read = |conn: &mut Conn<'_>| {
            Ok::<_, StoreError>(Holds::new(
                storage::held_on(conn)?,
                storage::load_holds(conn)?,
            ))
        };
        let holds = self.db.scan(read).await?;
        self.inner.write().holds = holds;
        Ok(())
    }

    /// Loads all customers anew.
    async fn reload(&self) -> Result<(), StoreError> {
        let mut loaded = self.db.scan(Inner::load).await?;
        let mut inner = self.inner.write();
        loaded.holds = std::mem::take(&mut inner.holds);
        *inner = loaded;
        Ok(())
    }

    /// Where a customer stands among all of a kind, or among those of a brand; `None` when he is not ranked there. Among all
    /// of a kind tiers are held, if that is set.
    pub(crate) fn standing(
        &self,
        kind: Kind,
        brand: Option<&str>,
        customer: CustomerId,
    ) -> Option<Standing> {
        let inner = self.inner.read();
        let standing = inner
            .pyramid
            .standing(inner.group(kind, brand)?, customer)?;
        Some(match brand {
            None => inner.holds.hold(self.hysteresis, customer, standing),
            Some(_) => standing,
        })
    }

    /// The tier a customer has among all of his kind; `None` when he is not ranked.
    pub(super) fn tier(&self, customer: CustomerId) -> Option<Tier> {
        let standing = |kind| self.standing(kind, None, customer);
        let standing = Kind::ALL.into_iter().find_map(standing)?;
        Some(standing.tier)
    }

    /// Those of a kind who hold a tier above small.
    pub(super) fn held(&self, kind: Kind) -> Vec<(CustomerId, Tier)> {
        let inner = self.inner.read();
        let Some(ranks) = inner.pyramid.group((kind, 0)) else {
            return Vec::new();
        };
        let size = ranks.len() as u64;
        let last = self
            .hysteresis
            .last_held_rank(Tier::Ordinary, size)
            .min(size);
        let held = |rank: u64| {
            let (customer, _) = ranks.at_rank(rank)?;
            let tier = Tier::of(rank, size);
            let standing = Standing { rank, size, tier };
            let standing = inner.holds.hold(self.hysteresis, customer, standing);
            (standing.tier != Tier::Small).then_some((customer, standing.tier))
        };
        (1..=last).filter_map(held).collect()
    }

    /// How many of a kind each tier holds.
    pub(crate) fn counts(&self, kind: Kind) -> [u64; 4] {
        let inner = self.inner.read();
        let size = inner
            .pyramid
            .group((kind, 0))
            .map_or(0, |ranks| ranks.len() as u64);
        drop(inner);
        if self.hysteresis == Hysteresis::OFF {
            return counts_of(size);
        }
        let mut counts = [0; 4];
        for (_, tier) in self.held(kind) {
            counts[tier as usize] += 1;
        }
        counts[Tier::Small as usize] = size - counts.iter().sum::<u64>();
        counts
    }

    /// The place of the last customer of a kind, or of a brand's customers, who can hold a tier.
    pub(crate) fn last_held(
        &self,
        kind: Kind,
        brand: Option<&str>,
        tier: Tier,
    ) -> Option<(CustomerId, WeightedSum)> {
        let inner = self.inner.read();
        let ranks = inner.pyramid.group(inner.group(kind, brand)?)?;
        let size = ranks.len() as u64;
        let last = match brand {
            None => self.hysteresis.last_held_rank(tier, size).min(size),
            Some(_) => tier.last_rank(size),
        };
        ranks.at_rank(last)
    }

    /// The places of those of the customers who are ranked among all of a kind, or among those of a brand; in no order.
    pub(crate) fn places(
        &self,
        (kind, brand): (Kind, Option<&str>),
        customers: &[CustomerId],
    ) -> Vec<(WeightedSum, CustomerId)> {
        let inner = self.inner.read();
        let group = inner.group(kind, brand);
        let Some(ranks) = group.and_then(|group| inner.pyramid.group(group)) else {
            return Vec::new();
        };
        let place = |customer: &CustomerId| Some((ranks.sum(*customer)?, *customer));
        customers.iter().filter_map(place).collect()
    }

    /// So many of a brand's customers by rank, from the first or from behind a place, each with his place.
    pub(crate) fn next_of_brand(
        &self,
        (kind, brand): (Kind, &str),
        after: Option<(WeightedSum, CustomerId)>,
        count: usize,
    ) -> Vec<(WeightedSum, CustomerId)> {
        let inner = self.inner.read();
        let group = inner.group(kind, Some(brand));
        let Some(ranks) = group.and_then(|group| inner.pyramid.group(group)) else {
            return Vec::new();
        };
        let first = after.map_or(1, |(sum, customer)| ranks.rank_behind(customer, sum));
        let at = |rank| ranks.at_rank(rank).map(|(customer, sum)| (sum, customer));
        (first..).map_while(at).take(count).collect()
    }

    /// How many are ranked in a group, and the sum of the last customer of each tier.
    pub(crate) fn shape(
        &self,
        kind: Kind,
        brand: Option<&str>,
    ) -> (u64, [Option<(CustomerId, WeightedSum)>; 4]) {
        let inner = self.inner.read();
        let ranks = inner
            .group(kind, brand)
            .and_then(|group| inner.pyramid.group(group));
        let Some(ranks) = ranks else {
            return (0, [None; 4]);
        };
        let size = ranks.len() as u64;
        let last = |tier: Tier| ranks.at_rank(tier.last_rank(size));
        (size, Tier::ALL.map(last))
    }

    /// The sum with which a customer below a tier enters it among all of a kind; `None` when the tier is empty.
    pub(crate) fn sum_to_enter(
        &self,
        kind: Kind,
        tier: Tier,
        customer: CustomerId,
    ) -> Option<WeightedSum> {
        let inner = self.inner.read();
        inner.pyramid.group((kind, 0))?.sum_to_enter(tier, customer)
    }

    /// The customers of the top tiers, vip and major, among all of a kind.
    pub(crate) fn top(&self, kind: Kind) -> Vec<(CustomerId, Tier)> {
        let mut top = self.held(kind);
        top.retain(|(_, tier)| matches!(tier, Tier::Vip | Tier::Major));
        top
    }

    /// Brands there are groups of, by name.
    pub(crate) fn brands(&self) -> Vec<String> {
        let mut brands: Vec<String> = self.inner.read().brands.keys().cloned().collect();
        brands.sort_unstable();
        brands
    }
}

/// How many customers each tier of a group has by rank.
pub(super) fn counts_of(size: u64) -> [u64; 4] {
    let last = |tier: Tier| tier.last_rank(size);
    Tier::ALL.map(|tier| last(tier) - tier.next_up().map_or(0, last))
}

impl Inner {
    fn group(&self, kind: Kind, brand: Option<&str>) -> Option<Group> {
        match brand {
            None => Some((kind, 0)),
            Some(brand) => Some((kind, *self.brands.get(brand)?)),
        }
    }

    fn load(conn: &mut marque_db::Conn<'_>) -> Result<Self, StoreError> {
        let mut inner = Self::default();
        let mut groups: FxHashMap<Group, Vec<(CustomerId, WeightedSum)>> = FxHashMap::default();
        storage::load_all(conn, |customer, state, kind, brands, sum, change| {
            inner.seen = inner.seen.max(change);
            if state != State::Scored {
                return;
            }
            groups.entry((kind, 0)).or_default().push((customer, sum));
            for brand in storage::brands_of(brands) {
                let group = (kind, inner.number_of(brand));
                groups.entry(group).or_default().push((customer, sum));
            }
        })?;
        for (group, customers) in groups {
            let ranks = LiveRanks::load(customers.into_iter());
            inner.pyramid.load(group, ranks);
        }
        Ok(inner)
    }

    fn follow(&mut self, rows: &[Row]) {
        for row in rows {
            self.seen = self.seen.max(row.change);
            let mut places: Vec<Group> = Vec::new();
            if row.state == State::Scored {
                places.push((row.kind, 0));
                for brand in &row.brands {
                    places.push((row.kind, self.number_of(brand)));
                }
            }
            for kind in Kind::ALL {
                for brand in 0..=self.brands.len() as u32 {
                    if !places.contains(&(kind, brand)) {
                        self.pyramid.remove((kind, brand), row.customer);
                    }
                }
            }
            for place in places {
                self.pyramid.place(place, row.customer, row.sum);
            }
        }
    }

    fn number_of(&mut self, brand: &str) -> u32 {
        if let Some(number) = self.brands.get(brand) {
            return *number;
        }
        let number = self.brands.len() as u32 + 1;
        self.brands.insert(brand.to_owned(), number);
        number
    }
}
