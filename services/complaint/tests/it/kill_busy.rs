//! kill -9 in the midst of the figure's load: of a hundred thousand open cases ten thousand fall due in the same minute, and the processes that
//! take their steps are shot until two hundred shots have found claims that they held and whose steps were not kept, or all is done.
//!
//! They take few steps at once (`escalation_batch`), so that what is due lasts for all the shots. Run by docs/benchmarks/complaints.sh.

use std::{
    process::Child,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use marque_core::Clock as _;
use marque_testkit::{TestDb, block_on};

use crate::{
    escalation::told_steps,
    kill::{WHOLE_BATCH, due, note, number, store_of, worker},
    load::fill,
    world::World,
};

const STEPS: &str = "SELECT count(*) FROM complaint_escalations";
/// What is claimed and due; the claims of the dead among it.
const HELD: &str = "SELECT count(*) FROM complaint_clocks WHERE claimed_by IS NOT NULL AND claimed_until > ?1 AND next_at <= ?1";
/// Claims that the steps are divided into, for each shot that counts and each instance: some shots find none that is held.
const CLAIMS_A_SHOT: usize = 20;
/// Claims that are timed before the first shot.
const TIMED: i64 = 5;
/// Shots after which the claims of the dead are let run out. Their leases are ten seconds: it stays the same minute for the cases.
const SHOTS_A_LEASE: usize = 20;

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn one_instance_on_sqlite_killed_under_load() {
    block_on(shoot(TestDb::sqlite(), 1));
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn three_instances_on_sqlite_killed_under_load() {
    block_on(shoot(TestDb::sqlite(), 3));
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn one_instance_on_postgres_killed_under_load() {
    if let Some(db) = TestDb::postgres() {
        block_on(shoot(db, 1));
    }
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn three_instances_on_postgres_killed_under_load() {
    if let Some(db) = TestDb::postgres() {
        block_on(shoot(db, 3));
    }
}

/// When the shots fell.
#[derive(Debug, Default)]
struct Shots {
    fired: usize,
    /// Claims were held by whoever was shot, of which the steps were not kept.
    in_a_claim: usize,
    /// Some steps of this life were kept, others were due.
    in_the_midst: usize,
}

async fn shoot(db: TestDb, instances: usize) {
    let world = World::without_scheduler(db).await;
    let (open, wanted) = fill(&world).await;
    let store = store_of(&world).await;
    let kills = number("MARQUE_LOAD_KILLS", 200);
    let batch = (wanted / (kills * instances * CLAIMS_A_SHOT)).max(1) as u32;
    // 45 of the 60 minutes of a serious case's first answer: all are warned of in the same minute.
    world.pass(45);
    assert_eq!(due(&world).await, wanted as i64);
    let a_claim = time_of_a_claim(&world, &store, batch).await;
    let over = AtomicBool::new(false);
    let shots = async {
        let shots = fire(&world, &store, (kills, instances, batch), a_claim).await;
        over.store(true, Ordering::SeqCst);
        shots
    };
    let (shots, notes) = tokio::join!(shots, write_notes(&world, &over));
    world.clock.advance(Duration::from_secs(11));
    let mut last = worker(&store, world.clock.now(), WHOLE_BATCH);
    world.wait_for(STEPS, wanted as i64).await;
    last.kill().unwrap();
    last.wait().unwrap();
    assert_eq!(due(&world).await, 0);
    let told = told_steps(&world).await.len();
    assert_eq!(told, wanted, "each step is told of once");
    let Shots {
        fired,
        in_a_claim,
        in_the_midst,
    } = shots;
    println!(
        "{} kills of {instances} instance(s) while {wanted} of {open} open cases are due in the same minute ({batch} at once, {:.1} ms a claim, \
         {notes} notes written meanwhile): none missing, none twice; of {fired} shots {in_a_claim} found claims held, {in_the_midst} some \
         steps kept and others due",
        fired * instances,
        a_claim.as_secs_f64() * 1_000.0
    );
    assert!(fired >= kills, "what was due did not last");
}

/// Shoots until so many shots have found claims that were held, or nothing is due: each at some moment of a claim, the first of a life or
/// the second.
async fn fire(
    world: &World,
    store: &str,
    (kills, instances, batch): (usize, usize, u32),
    a_claim: Duration,
) -> Shots {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut dice = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let mut shots = Shots::default();
    while shots.in_a_claim < kills {
        if due(world).await <= held(world).await {
            // All that is left the dead hold.
            world.clock.advance(Duration::from_secs(11));
        }
        let (before, claims) = (world.count(STEPS).await, held(world).await);
        let mut workers: Vec<Child> = (0..instances)
            .map(|_| worker(store, world.clock.now(), batch))
            .collect();
        begin(world, (before, claims)).await;
        let life = dice(a_claim.as_micros() as u64 + 1);
        tokio::time::sleep(Duration::from_micros(life)).await;
        wait_for_a_claim(world, claims).await;
        let further = dice(a_claim.as_micros() as u64 / 4 + 1);
        tokio::time::sleep(Duration::from_micros(further)).await;
        for child in &mut workers {
            // SIGKILL: nothing is flushed, nothing is let go.
            child.kill().unwrap();
        }
        for child in &mut workers {
            child.wait().unwrap();
        }
        let (kept, left) = (world.count(STEPS).await > before, due(world).await > 0);
        shots.fired += 1;
        shots.in_a_claim += usize::from(held(world).await > claims);
        shots.in_the_midst += usize::from(kept && left);
        if shots.fired.is_multiple_of(SHOTS_A_LEASE) {
            world.clock.advance(Duration::from_secs(11));
        }
        if !left {
            break;
        }
    }
    shots
}

/// Waits until somebody has claimed or kept more than there was.
async fn begin(world: &World, (steps, claims): (i64, i64)) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if world.count(STEPS).await > steps || held(world).await > claims {
            return;
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    panic!("nobody takes what is due");
}

/// Waits until more claims are held than there were, or nothing is due.
async fn wait_for_a_claim(world: &World, claims: i64) {
    while held(world).await <= claims && due(world).await > claims {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// Clocks that are due and claimed.
async fn held(world: &World) -> i64 {
    let now = world.clock.now();
    let read = world
        .db
        .read(move |conn| conn.query_opt(HELD, &[now.into()], |row| row.get::<i64>(0)));
    read.await.unwrap().unwrap_or(0)
}

/// How long a process needs for a claim and its steps.
async fn time_of_a_claim(world: &World, store: &str, batch: u32) -> Duration {
    let mut alone = worker(store, world.clock.now(), batch);
    let mut first = None;
    let took = loop {
        let taken = world.count(STEPS).await / i64::from(batch);
        match first {
            None if taken > 0 => first = Some((taken, Instant::now())),
            Some((begun, at)) if taken >= begun + TIMED => {
                break at.elapsed() / (taken - begun) as u32;
            }
            _ => {}
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    };
    alone.kill().unwrap();
    alone.wait().unwrap();
    took
}

/// Writes into some of the cases until told to stop; answers how often.
async fn write_notes(world: &World, over: &AtomicBool) -> usize {
    let ids = world.some_cases(100).await;
    let mut written = 0;
    for id in ids.iter().cycle() {
        if over.load(Ordering::SeqCst) {
            break;
        }
        note(world, id.to_string()).await;
        written += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    written
}
