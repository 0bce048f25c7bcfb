//! kill -9 at random moments: schedulers in processes of their own are shot wherever they are, two hundred times, while others
//! write into the same cases. No step may be missing afterwards, none may have been taken or told twice.
//!
//! How long a process needs is measured first, and it is shot at some moment of that time: before it begins, in the midst of a
//! transaction, or when it is done. Run by docs/benchmarks/complaints.sh.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use marque_api::complaint::v1 as pb;
use marque_config::ComplaintConfig;
use marque_core::{Clock as _, ManualClock, Timestamp};
use marque_db::{Database, Settings};
use marque_intake::IntakeSettings;
use marque_rpc::{RoleName, RoleRouter, RpcTransport};
use marque_testkit::{TestDb, block_on};
use marque_vault::{Keyring, Vault};
use tokio_util::sync::CancellationToken;

use crate::{
    escalation::told_steps,
    feed::Silence,
    imports::{HEADER, import},
    world::World,
};

/// What a worker is told: where the database is, what time it is, and how many steps it takes at once.
const STORE: &str = "MARQUE_ESCALATION_STORE";
const NOW: &str = "MARQUE_ESCALATION_NOW";
const BATCH: &str = "MARQUE_ESCALATION_BATCH";
/// As many as is shipped.
pub(crate) const WHOLE_BATCH: u32 = 500;
/// Files the cases come in, half an hour apart, so that their steps fall due all the time.
const FILES: usize = 20;
const STEPS: &str = "SELECT (SELECT count(*) FROM complaint_escalations) + (SELECT count(*) FROM complaint_task_escalations)";
/// Steps of a case: five of each of its three clocks, and three of its task.
const STEPS_A_CASE: usize = 3 * 5 + 3;

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn one_instance_on_sqlite_killed_two_hundred_times() {
    block_on(shoot(TestDb::sqlite(), 1));
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn three_instances_on_sqlite_killed_two_hundred_times() {
    block_on(shoot(TestDb::sqlite(), 3));
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn one_instance_on_postgres_killed_two_hundred_times() {
    if let Some(db) = TestDb::postgres() {
        block_on(shoot(db, 1));
    }
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn three_instances_on_postgres_killed_two_hundred_times() {
    if let Some(db) = TestDb::postgres() {
        block_on(shoot(db, 3));
    }
}

async fn shoot(db: TestDb, instances: usize) {
    let world = World::without_scheduler(db).await;
    let cases = fill(&world).await;
    let store = store_of(&world).await;
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut dice = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let kills = number("MARQUE_LOAD_KILLS", 200);
    let wanted = (cases * STEPS_A_CASE) as i64;
    let a_life = (wanted / (kills as i64 + 20)).max(1);
    let needed = measure(&world, &store, a_life).await;
    let (mut done, mut halved, mut unbegun) = (0, 0, 0);
    let ids = world.some_cases(100).await;
    for _ in 0..kills {
        fall_due(&world, a_life).await;
        let (before, begun) = (world.count(STEPS).await, Instant::now());
        let mut workers: Vec<Child> = (0..instances)
            .map(|_| worker(&store, world.clock.now(), WHOLE_BATCH))
            .collect();
        let life = Duration::from_micros(dice(needed.as_micros() as u64 * 5 / 4));
        while begun.elapsed() < life {
            // Others write into the same cases meanwhile.
            let id = ids[dice(ids.len() as u64) as usize].to_string();
            note(&world, id).await;
            tokio::time::sleep(Duration::from_millis(dice(10))).await;
        }
        for child in &mut workers {
            // SIGKILL: nothing is flushed, nothing is let go.
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let is_left = due(&world).await > 0;
        match (world.count(STEPS).await > before, is_left) {
            (true, true) => halved += 1,
            (true, false) => done += 1,
            (false, _) => unbegun += 1,
        }
        // A dead one's claim runs out.
        world.pass(1);
    }
    world.pass(60 * 24 * 60);
    let mut last = worker(&store, world.clock.now(), WHOLE_BATCH);
    world.wait_for(STEPS, wanted).await;
    last.kill().unwrap();
    last.wait().unwrap();
    let told = told_steps(&world).await.len();
    assert_eq!(told as i64, wanted, "each step is told of once");
    println!(
        "{} kills of {instances} instance(s), each at a moment of the {:.0} ms they need: {wanted} steps of {cases} cases, none \
         missing, none twice; shot before the first step {unbegun}, with steps left {halved}, when all were taken {done}",
        kills * instances,
        needed.as_secs_f64() * 1_000.0
    );
}

/// Cases that come in bit by bit over a day, of all severities; answers how many.
async fn fill(world: &World) -> usize {
    let each = number("MARQUE_LOAD_KILL_CASES", 2_000).div_ceil(FILES);
    for file in 0..FILES {
        let rows: Vec<String> = (0..each)
            .map(|n| {
                let severity = ["低", "一般", "严重", "紧急"][n % 4];
                format!("TS{file}-{n},c{file}-{n},,2026-03-01 16:00,400热线,维修质量,{severity},制动仍有异响,售后\n")
            })
            .collect();
        import(world, &format!("{HEADER}{}", rows.concat())).await;
        world.pass(27);
    }
    give_tasks(world).await;
    each * FILES
}

/// Gives each case a task that nobody does, due an hour after it came in.
async fn give_tasks(world: &World) {
    let given = world.db.write(|conn| {
        conn.execute(
            "INSERT INTO complaint_tasks
                 (complaint_id, id, department, owner, due_at, is_needed, state, created_at, finished_at, words, outcome,
                  kind)
             SELECT id, id, 'parts', '', recorded_at + 3600000000, TRUE, 'open', recorded_at, NULL,
                 substr(content, 1, 0), substr(content, 1, 0), ''
             FROM complaints",
            &[],
        )
    });
    given.await.unwrap();
}

const DUE: &str = "SELECT (SELECT count(*) FROM complaint_clocks WHERE next_at <= ?1)
    + (SELECT count(*) FROM complaint_tasks WHERE next_at <= ?1 AND state = 'open')";

pub(crate) async fn due(world: &World) -> i64 {
    let now = world.clock.now();
    let read = world
        .db
        .read(move |conn| conn.query_opt(DUE, &[now.into()], |row| row.get::<i64>(0)));
    read.await.unwrap().unwrap_or(0)
}

/// Lets time pass until so many steps are due, or a week is over.
async fn fall_due(world: &World, steps: i64) {
    for _ in 0..7 * 24 * 12 {
        if due(world).await >= steps {
            return;
        }
        world.pass(5);
    }
}

/// How long a process needs from its start until it has taken what is due.
async fn measure(world: &World, store: &str, steps: i64) -> Duration {
    fall_due(world, steps).await;
    let begun = Instant::now();
    let mut alone = worker(store, world.clock.now(), WHOLE_BATCH);
    while due(world).await > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let needed = begun.elapsed();
    alone.kill().unwrap();
    alone.wait().unwrap();
    needed
}

pub(crate) async fn note(world: &World, id: String) {
    let message = pb::AddNoteRequest {
        id,
        note: "配件在途".into(),
        ..pb::AddNoteRequest::default()
    };
    let request = world.desk("D1", message);
    world.complaints().add_note(request).await.unwrap();
}

/// Where the test's database is, in words for another process.
pub(crate) async fn store_of(world: &World) -> String {
    if !world.db.is_postgres() {
        return world.db.folder().join("test.db").display().to_string();
    }
    let schema: Option<String> = world
        .db
        .read(|conn| conn.query_opt("SELECT current_schema()::text", &[], |row| row.get(0)))
        .await
        .unwrap();
    format!(
        "{}#{}",
        variable("MARQUE_TEST_POSTGRES").unwrap(),
        schema.unwrap()
    )
}

/// This test's own program once more, as a process that only escalates, so many steps at once.
pub(crate) fn worker(store: &str, now: Timestamp, batch: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "kill::a_process_that_only_escalates",
            "--exact",
            "--ignored",
        ])
        .env(STORE, store)
        .env(NOW, now.as_micros().to_string())
        .env(BATCH, batch.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "what the others shoot at; alone it has nothing to do"]
fn a_process_that_only_escalates() {
    let (Some(store), Some(now)) = (variable(STORE), variable(NOW)) else {
        return;
    };
    let settings = match store.split_once('#') {
        Some((url, schema)) => Settings::Postgres {
            url: url.to_owned(),
            schema: schema.to_owned(),
            readers: 1,
            writers: 2,
            replica: None,
        },
        None => Settings::Sqlite { path: store.into() },
    };
    block_on(escalate(
        Database::open(&settings).unwrap(),
        Timestamp::from_micros(now.parse().unwrap()),
    ));
}

async fn escalate(db: Database, now: Timestamp) {
    let nowhere = RoleRouter::new();
    let rules = ComplaintConfig {
        escalation_batch: variable(BATCH).and_then(|text| text.parse().ok()),
        ..ComplaintConfig::default()
    };
    let spool = tempfile::tempdir().unwrap();
    let built = marque_complaint::build(marque_complaint::Deps {
        db,
        vault: Vault::new(&Keyring::generate().unwrap()),
        clock: Arc::new(ManualClock::at(now)),
        network: RpcTransport::local(RoleName::Network, &nowhere),
        customer: RpcTransport::local(RoleName::Customer, &nowhere),
        service_history: RpcTransport::local(RoleName::ServiceHistory, &nowhere),
        intake: IntakeSettings {
            spool: spool.path().to_owned(),
            batch_rows: 1,
            parallel: 1,
            max_file_bytes: 1,
            limits: marque_tabular::Limits::default(),
        },
        rules: marque_complaint::Rules::read(&rules).unwrap(),
        files: marque_complaint::FileStore::in_memory(),
        network_events: Arc::new(Silence),
        customer_events: Arc::new(Silence),
        vehicle_events: Arc::new(Silence),
        scoring_events: Arc::new(Silence),
    })
    .unwrap();
    let scheduler = built
        .tasks
        .into_iter()
        .find(|task| task.name() == "complaint.scheduler");
    marque_testkit::as_system(scheduler.unwrap().run(CancellationToken::new())).await;
}

/// How much is measured: what the environment says, or what is asked of the figures.
pub(crate) fn number(name: &str, usual: usize) -> usize {
    let said = variable(name).and_then(|text| text.parse().ok());
    said.unwrap_or(usual)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process is told by its environment what it is to do"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
