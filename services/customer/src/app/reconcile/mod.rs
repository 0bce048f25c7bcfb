//! Reconciliation: who is who is looked at again in the background, so that it does not matter in which order records came.
//!
//! A live write places a record by what is known at its moment. Later records can show two customers to be one, or one to be
//! two. A reconciliation goes through the customers that changed since the one before, or through all when an operator asks,
//! in small batches: it reads and weighs without a lock, and opens a transaction only where something is to be done, in which
//! it looks again. It gives way to imports and callers. How far it came is in the store, claimed by one instance for the time of
//! a lease: whoever claims it after a crash goes on there.
//!
//! | what all records of the customers say | what happens |
//! |---|---|
//! | surely one, and nothing speaks against it | joined, the older stays |
//! | likely one, or surely with a contradiction, or as surely another | the pair goes to the steward |
//! | records contradict the others, or are not even likely of the same customer | they are parted off |
//! | a record is by far nearer to another | it goes there |
//! | a pair that waits for a steward holds no more | it leaves the queue, with the reason |
//!
//! What a steward put together is not taken apart, and what he parted is not joined. Each act can be undone.

mod acts;
mod examine;
mod weighed;

use std::time::{Duration, Instant};

use marque_auth::{CallContext, Role};
use marque_core::{CustomerSerial, Timestamp, new_uuid};
use marque_db::{Conn, give_way};
use marque_ledger::{Entry, record};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::CustomerApp;
use crate::{
    error::{Error, Result},
    storage::{Claim, Progress, Reconciliation},
};

/// Customers a batch.
const BATCH: u32 = 32;
/// How long a claim counts without a batch being done.
const LEASE: Duration = Duration::from_secs(60);
/// So long after one has begun the next begins by itself, if anybody changed.
const EVERY: Duration = Duration::from_hours(1);
/// How often it is looked whether there is something to do.
const NAP: Duration = Duration::from_secs(5);
/// After nobody had changed it is so long before customers are asked again.
const REST: Duration = Duration::from_secs(60);
/// So long before one began the next looks back: what was written around its beginning it may not have seen.
const OVERLAP: Duration = Duration::from_mins(5);
/// How long it waits after a failure.
const BACKOFF: Duration = Duration::from_secs(1);
/// Who reconciles by himself.
const JOB: &str = "customer.reconcile";

/// One instance's hand in reconciliations.
#[derive(Debug, Clone)]
pub(crate) struct Reconciler {
    app: CustomerApp,
    owner: Uuid,
    /// When this instance began: the first one of all waits as long as any other.
    since: Timestamp,
    /// When nobody had changed.
    quiet_at: Option<Timestamp>,
    /// When pairs under numbers that were merged away were last looked for.
    strays_at: Option<Timestamp>,
}

/// From when on the next one looks.
fn since(last: &Reconciliation) -> Timestamp {
    let back = i64::try_from(OVERLAP.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(last.started_at.as_micros().saturating_sub(back).max(0))
}

impl CustomerApp {
    /// Starts a reconciliation, or answers with the one that is at work.
    pub(crate) async fn start_reconciliation(
        &self,
        ctx: CallContext,
        whole: bool,
    ) -> Result<Reconciliation> {
        ctx.require(Role::HqAdmin)?;
        let app = self.clone();
        let running = self
            .db
            .write(move |conn| app.start_in(conn, &ctx, whole))
            .await?;
        self.asked.notify_one();
        Ok(running)
    }

    /// The last reconciliations, the newest first.
    pub(crate) async fn reconciliations(&self, ctx: CallContext) -> Result<Vec<Reconciliation>> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        let store = self.store.clone();
        self.db.read(move |conn| store.reconciliations(conn)).await
    }

    fn start_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        whole: bool,
    ) -> Result<Reconciliation> {
        let now = self.clock.now();
        let beginning = Timestamp::from_micros(0);
        let last = self.store.reconciliations(conn)?.into_iter().next();
        let since = last.filter(|_| !whole).map(|last| since(&last));
        let new = Reconciliation {
            id: new_uuid(&*self.clock),
            started_by: ctx.actor().to_string(),
            started_at: now,
            finished_at: None,
            since: since.unwrap_or(beginning),
            checkpoint: CustomerSerial::new(0),
            progress: Progress::default(),
        };
        if self.store.insert_reconciliation(conn, &new)? {
            let entry = Entry {
                act: "reconciliation_started",
                subject: "",
                dealer: "",
                detail: if whole { "all" } else { "changed" },
            };
            record(conn, ctx, now, &entry)?;
            return Ok(new);
        }
        let Some(running) = self.store.running_reconciliation(conn)? else {
            return Ok(new);
        };
        if whole && running.since > beginning {
            self.store.widen_reconciliation(conn, running.id)?;
        }
        Ok(self.store.running_reconciliation(conn)?.unwrap_or(running))
    }
}

impl Reconciler {
    pub(crate) fn new(app: CustomerApp) -> Self {
        let (owner, since) = (new_uuid(&*app.clock), app.clock.now());
        Self {
            app,
            owner,
            since,
            quiet_at: None,
            strays_at: None,
        }
    }

