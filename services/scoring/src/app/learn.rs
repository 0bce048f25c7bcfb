//! Learning from everybody: usual intervals, who comes back, what is spent, how cars are driven. Once a day, and when there are twice as
//! many customers as were learnt from last: after a first import nobody waits for the next day to be compared with the others. While an
//! import runs it is waited for its end, since everybody is assessed anew by what is learnt.

use std::{sync::Arc, time::Duration};

use chrono::NaiveDate;
use marque_core::{Timestamp, business_date};
use marque_db::{AsStoreError as _, Conn, StoreError};
use marque_insight::mileage::{History, MileageModel, Profile};
use rustc_hash::FxHashMap;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ScoreApp;
use crate::{
    domain::{Fitted, Happening, Learner, Vehicle, readings},
    error::{Error, Result},
    storage,
};

/// Most customers and cars that are learnt from: of more an even sample, old and new alike.
const MOST_CUSTOMERS: usize = 50_000;
const MOST_CARS: usize = 50_000;
/// Read with one round of statements.
const BATCH: usize = 500;
/// How often it is looked whether a new day has begun or the customers are twice as many.
const INTERVAL: Duration = Duration::from_mins(1);
/// With fewer cars than this a fleet says nothing of one of them.
const FEWEST_CARS: usize = 20;

/// So many changes of scores from one look to the next are everyday life; of many customers one in so many.
const FEW_CHANGES: i64 = 100;
const CALM_SHARE: i64 = 100;

/// What was seen of the scores until now. They are told by how often any of them has changed, which is one number of the store.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Changes there had been at the last look.
    changes: Option<i64>,
    /// Customers at the last count, and the changes there had been then.
    counted: (i64, i64),
}

impl Seen {
    /// Whether there may be so many customers by now. Each new one is a change, so that most times nobody has to be counted.
    fn may_reach(self, customers: i64, changes: i64) -> bool {
        let (counted, then) = self.counted;
        counted + changes - then >= customers
    }

    /// Whether no import seems to run: since the last look few scores have changed, beside how many customers were learnt from.
    fn is_calm(self, population: i64, changes: i64) -> bool {
        let few = (population / CALM_SHARE).max(FEW_CHANGES);
        self.changes.is_none_or(|before| changes - before <= few)
    }
}

