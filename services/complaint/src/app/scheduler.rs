//! The scheduler: takes every step of the escalation that is due, of clocks and of tasks, each once, in the order in which they fell
//! due.
//!
//! Nothing of it lives in memory. What is due lies in the store; a scheduler claims some of it for the time of a lease and
//! then, in one transaction, takes the steps, tells of them and lets go. Whoever dies in between holds nobody up for longer
//! than the lease, and the key of the steps' table makes it impossible to take one twice.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::Duration,
};

use marque_core::{ComplaintId, Timestamp, new_uuid};
use marque_db::Conn;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    CaseApp,
    publish::{self, Change},
};
use crate::{
    domain::{Calendar, Ladder, Step},
    error::Result,
    storage::{self, Claim, Due, Taken},
};

/// How long a claim counts. Long enough for the slowest batch, short enough that nobody waits for a dead instance.
const LEASE: Duration = Duration::from_secs(10);
/// How long the scheduler sleeps at most: other instances' writes do not wake it.
const NAP: Duration = Duration::from_millis(500);
/// And at least, so that what is due in a moment is not asked after all the time.
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
        // A counter that is born with its first count shows no increase.
        metrics::counter!("marque_complaint_escalations_total").increment(0);
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
            limit: self.app.rules.batch,
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
        let dealers = due.iter().map(|due| due.dealer.as_str());
        let calendars = self.calendars(conn, dealers)?;
        for due in &mut due {
            due.ladder.wait_for_opening(&calendars[&due.dealer]);
        }
        let steps = climb(&mut due, &calendars, (now, self.rules.batch));
        storage::record_steps(conn, &due, &steps, now)?;
        storage::save_due(conn, &due)?;
        storage::raise_levels(conn, &highest(&due, &steps), now)?;
        let changes = steps
            .iter()
            .map(|taken| Change::escalated(&due[taken.of], taken.step, now))
            .collect();
        publish::all(conn, &*self.clock, publish::ESCALATED, changes)?;
        Ok(steps.len())
    }
}

/// Takes all steps that are due, in the order in which they fell due; of clocks and of tasks each up to a horizon of its own, so that a
/// backlog of the one does not keep today's of the other waiting.
fn climb(
    due: &mut [Due],
    calendars: &HashMap<String, Calendar>,
    until: (Timestamp, u32),
) -> Vec<Taken> {
    let (of_clocks, of_tasks) = (
        horizon(due, until, is_clock),
        horizon(due, until, |ladder| !is_clock(ladder)),
    );
    let mut queue: BinaryHeap<Reverse<(Timestamp, usize)>> = due
        .iter()
        .enumerate()
        .filter_map(|(of, due)| due.ladder.next_at().map(|next| Reverse((next, of))))
        .collect();
    let mut steps = Vec::with_capacity(due.len());
    while let Some(Reverse((at, of))) = queue.pop() {
        let due = &mut due[of];
        let horizon = if is_clock(&due.ladder) {
            of_clocks
        } else {
            of_tasks
        };
        if at > horizon {
            continue;
        }
        let Some((step, due_at)) = due.ladder.take_step(&calendars[&due.dealer]) else {
            continue;
        };
        steps.push(Taken { of, step, due_at });
        queue.extend(due.ladder.next_at().map(|next| Reverse((next, of))));
    }
    steps
}

const fn is_clock(ladder: &Ladder) -> bool {
    matches!(ladder, Ladder::Clock(_))
}

/// Until when steps of some ladders are taken. Where more of them may be due than were claimed, none that fell due later than the last
/// of these: the others come first.
fn horizon(
    due: &[Due],
    (now, batch): (Timestamp, u32),
    is_one: impl Fn(&Ladder) -> bool,
) -> Timestamp {
    let claimed = || due.iter().filter(|due| is_one(&due.ladder));
    if claimed().count() < batch as usize {
        return now;
    }
    let last = claimed().filter_map(|due| due.ladder.next_at()).max();
    last.map_or(now, |last| last.min(now))
}

/// The highest step of each case.
fn highest(due: &[Due], steps: &[Taken]) -> Vec<(ComplaintId, Step)> {
    let mut highest: HashMap<ComplaintId, Step> = HashMap::new();
    for taken in steps {
        let level = highest.entry(due[taken.of].case).or_insert(taken.step);
        *level = (*level).max(taken.step);
    }
    highest.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use marque_insight::law::WorkCalendar;

    use super::*;
    use crate::domain::{Clock, ClockKind, Hours, Standing, Term};

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
    const BATCH: u32 = 500;

    fn hours_ago(hours: i64) -> Timestamp {
        Timestamp::from_micros(NOW.as_micros() - hours * 3_600_000_000)
    }

    fn due(ladder: Ladder) -> Due {
        Due {
            case: Uuid::nil().into(),
            ladder,
            dealer: "D1".to_owned(),
            record: None,
            vin: String::new(),
            category: String::new(),
            severity: 0,
            department: String::new(),
            state: String::new(),
            opened_at: NOW,
            version: 1,
        }
    }

    fn task(next_at: Timestamp) -> Due {
        due(Ladder::Task(Term {
            task: Uuid::nil(),
            department: "parts".to_owned(),
            round: 1,
            next_step: Some(Step::Headquarters),
            next_at: Some(next_at),
        }))
    }

    fn clock(next_at: Timestamp) -> Due {
        due(Ladder::Clock(Clock {
            kind: ClockKind::FirstResponse,
            round: 1,
            standing: Standing::Running,
            begun_at: hours_ago(500),
            budget: 0,
            used: 0,
            since: hours_ago(500),
            due_at: Some(next_at),
            next_step: Some(Step::Headquarters),
            next_at: Some(next_at),
            is_overdue: true,
        }))
    }

    fn calendars() -> HashMap<String, Calendar> {
        let law = Arc::new(WorkCalendar::shipped());
        [("D1".to_owned(), Calendar::new(Hours::default(), law))].into()
    }

    #[test]
    fn a_backlog_of_tasks_does_not_keep_clocks_of_today_waiting() {
        let mut claimed: Vec<Due> = (0..i64::from(BATCH))
            .map(|of| task(hours_ago(1_000 - of)))
            .collect();
        claimed.push(clock(hours_ago(1)));
        let steps = climb(&mut claimed, &calendars(), (NOW, BATCH));
        assert_eq!(steps.len(), claimed.len(), "each has one step left");
    }

    #[test]
    fn of_a_full_batch_no_step_is_taken_before_those_that_were_not_claimed() {
        let mut claimed: Vec<Due> = (0..i64::from(BATCH))
            .map(|of| clock(hours_ago(1_000 - of)))
            .collect();
        // Its next step falls due after the last one claimed: others may come before it.
        let Ladder::Clock(first) = &mut claimed[0].ladder else {
            unreachable!("it is a clock");
        };
        first.next_step = Some(Step::Region);
        let steps = climb(&mut claimed, &calendars(), (NOW, BATCH));
        let of_first = steps.iter().filter(|taken| taken.of == 0);
        assert!(of_first.map(|taken| taken.due_at).max() <= Some(hours_ago(501)));
    }
}
