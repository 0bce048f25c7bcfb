//! Instances of the scheduler, a desk, a clock, and a seed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use marque_api::complaint::v1::{
    CasesChanged, MoveComplaintRequest, complaint_service_client::ComplaintServiceClient,
};
use marque_auth::Role;
use marque_core::Clock as _;
use marque_db::Database;
use marque_load::Dice;
use marque_rpc::RpcTransport;
use prost::Message as _;
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    APART, CASES, Outcome,
    ladder::{Case, LADDERS, STEPS, Step, Told, dues, is_climbed, of_round, rounds, rounds_of},
    monday, of_dealer,
};
use crate::simulation::{
    seeds::{Trace, expect},
    services::{Ground, Services},
    stores,
    walker::Walker,
};

/// Turns given, and other things done, while things go wrong.
const TURNS: usize = 160;
/// Turns of each instance after which nothing is left to do: it claims, acts, hears of it and sees that nothing is due.
const ROUNDS: usize = 4;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// By then every step of every clock is due, of those that began anew too.
const LONG: Duration = Duration::from_secs(30 * 24 * 3600);

struct Instance {
    db: Database,
    /// What it is at, while it has not heard yet of what its last turn wrote.
    work: Option<Walker<()>>,
    /// Rows that its connection has written.
    written: i64,
}

pub(super) struct World {
    dice: Dice,
    trace: Trace,
    services: Services,
    path: PathBuf,
    watcher: Database,
    desk: ComplaintServiceClient<RpcTransport>,
    instances: Vec<Instance>,
    cases: Vec<Case>,
    outcome: Outcome,
    _folder: TempDir,
}

impl World {
    pub(super) async fn new(ground: &Arc<Ground>, template: &Path, seed: u64) -> Self {
        let folder = stores::memory_folder();
        let path = stores::copy(template, &folder, "complaint.db");
        let services = Services::new(ground, monday().plus(APART * CASES));
        let watcher = stores::open(&path);
        let mut world = Self {
            dice: Dice::new(seed),
            trace: Trace::default(),
            desk: services.desk(watcher.clone()),
            cases: cases(&watcher).await,
            services,
            path,
            watcher,
            instances: Vec::new(),
            outcome: Outcome::default(),
            _folder: folder,
        };
        for _ in 0..=world.dice.below(3) {
            let instance = world.begin();
            world.instances.push(instance);
        }
        world
    }

    /// Puts a fault into the store, where the program cannot know of it.
    pub(super) async fn plant(&self, sql: &'static str) {
        let planted = self.watcher.write(move |conn| conn.batch(sql));
        planted.await.unwrap();
    }

    /// Turns in an order of the seed; instances die, the clock goes on, nobody is there, the desk answers.
    pub(super) async fn run(&mut self) -> Result<(), String> {
        for _ in 0..TURNS {
            let at = self.dice.below(self.instances.len());
            match self.dice.below(24) {
                0 | 1 => self.kill(at),
                2..=4 => self.pass_some(SECOND, 9),
                5..=8 => self.pass_some(MINUTE, 40),
                9 => self.outage().await?,
                10 => self.answer().await,
                _ => self.turn(at).await,
            }
        }
        Ok(())
    }

    /// All that was ever due has been done, and as it ought to be.
    pub(super) async fn end(mut self) -> Result<Outcome, String> {
        // The leases of the dead run out first: then everything else falls due at once.
        self.pass(MINUTE);
        self.settle().await;
        self.pass(LONG);
        self.settle().await;
        self.is_nothing_due().await?;
        let steps = self.steps().await;
        dues(&self.told().await, &steps)?;
        for case in &self.cases {
            for round in rounds(case) {
                is_climbed(&round, &of_round(&steps, case.id, &round))?;
            }
        }
        let rounds: usize = self.cases.iter().map(|case| rounds(case).len()).sum();
        let found = rounds_of(&steps);
        expect(found <= rounds, || {
            format!("{found} rounds were escalated, and there were {rounds}")
        })?;
        self.is_everybody_at_the_top().await?;
        self.trace.note(format!("{} steps", steps.len()));
        self.outcome.steps = steps.len();
        self.outcome.trace = self.trace.number();
        Ok(self.outcome)
    }

    /// One unit of work of an instance.
    async fn turn(&mut self, at: usize) {
        let instance = &mut self.instances[at];
        let mut work = match instance.work.take() {
            Some(work) => work,
            None => self.services.scheduler(instance.db.clone()),
        };
        let held = stores::hold(&instance.db).await;
        let is_ended = work.walk().is_some();
        drop(held);
        assert!(!is_ended, "nobody told the scheduler to stop");
        let written = written_through(&instance.db).await;
        let is_at_work = written > instance.written;
        instance.written = written;
        instance.work = is_at_work.then_some(work);
        self.trace
            .note(format!("{at} turns, at work: {is_at_work}"));
    }

    /// Kills an instance where it stands; another takes its place and knows nothing.
    fn kill(&mut self, at: usize) {
        self.outcome.kills += 1;
        self.outcome.cut_off += u64::from(self.instances[at].work.is_some());
        self.trace.note(format!("{at} dies"));
        self.instances[at] = self.begin();
    }

    fn begin(&self) -> Instance {
        Instance {
            db: stores::open(&self.path),
            work: None,
            written: 0,
        }
    }

