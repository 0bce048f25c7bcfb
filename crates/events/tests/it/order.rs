//! Many writers at once (reliability.md R3): a poller must not pass over an event that commits late.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use marque_db::Database;
use marque_testkit::{TestDb, store_test_suite};

use crate::common::{applied, consumer, prepared, tell};

store_test_suite!(writers_with_random_delays_lose_nothing_and_keep_the_order_of_each_aggregate);

const WRITERS: i64 = 64;
const EVENTS_A_WRITER: i64 = 12;
const AGGREGATES: i64 = 10;

async fn writers_with_random_delays_lose_nothing_and_keep_the_order_of_each_aggregate(db: TestDb) {
    let db = prepared(db).await;
    db.write(|conn| {
        conn.batch("CREATE TABLE last (aggregate BIGINT PRIMARY KEY, n BIGINT NOT NULL)")
    })
    .await
    .unwrap();
    // The consumer's cursor and effects are in a database of their own, as another service's are.
    let own = prepared(db.sibling()).await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (consumer, done) = (consumer(&own, &db, Arc::default()), Arc::clone(&done));
        tokio::spawn(async move {
            loop {
                let was_done = done.load(Ordering::SeqCst);
                if consumer.step(20).await.unwrap() == 0 && was_done {
                    return;
                }
            }
        })
    };
    let handles: Vec<Database> = if db.is_postgres() {
        (0..8).map(|_| db.from_another_process()).collect()
    } else {
        vec![db.handle()]
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            tokio::spawn(write(
                handles[writer as usize % handles.len()].clone(),
                writer,
                db.is_postgres(),
            ))
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    reader.await.unwrap();
    let mut of_aggregate: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (subject, n) in applied(&own).await {
        of_aggregate.entry(subject).or_default().push(n);
    }
    let count: usize = of_aggregate.values().map(Vec::len).sum();
    assert_eq!(count as i64, WRITERS * EVENTS_A_WRITER);
    for (aggregate, numbers) in of_aggregate {
        assert_eq!(
            numbers,
            (1..=numbers.len() as i64).collect::<Vec<_>>(),
            "{aggregate}"
        );
    }
}

/// Publishes the next number of one aggregate after the other, and commits after a while.
async fn write(db: Database, writer: i64, with_delays: bool) {
    for event in 0..EVENTS_A_WRITER {
        let aggregate = (writer * 7 + event * 3) % AGGREGATES;
        let delay = Duration::from_micros(((writer * 7919 + event * 104_729) % 4000) as u64);
        db.write(move |conn| {
            conn.lock_keys(&mut vec![aggregate])?;
            conn.execute(
                "INSERT INTO last (aggregate, n) VALUES (?1, 1) ON CONFLICT (aggregate) DO UPDATE SET n = last.n + 1",
                &[aggregate.into()],
            )?;
            let sql = "SELECT n FROM last WHERE aggregate = ?1";
            let n = conn.query_opt(sql, &[aggregate.into()], |row| row.get(0))?.expect("it was just written");
            tell(conn, &format!("aggregate {aggregate}"), n, false)?;
            if with_delays {
                std::thread::sleep(delay);
            }
            Ok::<_, marque_db::StoreError>(())
        })
        .await
        .unwrap();
    }
}