/// Runs until told to stop.
pub(crate) async fn keep_learning(app: ScoreApp, stop: CancellationToken) {
    let mut seen = Seen::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            learnt = app.learn_if_due(&mut seen) => {
                if let Err(error) = learnt {
                    let is_busy = error.as_store_error().is_some();
                    tracing::warn!(%error, is_busy, "learning from all customers has to wait");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Every how many of so many make an even sample of at most `most`.
fn stride(known: i64, most: usize) -> usize {
    usize::try_from(known).unwrap_or(0).div_ceil(most).max(1)
}

impl ScoreApp {
    async fn learn_if_due(&self, seen: &mut Seen) -> Result<()> {
        let (app, today) = (self.clone(), business_date(self.clock.now()));
        let read = move |conn: &mut Conn<'_>| {
            let learnt = app.assessor.learnt(conn)?;
            Ok::<_, StoreError>((learnt, storage::last_change(conn)?))
        };
        let ((since, last), changes) = self.db.read(read).await?;
        let population = last.population();
        // The first customers are learnt from at once: it costs little, and nothing is known without.
        let is_calm = population == 0 || seen.is_calm(population, changes);
        seen.changes = Some(changes);
        if last.is_of(today) && !(is_calm && self.has_doubled(population, seen, changes).await?) {
            return Ok(());
        }
        self.learn(today, since).await
    }

    /// Whether there are twice as many customers as there were, or any at all where there was none.
    async fn has_doubled(&self, population: i64, seen: &mut Seen, changes: i64) -> Result<bool> {
        let enough = (2 * population).max(1);
        if !seen.may_reach(enough, changes) {
            return Ok(false);
        }
        let customers = self.db.scan(storage::count_customers).await?;
        seen.counted = (customers, changes);
        Ok(customers >= enough)
    }

    /// Learns from all customers and cars, and keeps what was learnt, unless another process has done so since: everybody is assessed
    /// anew by what is kept, and once is enough.
    async fn learn(&self, today: NaiveDate, since: Timestamp) -> Result<()> {
        let known = self.db.scan(storage::count_customers).await?;
        if known == 0 {
            return Ok(());
        }
        let learner = self.read_customers(today, known).await?;
        let fleet = self.read_fleet().await?;
        let fitted = tokio::task::spawn_blocking(move || {
            let mileage = if fleet.len() < FEWEST_CARS {
                MileageModel::uninformed()
            } else {
                MileageModel::fit(&fleet)
            };
            learner.learn(today, known, mileage)
        });
        let fitted: Fitted = fitted.await?;
        let body = serde_json::to_string(&fitted).expect("what was learnt is finite numbers");
        let now = self.clock.now();
        self.db
            .write(move |conn| storage::put_fitted(conn, &body, (since, now)))
            .await?;
        self.learnt.notify_one();
        Ok(())
    }

    async fn read_customers(&self, today: NaiveDate, known: i64) -> Result<Learner> {
        let (mut after, mut learner) = (Uuid::nil(), Learner::default());
        let stride = stride(known, MOST_CUSTOMERS);
        loop {
            let batch = self.db.scan(move |conn| {
                let mut customers = storage::walk_customers(conn, after, BATCH * stride)?;
                let last = customers.last().map(|customer| customer.uuid());
                customers = customers.into_iter().step_by(stride).collect();
                Ok::<_, Error>((storage::load_dossiers(conn, &customers)?, last))
            });
            let (dossiers, last) = batch.await?;
            let Some(last) = last else {
                break;
            };
            after = last;
            learner.read(dossiers, today);
        }
        Ok(learner)
    }

    async fn read_fleet(&self) -> Result<Vec<History>> {
        let (mut after, mut fleet): (Arc<str>, Vec<History>) = ("".into(), Vec::new());
        let stride = stride(self.db.scan(storage::count_vehicles).await?, MOST_CARS);
        loop {
            let from = Arc::clone(&after);
            let batch = self.db.scan(move |conn| {
                let mut cars = storage::walk_vehicles(conn, &from, BATCH * stride)?;
                let last: Option<Arc<str>> = cars.last().map(|car| car.vin.as_str().into());
                cars = cars.into_iter().step_by(stride).collect();
                let vins: Vec<&str> = cars.iter().map(|car| car.vin.as_str()).collect();
                let visits = storage::visits_of_cars(conn, &vins)?;
                let occupations = storage::occupations_of_cars(conn, &vins)?;
                Ok::<_, Error>((cars, visits, occupations, last))
            });
            let (cars, visits, occupations, last) = batch.await?;
            let Some(last) = last else {
                break;
            };
            after = last;
            let mut by_vin: FxHashMap<String, Vec<Happening>> = FxHashMap::default();
            for visit in visits {
                by_vin.entry(visit.vin.clone()).or_default().push(visit);
            }
            let occupations: FxHashMap<String, String> = occupations.into_iter().collect();
            let history = |car: &Vehicle| {
                let visits = by_vin.get(&car.vin).map(Vec::as_slice).unwrap_or_default();
                let profile = Profile {
                    occupation: occupations.get(&car.vin).cloned(),
                    model: Some(car.model_name().to_owned()).filter(|model| !model.is_empty()),
                    fleet: None,
                };
                History::new(profile, car.sale_date, &readings(visits))
            };
            fleet.extend(cars.iter().map(history));
        }
        Ok(fleet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_counted_before_there_can_be_enough() {
        let none = Seen::default();
        assert!(!none.may_reach(1, 0) && none.may_reach(1, 1));
        let seen = Seen {
            counted: (700, 5_000),
            ..none
        };
        for (changes, may) in [(5_000, false), (5_299, false), (5_300, true), (9_000, true)] {
            assert_eq!(seen.may_reach(1_000, changes), may, "{changes}");
        }
    }

    #[test]
    fn the_end_of_an_import_is_waited_for() {
        let seen = Seen {
            changes: Some(1_000),
            ..Seen::default()
        };
        for (population, changes, is_calm) in [
            (50, 1_100, true),
            (50, 1_101, false),
            (1_000_000, 11_000, true),
            (1_000_000, 11_001, false),
        ] {
            assert_eq!(seen.is_calm(population, changes), is_calm, "{changes}");
        }
        assert!(
            Seen::default().is_calm(50, 1_000_000),
            "who has just started knows of none"
        );
    }
}
