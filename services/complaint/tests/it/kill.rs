//! kill -9 at random moments: schedulers in processes of their own are shot wherever they are, two hundred times, under
//! load. No step may be missing afterwards, none may have been taken or told twice.
//!
//! Run by docs/benchmarks/complaints.sh: `cargo test -p marque-complaint --test it kill -- --ignored --nocapture`.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

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

/// What a worker is told: where the database is, and what time it is.
const STORE: &str = "MARQUE_ESCALATION_STORE";
const NOW: &str = "MARQUE_ESCALATION_NOW";
const CASES: usize = 1_000;
const STEPS: &str = "SELECT count(*) FROM complaint_escalations";

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
    let rows: Vec<String> = (0..CASES)
        .map(|n| format!("TS{n},c{n},,2026-03-01 16:00,400热线,维修质量,严重,制动仍有异响,售后\n"))
        .collect();
    import(&world, &format!("{HEADER}{}", rows.concat())).await;
    let store = store_of(&world).await;
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut dice = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let kills = number("MARQUE_LOAD_KILLS", 200);
    let mut in_between = 0;
    for _ in 0..kills {
        // Two working days' worth of steps falls due bit by bit while they are shot at.
        world.pass(15);
        let before = world.count(STEPS).await;
        let mut workers: Vec<Child> = (0..instances)
            .map(|_| worker(&store, world.clock.now()))
            .collect();
        // Shot at soon after the first step, when others are half done; one that is slow to begin is not waited for.
        for _ in 0..200 {
            if world.count(STEPS).await > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(dice(30))).await;
        for child in &mut workers {
            // SIGKILL: nothing is flushed, nothing is let go.
            child.kill().unwrap();
            child.wait().unwrap();
        }
        in_between += i64::from(world.count(STEPS).await > before);
    }
    world.pass(30 * 24 * 60);
    let mut last = worker(&store, world.clock.now());
    let wanted = (CASES * 3 * 5) as i64;
    world.wait_for(STEPS, wanted).await;
    last.kill().unwrap();
    last.wait().unwrap();
    let told = told_steps(&world).await.len();
    assert_eq!(told as i64, wanted, "each step is told of once");
    println!(
        "{} kills of {instances} instance(s): {wanted} steps of {CASES} cases, none missing, none twice; \
         steps were taken in {in_between} of the lives",
        kills * instances
    );
}

/// Where the test's database is, in words for another process.
async fn store_of(world: &World) -> String {
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

/// This test's own program once more, as a process that only escalates.
fn worker(store: &str, now: Timestamp) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "kill::a_process_that_only_escalates",
            "--exact",
            "--ignored",
        ])
        .env(STORE, store)
        .env(NOW, now.as_micros().to_string())
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
    let spool = tempfile::tempdir().unwrap();
    let built = marque_complaint::build(marque_complaint::Deps {
        db,
        vault: Vault::new(&Keyring::generate().unwrap()),
        clock: Arc::new(ManualClock::at(now)),
        network: RpcTransport::local(RoleName::Network, &nowhere),
        customer: RpcTransport::local(RoleName::Customer, &nowhere),
        intake: IntakeSettings {
            spool: spool.path().to_owned(),
            batch_rows: 1,
            parallel: 1,
            max_file_bytes: 1,
            limits: marque_tabular::Limits::default(),
        },
        rules: marque_complaint::Rules::default(),
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
