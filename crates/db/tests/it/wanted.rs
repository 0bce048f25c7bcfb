//! Nobody works for a caller who went away (reliability.md R10).

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use marque_db::{Conn, StoreError};
use marque_testkit::{TestDb, store_test_suite};

store_test_suite!(
    work_whose_caller_went_away_before_its_turn_is_not_begun,
    a_query_ends_when_its_caller_goes_away,
    a_change_whose_caller_went_away_is_taken_back,
    a_statement_ends_with_the_deadline,
    sessions_work_on_after_a_cancellation,
);

async fn work_whose_caller_went_away_before_its_turn_is_not_begun(db: TestDb) {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    // As many as there are writers keep them all busy.
    let busy: Vec<_> = (0..4)
        .map(|_| {
            let (handle, wait) = (db.handle(), Arc::clone(&wait));
            tokio::spawn(async move {
                let work = move |_: &mut Conn<'_>| {
                    let _ = wait.lock().unwrap().recv();
                    Ok::<_, StoreError>(())
                };
                handle.write(work).await
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Arc::new(AtomicUsize::new(0));
    for _ in 0..10 {
        let count = Arc::clone(&begun);
        let impatient = db.write(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, StoreError>(())
        });
        assert!(
            tokio::time::timeout(Duration::from_millis(5), impatient)
                .await
                .is_err()
        );
    }
    for _ in &busy {
        go.send(()).unwrap();
    }
    for work in busy {
        work.await.unwrap().unwrap();
    }
    db.write(|_| Ok::<_, StoreError>(())).await.unwrap();
    assert_eq!(begun.load(Ordering::SeqCst), 0);
}

/// How many statements of this test sleep in the server. SQLite runs on our own threads, where nothing can be cut off.
async fn sleeping(db: &TestDb, seconds: &'static str) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(' || ?1 || ')%'
               AND pid <> pg_backend_pid()";
    let counted = db.read(move |conn| conn.query_opt(sql, &[seconds.into()], |row| row.get(0)));
    counted.await.unwrap().unwrap_or(0)
}

fn sleep(conn: &mut Conn<'_>, seconds: &str) -> Result<(), StoreError> {
    conn.batch(&format!("SELECT pg_sleep({seconds})"))
}

async fn a_query_ends_when_its_caller_goes_away(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let query = db.read(|conn| sleep(conn, "31.5"));
    let cut = tokio::time::timeout(Duration::from_millis(200), query).await;
    assert!(cut.is_err());
    let gone = Instant::now();
    while sleeping(&db, "31.5").await > 0 {
        assert!(gone.elapsed() < Duration::from_secs(2), "the query goes on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn a_change_whose_caller_went_away_is_taken_back(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let table = "CREATE TABLE changed (n BIGINT)";
    db.write(move |conn| conn.batch(table)).await.unwrap();
    let change = db.write(|conn| {
        conn.execute("INSERT INTO changed (n) VALUES (1)", &[])?;
        sleep(conn, "32.5")
    });
    let cut = tokio::time::timeout(Duration::from_millis(200), change).await;
    assert!(cut.is_err());
    let gone = Instant::now();
    while sleeping(&db, "32.5").await > 0 {
        assert!(
            gone.elapsed() < Duration::from_secs(2),
            "the change goes on"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let count = "SELECT count(*) FROM changed";
    let left: Option<i64> = db
        .read(move |conn| conn.query_opt(count, &[], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(left, Some(0));
}

async fn a_statement_ends_with_the_deadline(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let begun = Instant::now();
    let deadline = begun + Duration::from_millis(200);
    // Its caller waits beyond the deadline: the server ends it.
    let outcome = marque_db::until(deadline, db.read(|conn| sleep(conn, "33.5"))).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "{outcome:?}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    let late = marque_db::until(deadline, db.read(|_| Ok::<_, StoreError>(()))).await;
    assert!(late.is_err(), "after the deadline nothing is begun");
    db.read(|conn| sleep(conn, "0.3"))
        .await
        .expect("without a deadline there is no limit");
}

async fn sessions_work_on_after_a_cancellation(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    for round in 0..20 {
        let query = db.read(|conn| sleep(conn, "0.02"));
        drop(tokio::time::timeout(Duration::from_millis(10 + round), query).await);
        let next = db.read(|conn| sleep(conn, "0.005")).await;
        next.expect("the cancellation of another query hits nobody else");
    }
}
