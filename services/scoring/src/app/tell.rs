//! Telling the others by events what they must not wait to ask for: cars near a threshold of the three guarantees, and the
//! tiers of customers who are in the top ones or have an open complaint. Of the millions of others nobody is told.

use std::time::Duration;

use chrono::NaiveDate;
use marque_api::scoring::v1 as pb;
use marque_core::{CustomerId, Timestamp, business_date};
use marque_db::{Conn, StoreError};
use marque_events::{NewEvent, publish};
use marque_insight::{
    law::{
        WorkCalendar,
        guarantees::{Counter, Level, Repair, Rule, Terms, counters, windows},
    },
    rank::{Kind, Tier},
};
use prost::Message as _;
use rustc_hash::FxHashMap;
use tokio_util::sync::CancellationToken;

use super::ScoreApp;
use crate::{
    domain::{Granted, Vehicle, level_word, rule_words},
    error::Result,
    history::local,
    storage::{self, Check},
};

const NEARED: &str = "marque.scoring.guarantees.neared";
const TIERS: &str = "marque.scoring.tiers.changed";
/// Cars counted in a row, and customers told of in one event.
const CARS: usize = 100;
const CUSTOMERS: usize = 500;
/// Customers told of in one transaction.
const TOLD_AT_ONCE: usize = 5_000;
/// How often it is looked for cars to be counted.
const CARS_EVERY: Duration = Duration::from_secs(1);
/// How often tiers are compared, where scores have changed.
const TIERS_EVERY: Duration = Duration::from_mins(1);
/// How long a failure is waited out.
const BACKOFF: Duration = Duration::from_secs(10);
/// By how much a car that cannot be counted is put off.
const PUT_OFF: Duration = Duration::from_mins(10);
/// A day under repair is a day more, though nobody reports it.
const DAY: Duration = Duration::from_hours(24);

