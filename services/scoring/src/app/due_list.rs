//! The list of what falls due soon: kept by day for all cars, shown as it now stands.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::{Days, NaiveDate};
use marque_auth::CallContext;
use marque_core::{CustomerId, PageRequest, business_date};
use marque_rpc::CallMeta;
use tokio_util::sync::CancellationToken;

use super::ScoreApp;
use crate::{
    domain::{CarDue, DueItem, DueKind, Vehicle},
    error::{Error, Result},
    storage::{self, DueLine, DueListing, Purpose},
};

/// Most days a question may look ahead.
const MOST_DAYS: i32 = 90;
/// Days looked ahead if nothing is said.
const USUAL_DAYS: i32 = 30;
/// So many days ahead the list is kept: what comes nearer within a day must be in it already.
const KEPT_DAYS: u64 = 100;
/// Cars a transaction.
const BATCH: usize = 300;
/// How often it is looked whether something was told of a car.
const INTERVAL: Duration = Duration::from_secs(1);

/// Which due dates a list wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct DueAsked {
    /// 0 for the usual ones.
    pub(crate) within_days: i32,
    /// Also what fell due before today.
    pub(crate) overdue: bool,
    /// Empty for all.
    pub(crate) kind: String,
    /// Empty for all of the scope.
    pub(crate) dealer: String,
}

/// One line of the list.
#[derive(Debug, Clone)]
pub(crate) struct DueShown {
    pub(crate) vehicle: Vehicle,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) dealer: String,
    pub(crate) item: DueItem,
}

