//! The chain of audit records: what is done to them behind our back is found, and where.

use marque_core::Timestamp;
use marque_db::{Backend, Conn, Database, StoreError};
use marque_ledger::{Entry, Fault, Head, Verdict, Verification, heads, record};
use marque_testkit::{TestDb, store_test_suite};

use super::caller;

store_test_suite!(
    an_untouched_record_verifies,
    the_database_refuses_to_change_or_remove_a_record,
    a_flipped_field_is_found,
    a_deleted_record_is_found,
    records_that_change_places_are_found,
    a_record_put_in_is_found,
    a_cut_tail_is_found,
    a_cut_tail_with_its_head_set_back_is_found_by_a_signed_head,
    a_chain_written_anew_is_found_by_a_signed_head,
    a_chain_that_is_gone_altogether_is_found,
    what_is_rolled_back_leaves_no_gap,
    dealers_do_not_wait_for_each_other,
);

const EACH: i64 = 12;

fn act(conn: &mut Conn<'_>, dealer: &str, detail: &str) -> Result<(), StoreError> {
    let entry = Entry {
        act: "merged",
        subject: "cus_1",
        dealer,
        detail,
    };
    record(conn, &caller("a"), Timestamp::from_micros(7), &entry)
}

/// Three chains whose records stand mixed in the table.
async fn filled(db: TestDb) -> TestDb {
    let db = db.migrated(&marque_migrations::NETWORK).await;
    db.write(|conn| {
        for n in 0..EACH {
            for dealer in ["D1", "D2", ""] {
                act(conn, dealer, &n.to_string())?;
            }
        }
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap();
    db
}

/// What somebody does who owns the database.
async fn tamper(db: &Database, sql: &'static str) {
    let owner = db.as_login();
    owner
        .write(move |conn| {
            conn.batch(match conn.backend() {
                Backend::Sqlite => "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete",
                Backend::Postgres => "DROP TRIGGER audit_stays ON audit",
            })?;
            conn.batch(sql)
        })
        .await
        .unwrap();
}

async fn verify_with(db: &Database, signed: Vec<Head>) -> Verdict {
    db.scan(move |conn| {
        let mut verification = Verification::new(signed);
        while verification.step(conn)? {}
        verification.finish(conn)
    })
    .await
    .unwrap()
}

async fn faults(db: &Database) -> Vec<Fault> {
    verify_with(db, Vec::new()).await.faults
}

async fn signed(db: &Database) -> Vec<Head> {
    db.read(heads).await.unwrap()
}

fn d1() -> String {
    "D1".to_owned()
}

async fn an_untouched_record_verifies(db: TestDb) {
    let db = filled(db).await;
    let heads = signed(&db).await;
    assert_eq!(heads.len(), 3);
    let verdict = verify_with(&db, heads).await;
    assert_eq!(verdict.faults, []);
    assert_eq!(
        (verdict.records, verdict.chains, verdict.signed),
        (36, 3, 3)
    );
}

async fn the_database_refuses_to_change_or_remove_a_record(db: TestDb) {
    let db = filled(db).await;
    for sql in [
        "UPDATE audit SET detail = 'x' WHERE link = 3",
        "DELETE FROM audit WHERE link = 3",
    ] {
        let done = db.write(move |conn| conn.execute(sql, &[])).await;
        assert!(done.is_err(), "{sql}");
    }
    assert_eq!(faults(&db).await, []);
}

async fn a_flipped_field_is_found(db: TestDb) {
    let db = filled(db).await;
    tamper(
        &db,
        "UPDATE audit SET actor = 'b' WHERE dealer = 'D1' AND link = 5",
    )
    .await;
    let found = faults(&db).await;
    assert!(
        matches!(&found[..], [Fault::Changed { dealer, link: 5, .. }] if dealer == "D1"),
        "{found:?}"
    );
}

async fn a_deleted_record_is_found(db: TestDb) {
    let db = filled(db).await;
    tamper(
        &db,
        "DELETE FROM audit WHERE dealer = 'D1' AND link IN (5, 6)",
    )
    .await;
    let missing = Fault::Missing {
        dealer: d1(),
        first: 5,
        last: 6,
    };
    assert_eq!(faults(&db).await, [missing]);
}

async fn records_that_change_places_are_found(db: TestDb) {
    let db = filled(db).await;
    tamper(
        &db,
        "UPDATE audit SET link = 100 WHERE dealer = 'D1' AND link = 5;
         UPDATE audit SET link = 5 WHERE dealer = 'D1' AND link = 6;
         UPDATE audit SET link = 6 WHERE dealer = 'D1' AND link = 100;",
    )
    .await;
    assert!(!faults(&db).await.is_empty());
}

async fn a_record_put_in_is_found(db: TestDb) {
    let db = filled(db).await;
    tamper(
        &db,
        "INSERT INTO audit (at, dealer, actor, act, subject, detail, request_id, link, hash)
         SELECT at, dealer, 'b', act, subject, detail, request_id, link, hash FROM audit WHERE dealer = 'D1' AND link = 5",
    )
    .await;
    let found = faults(&db).await;
    assert!(
        matches!(&found[..], [Fault::Misplaced { link: 5, .. }]),
        "{found:?}"
    );
    tamper_more(
        &db,
        "INSERT INTO audit (at, dealer, actor, act, subject, detail, request_id)
         SELECT at, dealer, 'b', act, subject, detail, request_id FROM audit WHERE dealer = 'D2' AND link = 5",
    )
    .await;
    let found = faults(&db).await;
    assert!(
        matches!(
            &found[..],
            [Fault::Misplaced { .. }, Fault::Unchained { .. }]
        ),
        "{found:?}"
    );
}

/// The same, when the triggers are already gone.
async fn tamper_more(db: &Database, sql: &'static str) {
    let owner = db.as_login();
    owner.write(move |conn| conn.batch(sql)).await.unwrap();
}

async fn a_cut_tail_is_found(db: TestDb) {
    let db = filled(db).await;
    tamper(&db, "DELETE FROM audit WHERE dealer = 'D1' AND link > 9").await;
    let cut = Fault::Cut {
        dealer: d1(),
        found: 9,
        known: EACH,
    };
    assert_eq!(faults(&db).await, [cut]);
}

async fn a_cut_tail_with_its_head_set_back_is_found_by_a_signed_head(db: TestDb) {
    let db = filled(db).await;
    let kept = signed(&db).await;
    tamper(
        &db,
        "DELETE FROM audit WHERE dealer = 'D1' AND link > 9;
         UPDATE audit_heads SET link = 9, hash = (SELECT hash FROM audit WHERE dealer = 'D1' AND link = 9) WHERE dealer = 'D1'",
    )
    .await;
    assert_eq!(faults(&db).await, [], "the database alone cannot tell");
    let cut = Fault::Cut {
        dealer: d1(),
        found: 9,
        known: EACH,
    };
    assert_eq!(verify_with(&db, kept).await.faults, [cut]);
}

async fn a_chain_written_anew_is_found_by_a_signed_head(db: TestDb) {
    let db = filled(db).await;
    let kept = signed(&db).await;
    tamper(
        &db,
        "DELETE FROM audit WHERE dealer = 'D1'; DELETE FROM audit_heads WHERE dealer = 'D1'",
    )
    .await;
    db.write(|conn| (0..EACH).try_for_each(|_| act(conn, "D1", "nothing happened")))
        .await
        .unwrap();
    assert_eq!(faults(&db).await, [], "the database alone cannot tell");
    let rewritten = Fault::Rewritten {
        dealer: d1(),
        link: EACH,
    };
    assert_eq!(verify_with(&db, kept).await.faults, [rewritten]);
}

async fn a_chain_that_is_gone_altogether_is_found(db: TestDb) {
    let db = filled(db).await;
    let kept = signed(&db).await;
    tamper(&db, "DELETE FROM audit WHERE dealer = 'D1'").await;
    let cut = Fault::Cut {
        dealer: d1(),
        found: 0,
        known: EACH,
    };
    assert_eq!(faults(&db).await, std::slice::from_ref(&cut));
    tamper_more(&db, "DELETE FROM audit_heads WHERE dealer = 'D1'").await;
    assert_eq!(faults(&db).await, []);
    assert_eq!(verify_with(&db, kept).await.faults, [cut]);
}

async fn what_is_rolled_back_leaves_no_gap(db: TestDb) {
    let db = filled(db).await;
    let failed: Result<(), StoreError> = db
        .write(|conn| {
            act(conn, "D1", "never was")?;
            Err(StoreError::Other("on purpose".into()))
        })
        .await;
    assert!(failed.is_err());
    db.write(|conn| act(conn, "D1", "was")).await.unwrap();
    let verdict = verify_with(&db, Vec::new()).await;
    assert_eq!((verdict.records, verdict.faults), (37, Vec::new()));
}

/// A transaction that has recorded for one dealer and does not end keeps nobody else from recording.
async fn dealers_do_not_wait_for_each_other(db: TestDb) {
    let db = filled(db).await;
    if db.backend() == Backend::Sqlite {
        return; // One writer: its transactions come one after the other anyway.
    }
    let (entered, wait_for_entry) = std::sync::mpsc::channel();
    let (leave, wait_to_leave) = std::sync::mpsc::channel::<()>();
    let wait_to_leave = std::sync::Mutex::new(wait_to_leave);
    let other = db.from_another_process();
    let slow = tokio::spawn(async move {
        other
            .write(move |conn| {
                act(conn, "D1", "slow")?;
                entered.send(()).unwrap();
                wait_to_leave.lock().unwrap().recv().unwrap();
                Ok::<_, StoreError>(())
            })
            .await
    });
    tokio::task::spawn_blocking(move || wait_for_entry.recv().unwrap())
        .await
        .unwrap();
    db.write(|conn| act(conn, "D2", "quick")).await.unwrap();
    leave.send(()).unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(faults(&db).await, []);
}
