//! Tiers held from day to day, so that nobody flaps at a border. Off unless a margin is set.
//!
//! Promotion is at once. Who began the day in a higher tier than his rank now gives keeps it until his rank is more than the
//! margin behind the border. What the day began with is kept in the store, so that all processes hold the same.

use std::time::Duration;

use chrono::NaiveDate;
use marque_core::{CustomerId, business_date};
use marque_db::StoreError;
use marque_insight::rank::{Hysteresis, Kind, Standing, Tier};
use rustc_hash::FxHashMap;
use tokio_util::sync::CancellationToken;

use super::ScoreApp;
use crate::storage;

/// How often it is looked whether a new day has begun.
const INTERVAL: Duration = Duration::from_mins(5);

/// What the day began with.
#[derive(Debug, Clone, Default)]
pub(super) struct Holds {
    pub(super) on: Option<NaiveDate>,
    tiers: FxHashMap<CustomerId, Tier>,
}

impl Holds {
    pub(super) fn new(on: Option<NaiveDate>, tiers: Vec<(CustomerId, Tier)>) -> Self {
        Self {
            on,
            tiers: tiers.into_iter().collect(),
        }
    }

    /// The standing with the tier that is held.
    pub(super) fn hold(
        &self,
        hysteresis: Hysteresis,
        customer: CustomerId,
        standing: Standing,
    ) -> Standing {
        let held = self.tiers.get(&customer).copied();
        Standing {
            tier: hysteresis.hold(held, standing.rank, standing.size),
            ..standing
        }
    }
}

/// Keeps what each day begins with until told to stop.
pub(crate) async fn keep_holds(app: ScoreApp, stop: CancellationToken) {
    if app.ladder.hysteresis() == Hysteresis::OFF {
        return;
    }
    loop {
        if let Err(error) = app.begin_day().await {
            tracing::warn!(%error, "the day's tiers have to wait");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

impl ScoreApp {
    /// Writes down who begins the day in which tier, unless that is done.
    async fn begin_day(&self) -> Result<(), StoreError> {
        let today = business_date(self.clock.now());
        let is_done = move |on: Option<NaiveDate>| on.is_some_and(|on| on >= today);
        if is_done(self.db.read(storage::held_on).await?) {
            return Ok(());
        }
        self.ladder.catch_up().await?;
        let holds: Vec<(CustomerId, Tier)> = Kind::ALL
            .into_iter()
            .flat_map(|kind| self.ladder.held(kind))
            .collect();
        self.db
            .bulk(move |conn| {
                storage::lock(conn)?;
                // Another process may have been first.
                if is_done(storage::held_on(conn)?) {
                    return Ok(());
                }
                storage::put_holds(conn, &holds, today)
            })
            .await
    }
}
