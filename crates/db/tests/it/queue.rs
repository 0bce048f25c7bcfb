//! How long work may wait, what is not begun, and that nobody waits for ever.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use marque_db::{Conn, StoreError};
use marque_testkit::{TestDb, store_test_suite};
use tokio::time::timeout;

store_test_suite!(
    what_finds_a_full_queue_is_refused_at_once,
    a_read_ends_at_its_deadline,
    a_write_whose_deadline_passed_is_not_begun,
    a_batch_gets_its_turn_under_steady_load,
);

/// Longer than any of this takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Keeps all writers busy until the sender is dropped.
async fn hold_writers(db: &TestDb) -> mpsc::Sender<()> {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let begun = Arc::new(AtomicUsize::new(0));
    let writers = if db.is_postgres() { 4 } else { 1 };
    for _ in 0..writers {
        let (db, wait, begun) = (db.handle(), Arc::clone(&wait), Arc::clone(&begun));
        tokio::spawn(async move {
            let hold = move |_: &mut Conn<'_>| {
                begun.fetch_add(1, Ordering::SeqCst);
                let _ = wait.lock().unwrap().recv();
                Ok::<_, StoreError>(())
            };
            db.write(hold).await
        });
    }
    while begun.load(Ordering::SeqCst) < writers {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    go
}

async fn what_finds_a_full_queue_is_refused_at_once(db: TestDb) {
    let go = hold_writers(&db).await;
    let waiting: Vec<_> = (0..4200)
        .map(|_| {
            let db = db.handle();
            tokio::spawn(async move { db.write(|_| Ok::<_, StoreError>(())).await })
        })
        .collect();
    let refused_at_once = async {
        while waiting.iter().filter(|each| each.is_finished()).count() < 104 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, refused_at_once).await.unwrap();
    drop(go);
    let (mut done, mut refused) = (0, 0);
    for each in waiting {
        match each.await.unwrap() {
            Ok(()) => done += 1,
            Err(StoreError::Unavailable(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((done, refused), (4096, 104));
}

/// Counts for longer than anybody waits.
fn endless(conn: &mut Conn<'_>) -> Result<Option<i64>, StoreError> {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n";
    conn.query_opt(sql, &[], |row| row.get(0))
}

async fn a_read_ends_at_its_deadline(db: TestDb) {
    let began = Instant::now();
    let asked = marque_db::until(began + Duration::from_millis(200), db.scan(endless)).await;
    let told = asked.unwrap_err();
    assert!(matches!(told, StoreError::Unavailable(_)), "{told:?}");
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    let one =
        |conn: &mut Conn<'_>| conn.query_opt("SELECT CAST(1 AS BIGINT)", &[], |row| row.get(0));
    let again: Result<Option<i64>, StoreError> = db.scan(one).await;
    assert_eq!(again.unwrap(), Some(1), "the connection serves the next");
    let past = marque_db::until(began, db.scan(one)).await;
    assert!(past.is_err(), "what is past before it begins is not begun");
}

async fn a_write_whose_deadline_passed_is_not_begun(db: TestDb) {
    let go = hold_writers(&db).await;
    let begun = Arc::new(AtomicBool::new(false));
    let (handle, seen) = (db.handle(), Arc::clone(&begun));
    let deadline = Instant::now() + Duration::from_millis(50);
    let late = tokio::spawn(marque_db::until(deadline, async move {
        let work = move |_: &mut Conn<'_>| {
            seen.store(true, Ordering::SeqCst);
            Ok::<_, StoreError>(())
        };
        handle.write(work).await
    }));
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(go);
    let told = late.await.unwrap().unwrap_err();
    assert!(matches!(told, StoreError::Unavailable(_)), "{told:?}");
    db.write(|_| Ok::<_, StoreError>(())).await.unwrap();
    assert!(!begun.load(Ordering::SeqCst));
}

async fn a_batch_gets_its_turn_under_steady_load(db: TestDb) {
    let stop = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..16)
        .map(|_| {
            let (db, stop) = (db.handle(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let work = |_: &mut Conn<'_>| {
                        std::thread::sleep(Duration::from_millis(2));
                        Ok::<_, StoreError>(())
                    };
                    db.write(work).await.unwrap();
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..5 {
        let batch = db.bulk(|_| Ok::<_, StoreError>(()));
        timeout(PATIENCE, batch)
            .await
            .expect("its turn came")
            .unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    for each in busy {
        each.await.unwrap();
    }
}