    /// One to `most` units of time pass.
    fn pass_some(&mut self, unit: Duration, most: usize) {
        let units = 1 + self.dice.below(most) as u32;
        self.pass(unit * units);
    }

    fn pass(&mut self, time: Duration) {
        self.services.clock.advance(time);
        self.trace.note(format!("{} s pass", time.as_secs()));
    }

    /// Everybody dies and nobody is there for hours; then all that was missed is caught up, once and in order.
    async fn outage(&mut self) -> Result<(), String> {
        for at in 0..self.instances.len() {
            self.kill(at);
        }
        let before = self.told().await.len();
        self.pass_some(HOUR, 12);
        self.settle().await;
        self.is_nothing_due().await?;
        let late = dues(&self.told().await, &self.steps().await)?.split_off(before);
        self.outcome.late += late.len();
        expect(late.is_sorted(), || {
            format!("caught up, and not in order: {late:?}")
        })
    }

    /// The desk answers a customer, whatever the scheduler is doing.
    async fn answer(&mut self) {
        let at = self.dice.below(self.cases.len());
        let case = &mut self.cases[at];
        if case.answered_at.is_some() {
            return;
        }
        let message = MoveComplaintRequest {
            id: case.id.to_string(),
            to: "acknowledged".to_owned(),
            note: "打了电话".to_owned(),
            ..MoveComplaintRequest::default()
        };
        let request = self
            .services
            .ask(Role::Service, of_dealer(&case.dealer), message);
        self.desk.move_complaint(request).await.unwrap();
        case.answered_at = Some(self.services.clock.now());
        self.outcome.answers += 1;
        self.trace.note(format!("case {at} is answered"));
    }

    /// Everybody in turn while the clock stands still, until there is nothing left to do.
    async fn settle(&mut self) {
        let instances = self.instances.len();
        for turn in 0..ROUNDS * instances {
            self.turn(turn % instances).await;
        }
    }

    async fn is_nothing_due(&self) -> Result<(), String> {
        let now = self.services.clock.now();
        let sql = "SELECT count(*) FROM complaint_clocks WHERE next_at <= ?1";
        let read = self
            .watcher
            .read(move |conn| conn.query_opt(sql, &[now.into()], |row| row.get::<i64>(0)));
        let due = read.await.unwrap().unwrap_or(0);
        expect(due == 0, || format!("{due} clocks are due and nobody acts"))
    }

    /// The clocks of resolutions never end here, so every case comes before headquarters.
    async fn is_everybody_at_the_top(&self) -> Result<(), String> {
        let sql = "SELECT count(*) FROM complaints WHERE level <> 5";
        let read = self
            .watcher
            .read(move |conn| conn.query_opt(sql, &[], |row| row.get::<i64>(0)));
        let below = read.await.unwrap().unwrap_or(0);
        expect(below == 0, || {
            format!("{below} cases say a lower step than was taken")
        })
    }

    /// The steps that were taken, in the order of cases, clocks, rounds and steps.
    async fn steps(&self) -> Vec<Step> {
        let sql =
            "SELECT complaint_id, kind, round, step, due_at, taken_at FROM complaint_escalations
                   ORDER BY complaint_id, kind, round, step";
        let read = self.watcher.read(move |conn| {
            conn.query(sql, &[], |row| {
                Ok(Step {
                    case: row.get::<Uuid>(0)?.into(),
                    kind: row.get(1)?,
                    round: row.get(2)?,
                    step: row.get(3)?,
                    due_at: row.get(4)?,
                    taken_at: row.get(5)?,
                })
            })
        });
        read.await.unwrap()
    }

    /// The steps that were told of, in that order.
    async fn told(&self) -> Vec<Told> {
        let sql =
            "SELECT data FROM outbox WHERE kind = 'marque.complaint.cases.escalated' ORDER BY seq";
        let read = self
            .watcher
            .read(move |conn| conn.query(sql, &[], |row| row.get::<Vec<u8>>(0)));
        let mut told = Vec::new();
        for data in read.await.unwrap() {
            for change in CasesChanged::decode(data.as_slice()).unwrap().changes {
                let ladder = LADDERS.iter().find(|ladder| ladder.clock == change.clock);
                let step = STEPS.iter().position(|step| *step == change.step);
                told.push(Told {
                    case: change.id.parse().unwrap(),
                    kind: ladder.map_or(0, |ladder| ladder.kind),
                    step: step.map_or(0, |step| step as i64 + 1),
                });
            }
        }
        told
    }
}

async fn cases(db: &Database) -> Vec<Case> {
    let sql = "SELECT id, dealer, opened_at FROM complaints ORDER BY serial";
    let read = db.read(move |conn| {
        conn.query(sql, &[], |row| {
            Ok(Case {
                id: row.get::<Uuid>(0)?.into(),
                dealer: row.get(1)?,
                opened_at: row.get(2)?,
                answered_at: None,
            })
        })
    });
    read.await.unwrap()
}

/// Rows that were written through a handle. It is asked behind all that waits for the handle's one writer, so that whatever was
/// begun through it is over.
async fn written_through(db: &Database) -> i64 {
    let written =
        db.write(|conn| conn.query_opt("SELECT total_changes()", &[], |row| row.get::<i64>(0)));
    written.await.unwrap().unwrap_or(0)
}
