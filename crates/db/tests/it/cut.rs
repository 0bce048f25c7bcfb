//! Several databases at one moment, and back again.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use marque_db::{
    Backend, Conn, Cut, Database, Saved, Settings, StoreError, check_sqlite, cut, fill_postgres,
    is_postgres_empty,
};
use marque_testkit::{TestDb, store_test_suite};

store_test_suite!(
    nobody_is_seen_ahead_of_what_he_followed,
    what_is_saved_comes_back_and_counts_on,
    what_no_column_counts_counts_on_too,
);

/// Cuts made while the two databases are written.
const CUTS: usize = 25;

fn publish(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    let written = conn.query_opt(
        "INSERT INTO outbox (id, kind, subject, dealer, at, data, traceparent) VALUES (?1, 'k', 's', '', 1, ?2, '') RETURNING seq",
        &[uuid::Uuid::new_v4().into(), b"".as_slice().into()],
        |row| row.get(0),
    )?;
    Ok(written.expect("an insert that returns its row returns one"))
}

fn follow(conn: &mut Conn<'_>, seq: i64) -> Result<u64, StoreError> {
    conn.execute(
        "INSERT INTO event_cursors (source, position) VALUES ('a', ?1) ON CONFLICT (source) DO UPDATE SET position = ?1",
        &[seq.into()],
    )
}

fn number(conn: &mut Conn<'_>, sql: &str) -> Result<i64, StoreError> {
    Ok(conn.query_opt(sql, &[], |row| row.get(0))?.unwrap_or(0))
}

async fn two(db: TestDb) -> (TestDb, TestDb) {
    let other = db.sibling();
    (
        db.migrated(&marque_migrations::NETWORK).await,
        other.migrated(&marque_migrations::NETWORK).await,
    )
}

/// Cuts away from the runtime, as a client of PostgreSQL must.
async fn cut_aside(settings: [Settings; 2]) -> Cut<()> {
    let (tell, told) = tokio::sync::oneshot::channel();
    thread::spawn(move || drop(tell.send(cut(&settings, || Ok(())).unwrap())));
    told.await.unwrap()
}

