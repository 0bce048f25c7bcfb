//! The scheduler: takes every step of the escalation that is due, each once, in the order in which they fell due.
//!
//! Nothing of it lives in memory. What is due lies in the store; a scheduler claims some of it for the time of a lease and
//! then, in one transaction, takes the steps, tells of them and lets go. Whoever dies in between holds nobody up for longer
//! than the lease, and the key of the steps' table makes it impossible to take one twice.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::Duration,
};

use marque_auth::Scope;
use marque_core::{ComplaintId, Timestamp, new_uuid};
use marque_db::Conn;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    CaseApp,
    publish::{self, Change},
};
use crate::{
    domain::{Calendar, Step},
    error::Result,
    storage::{self, Claim, Due, Taken},
};

/// How long a claim counts. Long enough for the slowest batch, short enough that nobody waits for a dead instance.
const LEASE: Duration = Duration::from_secs(10);
/// Clocks a batch.
const BATCH: u32 = 500;
/// How long the scheduler sleeps at most: other instances' writes do not wake it.
const NAP: Duration = Duration::from_millis(500);
/// And at least, so that clocks a moment ahead are not asked after all the time.
const SHORTEST_NAP: Duration = Duration::from_millis(20);
/// How long it waits after a failure.
const BACKOFF: Duration = Duration::from_secs(1);

/// One instance's scheduler.
#[derive(Debug, Clone)]
pub(crate) struct Scheduler {
    app: CaseApp,
    owner: Uuid,
}

impl Scheduler {
    pub(crate) fn new(app: CaseApp) -> Self {
        let owner = new_uuid(&*app.clock);
        Self { app, owner }
    }

    /// Works until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        loop {
            let pause = match self.step().await {
                Ok(0) => self.nap().await,
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(%error, "escalation has to wait");
                    BACKOFF
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Claims what is due and takes its steps; answers how many that were.
    pub(crate) async fn step(&self) -> Result<usize> {
        // Looked at first: a claim is a write, and most of the time there is nothing to claim.
        let now = self.app.clock.now();
        if self.soonest(now).await?.is_none_or(|at| at > now) || self.claim().await? == 0 {
            return Ok(0);
        }
        self.take().await
    }

    /// Until the next step is due, but not longer than a nap.
    async fn nap(&self) -> Duration {
        let now = self.app.clock.now();
        let soonest = self.soonest(now).await.unwrap_or_default();
        soonest
            .map_or(NAP, |at| at.since(now))
            .clamp(SHORTEST_NAP, NAP)
    }

    async fn soonest(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        Ok(self
            .app
            .db
            .read(move |conn| storage::soonest(conn, now))
            .await?)
    }

    async fn claim(&self) -> Result<u64> {
        let now = self.app.clock.now();
        let claim = Claim {
            owner: self.owner,
            now,
            until: now.plus(LEASE),
            limit: BATCH,
        };
        Ok(self
            .app
            .db
            .write(move |conn| storage::claim(conn, &claim))
            .await?)
    }

    /// Takes the steps of what this instance has claimed.
    async fn take(&self) -> Result<usize> {
        let (app, owner) = (self.app.clone(), self.owner);
        let taken = self
            .app
            .db
            .write(move |conn| app.take_steps(conn, owner))
            .await?;
        metrics::counter!("marque_complaint_escalations_total").increment(taken as u64);
        Ok(taken)
    }
}

impl CaseApp {
    fn take_steps(&self, conn: &mut Conn<'_>, owner: Uuid) -> Result<usize> {
        let now = self.clock.now();
        let mine = storage::claimed(conn, owner, now)?;
        storage::lock_cases(conn, mine.iter().map(|due| due.case))?;
        // Read again now that they are held: a move may have come first.
        let mut due = storage::claimed(conn, owner, now)?;
        let calendars = self.calendars(conn, &due)?;
        let steps = climb(&mut due, &calendars, now);
        storage::record_steps(conn, &steps, now)?;
        let clocks = due
            .iter()
            .map(|due| (due.case, due.dealer.as_str(), &due.clock));
        storage::save_clocks(conn, clocks)?;
        storage::raise_levels(conn, &highest(&steps), now)?;
        let changes = steps.iter().map(|taken| change(taken, &due, now)).collect();
        publish::all(conn, &*self.clock, publish::ESCALATED, changes)?;
        Ok(steps.len())
    }

    fn calendars(&self, conn: &mut Conn<'_>, due: &[Due]) -> Result<HashMap<String, Calendar>> {
        let mut calendars = HashMap::new();
        for due in due {
            if !calendars.contains_key(&due.dealer) {
                let calendar = self.calendar(conn, &Scope::Headquarters, &due.dealer)?;
                calendars.insert(due.dealer.clone(), calendar);
            }
        }
        Ok(calendars)
    }
}

/// Takes all steps of these clocks that are due, in the order in which they fell due. Where there may be more due clocks
/// than were claimed, none that fell due later than the last of these: the others come first.
fn climb(due: &mut [Due], calendars: &HashMap<String, Calendar>, now: Timestamp) -> Vec<Taken> {
    let horizon = if due.len() < BATCH as usize {
        now
    } else {
        due.iter()
            .filter_map(|due| due.clock.next_at)
            .max()
            .unwrap_or(now)
    };
    let mut queue: BinaryHeap<Reverse<(Timestamp, usize)>> = due
        .iter()
        .enumerate()
        .filter_map(|(at, due)| due.clock.next_at.map(|next| Reverse((next, at))))
        .collect();
    let mut steps = Vec::with_capacity(due.len());
    while let Some(Reverse((at, index))) = queue.pop() {
        if at > horizon || at > now {
            break;
        }
        let due = &mut due[index];
        let Some((step, due_at)) = due.clock.take_step(&calendars[&due.dealer]) else {
            continue;
        };
        steps.push(Taken {
            case: due.case,
            kind: due.clock.kind,
            round: due.clock.round,
            step,
            due_at,
        });
        queue.extend(due.clock.next_at.map(|next| Reverse((next, index))));
    }
    steps
}

/// The highest step of each case.
fn highest(steps: &[Taken]) -> Vec<(ComplaintId, Step)> {
    let mut highest: HashMap<ComplaintId, Step> = HashMap::new();
    for taken in steps {
        let level = highest.entry(taken.case).or_insert(taken.step);
        *level = (*level).max(taken.step);
    }
    highest.into_iter().collect()
}

fn change(taken: &Taken, due: &[Due], now: Timestamp) -> Change {
    let case = due
        .iter()
        .find(|due| due.case == taken.case)
        .expect("a step was taken of a clock that was due");
    Change::escalated(case, taken, now)
}