/// Counts cars that have a reason to, until told to stop.
pub(crate) async fn tell_guarantees(app: ScoreApp, stop: CancellationToken) {
    loop {
        let pause = match app.count_some().await {
            Ok(CARS) => Duration::ZERO,
            Ok(_) => CARS_EVERY,
            Err(error) => {
                tracing::warn!(%error, "counting towards the three guarantees has to wait");
                BACKOFF
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What tiers were compared by.
#[derive(Debug, PartialEq, Eq)]
struct Compared {
    /// The last change of a score.
    change: i64,
    /// Who had an open complaint, by id.
    complaining: Vec<CustomerId>,
}

/// Compares tiers with those that were told, until told to stop.
pub(crate) async fn tell_tiers(app: ScoreApp, stop: CancellationToken) {
    let mut seen = None;
    loop {
        let pause = match app.compare_tiers(seen.as_ref()).await {
            Ok(compared) => {
                seen = Some(compared);
                TIERS_EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "telling of tiers has to wait");
                BACKOFF
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl ScoreApp {
    /// Counts some of the cars that are due; answers how many.
    async fn count_some(&self) -> Result<usize> {
        let now = self.clock.now();
        let due = self
            .db
            .read(move |conn| storage::due_checks(conn, now, CARS))
            .await?;
        let count = due.len();
        for check in due {
            if let Err(error) = self.count_car(&check).await {
                // The others must not wait for one that cannot be counted.
                let later = Some(now.plus(PUT_OFF));
                self.db
                    .write(move |conn| storage::end_check(conn, &check, later))
                    .await?;
                return Err(error);
            }
        }
        Ok(count)
    }

    async fn count_car(&self, check: &Check) -> Result<()> {
        let now = self.clock.now();
        let vin = check.vin.clone();
        let car = self
            .db
            .read(move |conn| {
                let Some(car) = storage::find_car(conn, &vin)? else {
                    return Ok(None);
                };
                let promises = storage::promises_to(conn, &[vin.as_str()])?;
                let terms = Granted::to(&car, &promises).terms;
                Ok::<_, StoreError>(Some((car, terms)))
            })
            .await?;
        let counted = match car.and_then(|(car, terms)| Some((car.sale_date?, car, terms))) {
            Some((start, car, terms)) if is_covered(&terms, start, now) => {
                let repairs = self.history.repairs_unasked(&car.vin, now).await?;
                let counters = count(&terms, start, &repairs, now);
                Some((counters, has_open(&repairs), car))
            }
            _ => None,
        };
        let (app, check) = (self.clone(), check.clone());
        self.db
            .write(move |conn| {
                let again = match &counted {
                    Some((counters, true, _)) if !counters.is_empty() => Some(now.plus(DAY)),
                    _ => None,
                };
                if let Some((counters, _, car)) = &counted {
                    app.tell_counters(conn, car, counters)?;
                }
                Ok(storage::end_check(conn, &check, again)?)
            })
            .await
    }

    fn tell_counters(
        &self,
        conn: &mut Conn<'_>,
        car: &Vehicle,
        counters: &[Counter],
    ) -> std::result::Result<(), StoreError> {
        let mut guarantees = Vec::new();
        // A long repair with a spare car is no breach.
        let is_told = |each: &&Counter| {
            each.level > Level::Counted && (each.is_confirmed || each.rule != Rule::SpareCar)
        };
        for counter in counters.iter().filter(is_told) {
            let (rule, subject) = rule_words(counter);
            let level = level_word(counter.level);
            if storage::tell_guarantee(conn, &car.vin, (rule, &subject), level)? {
                guarantees.push(pb::NearedGuarantee {
                    vehicle_id: car.id.to_string(),
                    vin: car.vin.clone(),
                    rule: rule.to_owned(),
                    level: level.to_owned(),
                    count: counter.count as i32,
                    reached_at: counter.reached_at as i32,
                    subject,
                });
            }
        }
        if guarantees.is_empty() {
            return Ok(());
        }
        let data = pb::GuaranteesNeared { guarantees }.encode_to_vec();
        self.tell(conn, (NEARED, car.id.to_string()), data)
    }

    /// Tells whose tier is another than was told, unless nothing has changed since; answers what it was compared by.
    async fn compare_tiers(&self, seen: Option<&Compared>) -> Result<Compared> {
        let read = |conn: &mut Conn<'_>| {
            Ok::<_, StoreError>(Compared {
                change: storage::last_change(conn)?,
                complaining: storage::complaining_customers(conn)?,
            })
        };
        let now = self.db.scan(read).await?;
        if seen == Some(&now) {
            return Ok(now);
        }
        self.ladder.catch_up().await?;
        let tiers = self.tiers_to_tell(&now.complaining);
        // Looked at first: a write holds up others, and most of the time there is nothing new.
        let told = self.db.scan(storage::told_tiers).await?;
        if is_told(&tiers, &told) {
            return Ok(now);
        }
        // In parts: after a new model they may be every twentieth customer, and scores wait for whoever writes.
        for some in changed(&tiers, &told).chunks(TOLD_AT_ONCE) {
            let changes: Vec<(CustomerId, &'static str)> = some.to_vec();
            let app = self.clone();
            self.db
                .bulk(move |conn| {
                    storage::lock_tiers(conn)?;
                    Ok::<_, crate::error::Error>(app.tell_changes(conn, &changes)?)
                })
                .await?;
        }
        Ok(now)
    }

    /// Whose tier others are to know: those of the top tiers, and those who complain.
    fn tiers_to_tell(&self, complaining: &[CustomerId]) -> FxHashMap<CustomerId, Tier> {
        let top = Kind::ALL.into_iter().flat_map(|kind| self.ladder.top(kind));
        let complaining = complaining
            .iter()
            .filter_map(|customer| Some((*customer, self.ladder.tier(*customer)?)));
        top.chain(complaining).collect()
    }

    /// Tells of customers who now have these tiers, unless another process told so meanwhile.
    fn tell_changes(
        &self,
        conn: &mut Conn<'_>,
        now: &[(CustomerId, &'static str)],
    ) -> std::result::Result<(), StoreError> {
        let customers: Vec<CustomerId> = now.iter().map(|(customer, _)| *customer).collect();
        let told = storage::told_tiers_of(conn, &customers)?;
        let is_news = |(customer, tier): &&(CustomerId, &'static str)| {
            told.get(customer).map_or("", String::as_str) != *tier
        };
        let (gone, others): (Vec<_>, Vec<_>) = now
            .iter()
            .filter(is_news)
            .partition(|(_, tier)| tier.is_empty());
        let others: Vec<(CustomerId, &str)> = others.into_iter().copied().collect();
        let gone: Vec<CustomerId> = gone.into_iter().map(|(customer, _)| *customer).collect();
        storage::put_told_tiers(conn, &others, &gone)?;
        let tiers: Vec<pb::ChangedTier> = others
            .into_iter()
            .chain(gone.into_iter().map(|customer| (customer, "")))
            .map(|(customer, tier)| pb::ChangedTier {
                customer_id: customer.to_string(),
                tier: tier.to_owned(),
            })
            .collect();
        for some in tiers.chunks(CUSTOMERS) {
            let subject = some[0].customer_id.clone();
            let tiers = some.to_vec();
            let data = pb::TiersChanged { tiers }.encode_to_vec();
            self.tell(conn, (TIERS, subject), data)?;
        }
        Ok(())
    }

    fn tell(
        &self,
        conn: &mut Conn<'_>,
        (kind, subject): (&'static str, String),
        data: Vec<u8>,
    ) -> std::result::Result<(), StoreError> {
        let event = NewEvent {
            kind,
            subject,
            dealer: None,
            data,
            traceparent: "",
        };
        publish(conn, &*self.clock, &event)
    }
}

/// Who has another tier than was told, by id, with the tier he has; the empty one of whom nobody is to know any more.
fn changed(
    tiers: &FxHashMap<CustomerId, Tier>,
    told: &FxHashMap<CustomerId, String>,
) -> Vec<(CustomerId, &'static str)> {
    let others = tiers
        .iter()
        .map(|(customer, tier)| (*customer, tier.key()))
        .filter(|(customer, tier)| told.get(customer).map(String::as_str) != Some(tier));
    let gone = told.keys().filter(|customer| !tiers.contains_key(customer));
    let mut changed: Vec<_> = others.chain(gone.map(|customer| (*customer, ""))).collect();
    changed.sort_unstable();
    changed
}

/// Whether the tiers are those that were told.
fn is_told(tiers: &FxHashMap<CustomerId, Tier>, told: &FxHashMap<CustomerId, String>) -> bool {
    let is_same = |(customer, tier): (&CustomerId, &Tier)| {
        told.get(customer).map(String::as_str) == Some(tier.key())
    };
    tiers.len() == told.len() && tiers.iter().all(is_same)
}

/// Whether a car handed over on a day is still in the longest of its terms.
fn is_covered(terms: &Terms, start: NaiveDate, now: Timestamp) -> bool {
    let windows = windows(terms, start, &WorkCalendar::shipped());
    business_date(now) <= windows.period.max(windows.repair_period)
}

fn count(terms: &Terms, start: NaiveDate, repairs: &[Repair], now: Timestamp) -> Vec<Counter> {
    let calendar = WorkCalendar::shipped();
    counters(terms, start, &calendar, repairs, local(now))
}

fn has_open(repairs: &[Repair]) -> bool {
    repairs.iter().any(|repair| repair.completed_at.is_none())
}