/// One service writes, the other follows; each in both roles, so that no order of copying would do.
async fn nobody_is_seen_ahead_of_what_he_followed(db: TestDb) {
    let (one, other) = two(db).await;
    let stop = Arc::new(AtomicBool::new(false));
    let pairs = [
        (one.handle(), other.handle()),
        (other.handle(), one.handle()),
    ];
    let writers = pairs.map(|(producer, consumer): (Database, Database)| {
        let stop = Arc::clone(&stop);
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let seq = producer.write(publish).await.unwrap();
                consumer.write(move |conn| follow(conn, seq)).await.unwrap();
            }
        })
    });
    let (mut furthest, mut cuts) = (0, 0);
    // On a busy machine the writers may begin late.
    while cuts < CUTS || furthest == 0 {
        cuts += 1;
        assert!(cuts < 100 * CUTS, "there was load");
        let Cut { mut views, .. } = cut_aside([one.settings(), other.settings()]).await;
        let seen = thread::spawn(move || {
            let [one, other] = &mut views[..] else {
                panic!("two views")
            };
            let mut read = |sql| (one.read(|c| number(c, sql)), other.read(|c| number(c, sql)));
            (
                read("SELECT coalesce(max(seq), 0) FROM outbox"),
                read("SELECT coalesce(max(position), 0) FROM event_cursors"),
            )
        });
        let ((head_one, head_other), (cursor_one, cursor_other)) = seen.join().unwrap();
        assert!(cursor_other.unwrap() <= head_one.unwrap());
        let head = head_other.unwrap();
        assert!(cursor_one.unwrap() <= head);
        furthest = furthest.max(head);
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn what_is_saved_comes_back_and_counts_on(db: TestDb) {
    let (one, other) = two(db).await;
    for _ in 0..500 {
        one.write(publish).await.unwrap();
    }
    one.write(|conn| follow(conn, 7)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let Cut { mut views, .. } = cut_aside([one.settings(), other.settings()]).await;
    // Not in the copy: written after the cut.
    one.write(publish).await.unwrap();
    let saved = thread::spawn(move || views[0].save(&at, "network").unwrap())
        .join()
        .unwrap();
    // Its schema goes when it is dropped.
    let mut filled: Option<TestDb> = None;
    let settings = match one.settings() {
        Settings::Sqlite { .. } => {
            let path = folder.path().join(&saved.files[0]);
            check_sqlite(&path).unwrap();
            Settings::Sqlite { path }
        }
        Settings::Postgres { .. } => {
            let target = other.sibling();
            let Settings::Postgres { url, schema, .. } = target.settings() else {
                panic!("a sibling is of the same kind")
            };
            let (address, name) = (url.clone(), schema.clone());
            let empty = thread::spawn(move || is_postgres_empty(&address, &name).unwrap());
            assert!(empty.join().unwrap());
            let target = target.migrated(&marque_migrations::NETWORK).await;
            let at = folder.path().to_owned();
            let keep = marque_migrations::NETWORK.table();
            thread::spawn(move || fill_postgres(&url, &schema, &at, &saved, &keep).unwrap())
                .join()
                .unwrap();
            let settings = target.settings();
            filled = Some(target);
            settings
        }
    };
    let restored = Database::open(&settings).unwrap();
    let count = |sql| restored.read(move |conn| number(conn, sql));
    assert_eq!(count("SELECT count(*) FROM outbox").await.unwrap(), 500);
    assert_eq!(
        count("SELECT max(position) FROM event_cursors")
            .await
            .unwrap(),
        7
    );
    let next = restored.write(publish).await.unwrap();
    let is_new = match restored.backend() {
        Backend::Sqlite => next == 501,
        // What counted on after the cut may leave a gap, never a repetition.
        Backend::Postgres => next > 500,
    };
    assert!(is_new, "{next}");
    drop(filled);
}

/// Fills a fresh schema of PostgreSQL with a copy of customers.
async fn filled_anew(db: &TestDb, folder: &Path, saved: Saved) -> TestDb {
    let target = db.sibling().migrated(&marque_migrations::CUSTOMER).await;
    let Settings::Postgres { url, schema, .. } = target.settings() else {
        panic!("a sibling is of the same kind")
    };
    let (at, keep) = (folder.to_owned(), marque_migrations::CUSTOMER.table());
    thread::spawn(move || fill_postgres(&url, &schema, &at, &saved, &keep).unwrap())
        .join()
        .unwrap();
    target
}

async fn what_no_column_counts_counts_on_too(db: TestDb) {
    if !db.is_postgres() {
        // SQLite reads the greatest number there is.
        return;
    }
    let other = db.sibling();
    let (db, other) = (
        db.migrated(&marque_migrations::CUSTOMER).await,
        other.migrated(&marque_migrations::CUSTOMER).await,
    );
    let next = "SELECT nextval('customers_number_seq')";
    let next_record = "SELECT nextval('source_records_seq_seq')";
    db.write(move |conn| {
        for _ in 0..40 {
            number(conn, next)?;
        }
        // Those after it were given to writers who then failed.
        conn.execute(
            "INSERT INTO customers (number, id, kind, version, created_at, updated_at) VALUES (7, ?1, 1, 1, 1, 1)",
            &[uuid::Uuid::new_v4().into()],
        )?;
        // A record that was erased: its number is nobody's for ever.
        conn.execute("INSERT INTO erased_numbers (seq) VALUES (12)", &[])
    })
    .await
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let Cut { mut views, .. } = cut_aside([db.settings(), other.settings()]).await;
    let saved = thread::spawn(move || views[0].save(&at, "customer").unwrap())
        .join()
        .unwrap();
    let restored = filled_anew(&db, folder.path(), saved.clone()).await;
    let take = |sql| restored.write(move |conn| number(conn, sql));
    assert_eq!(take(next).await.unwrap(), 41);
    assert_eq!(take(next_record).await.unwrap(), 13);
    // Archives of earlier releases say nothing of sequences.
    let of_earlier = Saved {
        sequences: Vec::new(),
        ..saved
    };
    let restored = filled_anew(&db, folder.path(), of_earlier).await;
    let take = |sql| restored.write(move |conn| number(conn, sql));
    assert_eq!(take(next).await.unwrap(), 8);
    assert_eq!(take(next_record).await.unwrap(), 13);
}
