//! The State Council's working days: those that come with Marque, and the years that headquarters gave since.
//!
//! Every unit of work looks at the table's revision, so a new year counts from the moment it is committed, in every process. The
//! clocks that ran before are computed anew by a task: the years by which they were computed last lie in the store, so that neither
//! a restart nor a newer binary with other years leaves any behind.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use marque_auth::{CallContext, Scope};
use marque_core::{ComplaintId, Timestamp, business_date};
use marque_db::{Conn, StoreError, lock_key};
use marque_insight::law::{WorkCalendar, WorkYear};
use marque_ledger::{Entry as Act, record};
use parking_lot::RwLock;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::CaseApp;
use crate::{
    domain::{check_year, missing_years},
    error::{Error, Result},
    storage,
};

/// Cases whose clocks are computed anew in one transaction.
const BATCH: u32 = 200;
/// How long another process's change may go unnoticed by the task, and how long a failure is waited out.
const WATCH: Duration = Duration::from_secs(5);
/// So long after clocks were computed anew they are once more: a unit of work that began by the old days has ended by then.
const GRACE: Duration = Duration::from_secs(120);
/// And each day, for what a replica of an earlier release wrote.
const EACH_DAY: Duration = Duration::from_hours(24);
/// How often it is told that a year is missing.
const REMIND_MICROS: i64 = 86_400_000_000;
/// Held while a year is written, so that no two get one revision.
const LOCK: &[u8] = b"complaint.work_years";

/// The working days as this process knows them; cheap to clone, shared.
#[derive(Debug, Clone)]
pub(crate) struct WorkDays {
    /// With the revision of the store's table they are of.
    known: Arc<RwLock<(i64, Arc<WorkCalendar>)>>,
    changed: Arc<Notify>,
}

impl Default for WorkDays {
    fn default() -> Self {
        Self {
            known: Arc::new(RwLock::new((0, Arc::new(WorkCalendar::shipped())))),
            changed: Arc::default(),
        }
    }
}

/// The years as they are shown.
pub(crate) struct Years {
    /// Each with when headquarters gave it, if it did.
    pub(crate) known: Vec<(WorkYear, Option<Timestamp>)>,
    pub(crate) missing: Vec<i32>,
    /// Whether the clocks run by them already.
    pub(crate) is_settled: bool,
}

impl CaseApp {
    /// The days of a revision of the store's table.
    pub(super) fn days(
        &self,
        conn: &mut Conn<'_>,
        revision: i64,
    ) -> std::result::Result<Arc<WorkCalendar>, StoreError> {
        let (newest, days) = self.work_days.known.read().clone();
        if newest == revision {
            return Ok(days);
        }
        let mut days = WorkCalendar::shipped();
        for (year, _) in storage::list_years(conn)? {
            days.put(year)
                .map_err(|error| StoreError::Other(error.into()))?;
        }
        let days = Arc::new(days);
        if revision > newest {
            *self.work_days.known.write() = (revision, Arc::clone(&days));
        }
        Ok(days)
    }

    pub(super) fn days_now(
        &self,
        conn: &mut Conn<'_>,
    ) -> std::result::Result<(i64, Arc<WorkCalendar>), StoreError> {
        let revision = storage::years_revision(conn)?;
        Ok((revision, self.days(conn, revision)?))
    }

