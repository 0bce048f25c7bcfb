//! Many writers at once (reliability.md R3): nobody may pass over an event that commits late.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use marque_db::Database;
use marque_testkit::{TestDb, TestNats};

use crate::{
    common::{applied, tell},
    world::{World, bus_test_suite, settings},
};

bus_test_suite!(writers_with_random_delays_lose_nothing_and_keep_the_order_of_each_aggregate);

const WRITERS: i64 = 64;
const AGGREGATES: i64 = 10;

async fn writers_with_random_delays_lose_nothing_and_keep_the_order_of_each_aggregate(
    world: World,
) {
    run(&world, 12, 1, |_| {}).await;
}

/// Writers, a consumer beside them, and what somebody does to the world every second; then everything must be there once,
/// those of each aggregate in order.
pub(crate) async fn run(
    world: &World,
    commits: i64,
    events_a_commit: i64,
    mut every_second: impl FnMut(u64),
) {
    let tables = "CREATE TABLE last (aggregate BIGINT PRIMARY KEY, n BIGINT NOT NULL)";
    let owner = world.producer.as_login();
    owner.write(move |conn| conn.batch(tables)).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (consumer, done) = (world.consumer(Arc::default()), Arc::clone(&done));
        tokio::spawn(async move {
            while !done.load(Ordering::SeqCst) {
                if consumer.step(20).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        })
    };
    let is_postgres = world.producer.is_postgres();
    let handles: Vec<Database> = if is_postgres {
        (0..8)
            .map(|_| world.producer.from_another_process())
            .collect()
    } else {
        vec![world.producer.handle()]
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let db = handles[writer as usize % handles.len()].clone();
            tokio::spawn(async move {
                for commit in 0..commits {
                    write(&db, writer, commit, events_a_commit, is_postgres).await;
                }
            })
        })
        .collect();
    let mut seconds = 0;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_secs(1).min(Duration::from_millis(50 + seconds * 950)))
            .await;
        tokio::task::block_in_place(|| every_second(seconds));
        seconds += 1;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    reader.await.unwrap();
    world.catch_up(&world.consumer(Arc::default())).await;
    assert_in_order(&world.own, WRITERS * commits * events_a_commit).await;
}

async fn assert_in_order(db: &Database, expected: i64) {
    let mut of_aggregate: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (subject, n) in applied(db).await {
        of_aggregate.entry(subject).or_default().push(n);
    }
    let count: usize = of_aggregate.values().map(Vec::len).sum();
    assert_eq!(count as i64, expected);
    for (aggregate, numbers) in of_aggregate {
        let in_order = numbers.iter().copied().eq(1..=numbers.len() as i64);
        assert!(in_order, "{aggregate} is out of order");
    }
}

/// Publishes the next numbers of one aggregate, and commits after a while.
async fn write(db: &Database, writer: i64, commit: i64, events: i64, with_delay: bool) {
    let aggregate = (writer * 7 + commit * 3) % AGGREGATES;
    let delay = Duration::from_micros(((writer * 7919 + commit * 104_729) % 4000) as u64);
    db.write(move |conn| {
        conn.lock_keys(&mut vec![aggregate])?;
        conn.execute(
            "INSERT INTO last (aggregate, n) VALUES (?1, ?2) ON CONFLICT (aggregate) DO UPDATE SET n = last.n + ?2",
            &[aggregate.into(), events.into()],
        )?;
        let sql = "SELECT n FROM last WHERE aggregate = ?1";
        let last = conn.query_opt(sql, &[aggregate.into()], |row| row.get::<i64>(0))?;
        let last = last.expect("it was just written");
        for n in last - events + 1..=last {
            tell(conn, &format!("aggregate {aggregate}"), n, false)?;
        }
        if with_delay {
            std::thread::sleep(delay);
        }
        Ok::<_, marque_db::StoreError>(())
    })
    .await
    .unwrap();
}

/// The measure of docs/benchmarks/reliability.sh: `MARQUE_BENCH_EVENTS` events (a million), the broker killed every five
/// seconds and wiped once.
#[test]
#[ignore = "a measure: minutes to half an hour"]
fn a_million_events_with_the_broker_killed_and_wiped() {
    let events = events_to_measure();
    let Some(nats) = TestNats::start() else {
        return;
    };
    let db = TestDb::postgres().unwrap_or_else(TestDb::sqlite);
    let name = if db.is_postgres() {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    marque_testkit::block_on(async {
        let mut world = World::embedded(db).await;
        let broker = marque_bus::Broker::connect(settings(nats.url()))
            .await
            .unwrap();
        world.broker = Some(broker);
        world.start_relay();
        let (mut kills, mut wipes) = (0, 0);
        let commits = (events / (WRITERS * 20)).max(1);
        let began = Instant::now();
        run(&world, commits, 20, |second| {
            if second == 7 {
                nats.wipe();
                wipes += 1;
            } else if second % 5 == 4 {
                nats.kill();
                kills += 1;
            }
            nats.start_again();
        })
        .await;
        report(&format!(
            "{} events on {name}, broker killed {kills} times and wiped {wipes} times: 0 lost, 0 double, 0 out of order, {:.1} s",
            WRITERS * commits * 20,
            began.elapsed().as_secs_f64()
        ));
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a measure may take is no setting"
)]
fn events_to_measure() -> i64 {
    let asked = std::env::var("MARQUE_BENCH_EVENTS").ok();
    asked
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000)
}

#[expect(
    clippy::print_stdout,
    reason = "what was measured is for a person to read"
)]
fn report(line: &str) {
    println!("{line}");
}