    /// Works until told to stop.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        // There from the start: an increase from nothing is none to Prometheus.
        count(Progress::default());
        acts::count_left_out(0);
        loop {
            let began = Instant::now();
            let step = tokio::select! {
                () = stop.cancelled() => return,
                step = self.step() => step,
            };
            let pause = match step {
                Ok(true) => {
                    let took = began.elapsed();
                    give_way(took, Duration::ZERO).await;
                    // Half the time is others'.
                    took.min(NAP)
                }
                Ok(false) => NAP,
                Err(error) => {
                    tracing::warn!(%error, "reconciliation has to wait");
                    BACKOFF
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.app.asked.notified(), if pause == NAP => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One batch of the one that runs; false if there is nothing to do.
    async fn step(&mut self) -> Result<bool> {
        self.call_strays_home().await?;
        if !self.is_wanted().await? {
            return Ok(false);
        }
        let Some(running) = self.claim().await? else {
            return Ok(false);
        };
        let (app, from) = (self.app.clone(), running.clone());
        let (batch, wanting) = self
            .app
            .db
            .scan(move |conn| app.look_at(conn, &from))
            .await?;
        for customer in wanting {
            self.settle(&running, customer).await?;
        }
        let (store, claim) = (self.app.store.clone(), self.claim_now());
        let done = self
            .app
            .db
            .bulk(move |conn| {
                let mut done = Progress::default();
                let Some(last) = batch.last() else {
                    store.finish_reconciliation(conn, &running, &claim)?;
                    return Ok(done);
                };
                done.looked_at = batch.len() as i64;
                let is_ours = store.advance_reconciliation(conn, &running, &claim, *last, done)?;
                Ok::<_, Error>(if is_ours { done } else { Progress::default() })
            })
            .await?;
        count(done);
        Ok(true)
    }

    /// Pairs of an earlier release, which left them where they were when their customers were merged.
    async fn call_strays_home(&mut self) -> Result<()> {
        let now = self.app.clock.now();
        if self.strays_at.is_some_and(|at| now < at.plus(EVERY)) {
            return Ok(());
        }
        loop {
            let app = self.app.clone();
            let strays = self.app.db.scan(move |conn| app.has_strays(conn)).await?;
            if !strays {
                break;
            }
            let app = self.app.clone();
            self.app.db.bulk(move |conn| app.call_home(conn)).await?;
        }
        self.strays_at = Some(now);
        Ok(())
    }

    /// Each customer in a transaction of his own: callers do not wait for others'.
    async fn settle(&self, running: &Reconciliation, customer: CustomerSerial) -> Result<()> {
        let (app, running, claim) = (self.app.clone(), running.clone(), self.claim_now());
        let settled = self
            .app
            .db
            .bulk(move |conn| app.settle(conn, &running, &claim, customer))
            .await;
        match settled {
            Ok(done) => count(done),
            Err(error) if error.is_lasting() => acts::leave_out(customer, &error),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether one runs or is due; one that is due is started.
    async fn is_wanted(&mut self) -> Result<bool> {
        let (store, now) = (self.app.store.clone(), self.app.clock.now());
        let last = self
            .app
            .db
            .read(move |conn| store.reconciliations(conn))
            .await?
            .into_iter()
            .next();
        if last.as_ref().is_some_and(|last| last.finished_at.is_none()) {
            return Ok(true);
        }
        let began = last.as_ref().map_or(self.since, |last| last.started_at);
        let is_resting = self
            .quiet_at
            .is_some_and(|at| at <= now && now < at.plus(REST));
        if began.plus(EVERY) > now || is_resting {
            return Ok(false);
        }
        let from = last.as_ref().map_or(Timestamp::from_micros(0), since);
        let (store, nobody) = (self.app.store.clone(), CustomerSerial::new(0));
        let changed = self
            .app
            .db
            .scan(move |conn| store.customers_changed(conn, (from, now), nobody, 1))
            .await?;
        if changed.is_empty() {
            self.quiet_at = Some(now);
            return Ok(false);
        }
        let app = self.app.clone();
        self.app
            .db
            .write(move |conn| app.start_in(conn, &CallContext::job(JOB), false))
            .await?;
        Ok(true)
    }

    fn claim_now(&self) -> Claim {
        let now = self.app.clock.now();
        Claim {
            owner: self.owner,
            now,
            until: now.plus(LEASE),
        }
    }

    async fn claim(&self) -> Result<Option<Reconciliation>> {
        let (store, claim) = (self.app.store.clone(), self.claim_now());
        self.app
            .db
            .write(move |conn| store.claim_reconciliation(conn, &claim))
            .await
    }
}

/// What the metrics tell.
fn count(done: Progress) {
    let acts = [
        ("joined", done.joined),
        ("parted", done.parted),
        ("moved", done.moved),
        ("asked", done.asked),
        ("closed", done.closed),
    ];
    for (act, times) in acts {
        metrics::counter!("marque_customer_reconciled_total", "act" => act)
            .increment(times.unsigned_abs());
    }
    metrics::counter!("marque_customer_reconciliation_looked_at_total")
        .increment(done.looked_at.unsigned_abs());
}