    /// The years that are known, and those that should be.
    pub(crate) async fn list_years(&self) -> Result<Years> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let given: HashMap<i32, Timestamp> = storage::list_years(conn)?
                    .into_iter()
                    .map(|(year, at)| (year.year, at))
                    .collect();
                let (_, days) = app.days_now(conn)?;
                let known = days.years().cloned();
                Ok(Years {
                    known: known
                        .map(|year| (given.get(&year.year).copied(), year))
                        .map(|(at, year)| (year, at))
                        .collect(),
                    missing: missing_years(&days, business_date(app.clock.now())),
                    is_settled: storage::settled_years(conn)? == Some(written(&days)),
                })
            })
            .await
    }

    /// Takes over a year; the clocks of open cases follow in the background. Answers when it was taken over.
    pub(crate) async fn put_year(
        &self,
        ctx: CallContext,
        year: WorkYear,
        only_new: bool,
    ) -> Result<Timestamp> {
        if !matches!(ctx.scope(), Scope::Headquarters) {
            return Err(Error::HeadquartersOnly);
        }
        check_year(&year).map_err(|(field, message)| Error::field(field, "FORMAT", message))?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                conn.lock_keys(&mut vec![lock_key(LOCK)])?;
                let mut given = storage::list_years(conn)?.into_iter();
                if only_new && given.any(|(known, _)| known.year == year.year) {
                    return Err(Error::ThereAlready);
                }
                storage::put_year(conn, &year, now)?;
                let subject = year.year.to_string();
                let act = Act {
                    act: "work_year_put",
                    subject: &subject,
                    dealer: "",
                    detail: "",
                };
                Ok::<_, Error>(record(conn, &ctx, now, &act)?)
            })
            .await?;
        self.work_days.changed.notify_one();
        Ok(now)
    }

    /// Computes the clocks anew if that was not done for the years that count now, or in any case; answers their revision and
    /// whether it did.
    async fn settle(&self, seen: Option<i64>, in_any_case: bool) -> Result<(i64, bool)> {
        let app = self.clone();
        let (revision, days, settled) = self
            .db
            .read(move |conn| {
                let (revision, days) = app.days_now(conn)?;
                Ok::<_, Error>((revision, days, storage::settled_years(conn)?))
            })
            .await?;
        let years = written(&days);
        let is_settled = seen == Some(revision) || settled.as_ref() == Some(&years);
        if is_settled && !in_any_case {
            return Ok((revision, false));
        }
        let new: Arc<[i32]> = settled.map_or_else(Arc::default, |settled| added(&days, &settled));
        let mut after = Some(Uuid::nil());
        let mut changed = 0;
        while let Some(from) = after {
            let cases = self
                .db
                .scan(move |conn| Ok::<_, Error>(storage::running_cases(conn, from, BATCH)?))
                .await?;
            let is_full = cases.len() == BATCH as usize;
            after = cases.last().filter(|_| is_full).map(|case| case.uuid());
            let (app, new) = (self.clone(), Arc::clone(&new));
            changed += self
                .db
                .bulk(move |conn| app.reschedule(conn, &cases, &new))
                .await?;
        }
        self.db
            .write(move |conn| storage::settle_years(conn, &years))
            .await?;
        tracing::info!(
            clocks = changed,
            "clocks run by the years that are known now"
        );
        Ok((revision, true))
    }

    /// Computes the running clocks of cases anew: from when each last began to run, by the days as they are now. Due times that reach
    /// into `new` years are provisional no more. Answers how many changed.
    fn reschedule(&self, conn: &mut Conn<'_>, cases: &[ComplaintId], new: &[i32]) -> Result<usize> {
        let now = self.clock.now();
        storage::lock_cases(conn, cases.iter().copied())?;
        let mut changed: Vec<(ComplaintId, String, crate::domain::Clock)> = Vec::new();
        let mut moved = Vec::new();
        let clocks = storage::running_clocks(conn, cases)?;
        let dealers = clocks.iter().map(|(_, dealer, _)| dealer.as_str());
        let calendars = self.calendars(conn, dealers)?;
        for (case, dealer, before) in clocks {
            let (mut clock, calendar) = (before, &calendars[&dealer]);
            clock.reschedule(now, calendar);
            let reaches = |year: &i32| {
                let due = clock.due_at.unwrap_or(now);
                calendar.years(now, due).contains(year)
            };
            if clock.outlook(now) != before.outlook(now) || new.iter().any(reaches) {
                moved.push(case);
            }
            if clock != before {
                changed.push((case, dealer, clock));
            }
        }
        let clocks = changed
            .iter()
            .map(|(case, dealer, clock)| (*case, dealer.as_str(), clock));
        storage::save_clocks(conn, clocks)?;
        self.tell_rescheduled(conn, &Scope::Headquarters, moved, now)?;
        Ok(changed.len())
    }

    /// Says of missing years that they are, once a day.
    async fn remind(&self, told: &mut Option<Timestamp>) -> Result<()> {
        let missing = self.list_years().await?.missing;
        metrics::gauge!("marque_complaint_workdays_missing").set(missing.len() as f64);
        let now = self.clock.now();
        let is_told = told.is_some_and(|at| now.as_micros() - at.as_micros() < REMIND_MICROS);
        if missing.is_empty() {
            *told = None;
        } else if !is_told {
            *told = Some(now);
            tracing::warn!(
                years = ?missing,
                "the State Council's working days of a year are not known: its due times count weekends alone; give them by \
                 PUT /v1/workdays/{{year}}"
            );
        }
        Ok(())
    }
}

/// Keeps the clocks to the years that are known until told to stop.
pub(crate) async fn keep_years(app: CaseApp, stop: CancellationToken) {
    let (mut seen, mut told) = (None, None);
    let mut again = Instant::now() + EACH_DAY;
    loop {
        let rung = app.work_days.changed.notified();
        let is_due = Instant::now() >= again;
        match app.settle(seen, is_due).await {
            Ok((revision, did)) => {
                seen = Some(revision);
                if is_due {
                    again = Instant::now() + EACH_DAY;
                } else if did {
                    again = Instant::now() + GRACE;
                }
            }
            Err(error) => tracing::warn!(%error, "computing clocks anew has to wait"),
        }
        if let Err(error) = app.remind(&mut told).await {
            tracing::warn!(%error, "whether a year is missing cannot be seen now");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = rung => {}
            () = tokio::time::sleep(WATCH) => {}
        }
    }
}

/// The years that are known and do not stand among those that were written.
fn added(days: &WorkCalendar, before: &str) -> Arc<[i32]> {
    let was_known = |year: &i32| {
        let start = format!("{year}:");
        before.split(';').any(|each| each.starts_with(&start))
    };
    let years = days.years().map(|year| year.year);
    years.filter(|year| !was_known(year)).collect()
}

/// The years in words, so that others are other words.
fn written(days: &WorkCalendar) -> String {
    let years = days.years();
    let written = years.map(|year| format!("{}:{:?}{:?}", year.year, year.off, year.on));
    written.collect::<Vec<_>>().join(";")
}