/// Keeps the list until told to stop.
pub(crate) async fn keep_dues(app: ScoreApp, stop: CancellationToken) {
    loop {
        let began = Instant::now();
        match app.find_some_dues().await {
            Ok(0) => {}
            Ok(_) if stop.is_cancelled() => return,
            Ok(_) => {
                // Imports of this process go first.
                marque_db::give_way(began.elapsed(), Duration::ZERO).await;
                continue;
            }
            Err(error) => tracing::warn!(%error, "the list of due dates has to wait"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

impl ScoreApp {
    /// Finds what falls due for some cars of which something was told, or that were last looked at on an earlier day.
    async fn find_some_dues(&self) -> Result<usize> {
        let assessor = self.assessor.clone();
        let stale = self
            .db
            .read(move |conn| {
                let as_of = assessor.as_of(conn)?;
                Ok::<_, Error>(storage::stale_cars(conn, as_of, 1)?)
            })
            .await?;
        if stale.is_empty() {
            return Ok(0);
        }
        let app = self.clone();
        self.db
            .bulk(move |conn| {
                // Nothing is told of a car between the look and the mark.
                storage::lock(conn)?;
                let as_of = app.assessor.as_of(conn)?;
                let vins = storage::stale_cars(conn, as_of, BATCH)?;
                let vins: Vec<&str> = vins.iter().map(String::as_str).collect();
                let owners = storage::owners_of(conn, &vins)?;
                let cars = storage::find_cars(conn, &vins)?;
                let (found, mut lines) = (app.due(conn, cars)?, Vec::new());
                for car in &found {
                    let owner = owners.get(&car.vehicle.vin);
                    if owner.is_none_or(|(_, has_refused)| !has_refused) {
                        let customer = owner.map(|(customer, _)| *customer);
                        lines.extend(lines_of(car, customer, as_of.today));
                    }
                }
                storage::put_dues(conn, &vins, &found, &lines, as_of)?;
                Ok(vins.len())
            })
            .await
    }

    /// What falls due soon for the cars of a scope's dealers, the earliest first. Whoever has just said that he does not want to be
    /// reminded or scored is left out, though the lines do not know it yet.
    pub(crate) async fn list_dues(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        asked: DueAsked,
        page: PageRequest,
    ) -> Result<(Vec<DueShown>, Option<String>)> {
        let today = business_date(self.clock.now());
        let listing = listing(asked, &page, today)?;
        let (app, size) = (self.clone(), page.size as usize);
        let (mut shown, next): (Vec<DueShown>, Option<String>) = self
            .db
            .scan(move |conn| {
                let lines = storage::list_dues(conn, ctx.scope(), &listing)?;
                conn.see_all_dealers()?;
                let next = lines.last().filter(|_| lines.len() == size).map(key_of);
                let vins: Vec<&str> = lines.iter().map(|line| line.vin.as_str()).collect();
                let cars = storage::find_cars(conn, &vins)?;
                let cars: HashMap<String, CarDue> = app
                    .due(conn, cars)?
                    .into_iter()
                    .map(|car| (car.vehicle.vin.clone(), car))
                    .collect();
                let shown = lines.into_iter().filter_map(|line| show(line, &cars));
                Ok::<_, Error>((shown.collect(), next))
            })
            .await?;
        let customers = shown.iter().filter_map(|each| each.customer).collect();
        let purposes = [Purpose::Care, Purpose::Scoring].map(Purpose::name);
        let withdrawn = self.consents.withdrawn(meta, &purposes, customers).await?;
        let is_willing = |customer: CustomerId| !withdrawn.contains(&customer);
        shown.retain(|each| each.customer.is_none_or(is_willing));
        Ok((shown, next))
    }
}

fn listing(asked: DueAsked, page: &PageRequest, today: NaiveDate) -> Result<DueListing> {
    if !(0..=MOST_DAYS).contains(&asked.within_days) {
        let message = format!("1 to {MOST_DAYS} days");
        return Err(Error::field("within", "INVALID", message));
    }
    let is_known = DueKind::ALL.iter().any(|kind| kind.code() == asked.kind);
    if !asked.kind.is_empty() && !is_known {
        let known = DueKind::ALL.map(DueKind::code).join(", ");
        return Err(Error::field("kind", "UNKNOWN", format!("one of {known}")));
    }
    let days = if asked.within_days == 0 {
        USUAL_DAYS
    } else {
        asked.within_days
    };
    let after = match &page.after {
        Some(token) => read_key(&token.key).ok_or(marque_core::InvalidPage::Token)?,
        None => Default::default(),
    };
    Ok(DueListing {
        from: if asked.overdue { EARLIEST } else { today },
        to: ahead(today, u64::from(days.unsigned_abs())),
        kind: asked.kind,
        dealer: asked.dealer,
        after,
        limit: page.size as usize,
    })
}

/// Before every date that a car can have.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day of the calendar");

fn ahead(today: NaiveDate, days: u64) -> NaiveDate {
    today
        .checked_add_days(Days::new(days))
        .unwrap_or(NaiveDate::MAX)
}

fn lines_of(car: &CarDue, customer: Option<CustomerId>, today: NaiveDate) -> Vec<DueLine> {
    let horizon = ahead(today, KEPT_DAYS);
    let line = |item: &DueItem| DueLine {
        vin: car.vehicle.vin.clone(),
        kind: item.kind.code().to_owned(),
        date: item.when.date,
        dealer: car.due.dealer.clone(),
        customer,
    };
    let soon = |item: &&DueItem| item.when.date <= horizon && item.brings_back(today);
    car.due.items.iter().filter(soon).map(line).collect()
}

/// A line with what is due as it now stands; `None` if nothing of the kind is due any more.
fn show(line: DueLine, cars: &HashMap<String, CarDue>) -> Option<DueShown> {
    let car = cars.get(&line.vin)?;
    let item = car
        .due
        .items
        .iter()
        .find(|item| item.kind.code() == line.kind && !item.has_lapsed)?;
    Some(DueShown {
        vehicle: car.vehicle.clone(),
        customer: line.customer,
        dealer: line.dealer,
        item: *item,
    })
}

fn key_of(line: &DueLine) -> String {
    format!("{}:{}:{}", line.date, line.vin, line.kind)
}

fn read_key(key: &str) -> Option<(String, String, String)> {
    let mut parts = key.splitn(3, ':').map(str::to_owned);
    Some((parts.next()?, parts.next()?, parts.next()?))
}
