//! Transactions: durable, alone in failing, never lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use marque_db::{Conn, StoreError, Value};
use marque_testkit::{TestDb, store_test_suite};

store_test_suite!(
    an_answered_write_is_seen_by_another_process,
    a_failing_unit_is_rolled_back_alone,
    a_panicking_unit_fails_alone,
    increments_by_64_callers_sum_exactly,
    a_rehearsal_writes_nothing,
    bulk_gives_way_to_interactive_writes,
    a_read_sees_one_moment,
    a_key_that_is_there_is_told_apart,
);

async fn with_counter(db: &TestDb) {
    execute(
        db,
        "CREATE TABLE counters (name TEXT PRIMARY KEY, n BIGINT NOT NULL)",
    )
    .await;
    execute(
        db,
        "INSERT INTO counters (name, n) VALUES ('a', 0), ('b', 0)",
    )
    .await;
}

async fn execute(db: &TestDb, sql: &'static str) {
    db.write(move |conn| conn.execute(sql, &[])).await.unwrap();
}

fn value_of(conn: &mut Conn<'_>, name: &str) -> Result<i64, StoreError> {
    let found = conn.query_opt(
        "SELECT n FROM counters WHERE name = ?1",
        &[name.into()],
        |row| row.get(0),
    )?;
    Ok(found.expect("the counter is there"))
}

fn set(conn: &mut Conn<'_>, name: &str, n: i64) -> Result<u64, StoreError> {
    conn.execute(
        "UPDATE counters SET n = ?2 WHERE name = ?1",
        &[name.into(), n.into()],
    )
}

async fn an_answered_write_is_seen_by_another_process(db: TestDb) {
    with_counter(&db).await;
    let other = db.from_another_process();
    for n in 1..=50 {
        db.write(move |conn| set(conn, "a", n)).await.unwrap();
        assert_eq!(other.read(|conn| value_of(conn, "a")).await.unwrap(), n);
    }
}

async fn a_failing_unit_is_rolled_back_alone(db: TestDb) {
    with_counter(&db).await;
    // Sent together, so that they share a commit where commits are shared.
    let units = (0..40).map(|n| {
        let db = db.handle();
        tokio::spawn(async move {
            db.write(move |conn| {
                conn.execute("UPDATE counters SET n = n + 1 WHERE name = 'a'", &[])?;
                if n % 2 == 0 {
                    Err(StoreError::Schema("on purpose".into()))
                } else {
                    Ok(n)
                }
            })
            .await
        })
    });
    let mut kept = 0;
    for (n, unit) in units.collect::<Vec<_>>().into_iter().enumerate() {
        let answer = unit.await.unwrap();
        assert_eq!(answer.is_ok(), n % 2 == 1);
        kept += i64::from(answer.is_ok());
    }
    assert_eq!(db.read(|conn| value_of(conn, "a")).await.unwrap(), kept);
}

async fn a_panicking_unit_fails_alone(db: TestDb) {
    with_counter(&db).await;
    // More often than there are threads.
    for _ in 0..10 {
        let failed = db
            .write(|conn| -> Result<(), StoreError> {
                set(conn, "a", 99)?;
                panic!("on purpose");
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Other(_))));
    }
    db.write(|conn| set(conn, "b", 7)).await.unwrap();
    let both = db
        .read(|conn| Ok::<_, StoreError>((value_of(conn, "a")?, value_of(conn, "b")?)))
        .await
        .unwrap();
    assert_eq!(both, (0, 7));
}

async fn increments_by_64_callers_sum_exactly(db: TestDb) {
    with_counter(&db).await;
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let db = db.handle();
            tokio::spawn(async move {
                for _ in 0..20 {
                    db.write(|conn| {
                        conn.lock_keys(&mut vec![1])?;
                        let n = value_of(conn, "a")?;
                        set(conn, "a", n + 1)
                    })
                    .await
                    .unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(db.read(|conn| value_of(conn, "a")).await.unwrap(), 64 * 20);
}

async fn a_rehearsal_writes_nothing(db: TestDb) {
    with_counter(&db).await;
    let seen = db
        .write(|conn| {
            let seen = conn.rehearse(|conn| {
                set(conn, "a", 5)?;
                value_of(conn, "a")
            })?;
            let failed = conn.rehearse(|conn| {
                conn.execute("INSERT INTO counters (name, n) VALUES ('a', 1)", &[])
            });
            assert!(matches!(failed, Err(StoreError::Unique(_))));
            set(conn, "b", 1)?;
            Ok::<_, StoreError>(seen)
        })
        .await
        .unwrap();
    assert_eq!(seen, 5, "what is rehearsed sees itself");
    let both = db
        .read(|conn| Ok::<_, StoreError>((value_of(conn, "a")?, value_of(conn, "b")?)))
        .await
        .unwrap();
    assert_eq!(both, (0, 1));
}

async fn bulk_gives_way_to_interactive_writes(db: TestDb) {
    if db.is_postgres() {
        return; // Has a thread a writer: nothing has to give way.
    }
    with_counter(&db).await;
    let (batches, stop) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    // Always 20 batches waiting, each 5 ms long.
    let importers: Vec<_> = (0..20)
        .map(|_| {
            let (db, batches, stop) = (db.handle(), Arc::clone(&batches), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let batches = Arc::clone(&batches);
                    db.bulk(move |conn| {
                        std::thread::sleep(Duration::from_millis(5));
                        batches.fetch_add(1, Ordering::SeqCst);
                        value_of(conn, "b")
                    })
                    .await
                    .unwrap();
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(30)).await;
    for n in 0..10 {
        let before = batches.load(Ordering::SeqCst);
        db.write(move |conn| set(conn, "a", n)).await.unwrap();
        let passed = batches.load(Ordering::SeqCst) - before;
        assert!(passed <= 3, "{passed} of 20 waiting batches went first");
    }
    stop.store(true, Ordering::SeqCst);
    for importer in importers {
        importer.await.unwrap();
    }
}

async fn a_read_sees_one_moment(db: TestDb) {
    if db.is_postgres() {
        return; // READ COMMITTED: each statement has a snapshot of its own, and stores are written for that.
    }
    with_counter(&db).await;
    let other = db.from_another_process();
    let (first, second) = db
        .read(move |conn| {
            let first = value_of(conn, "a")?;
            let write = other.write(|conn| set(conn, "a", 1));
            // The read runs in place: the write has to be driven from another thread.
            std::thread::scope(|scope| {
                scope
                    .spawn(|| {
                        tokio::runtime::Builder::new_current_thread()
                            .build()
                            .unwrap()
                            .block_on(write)
                    })
                    .join()
            })
            .unwrap()?;
            Ok::<_, StoreError>((first, value_of(conn, "a")?))
        })
        .await
        .unwrap();
    assert_eq!((first, second), (0, 0));
    assert_eq!(
        db.read(|conn| value_of(conn, "a")).await.unwrap(),
        1,
        "the next read sees the write"
    );
}

async fn a_key_that_is_there_is_told_apart(db: TestDb) {
    with_counter(&db).await;
    let again = db
        .write(|conn| {
            conn.execute(
                "INSERT INTO counters (name, n) VALUES (?1, ?2)",
                &["a".into(), Value::Int(1)],
            )
        })
        .await;
    assert!(matches!(again, Err(StoreError::Unique(_))));
    assert!(!again.unwrap_err().is_transient());
}
