//! Each event once, whatever goes wrong.

use std::sync::{Arc, atomic::Ordering};

use marque_events::ApplyError;
use marque_testkit::{TestDb, store_test_suite};

use crate::common::{WriteDown, consumer, numbers, prepared, tell, tell_each};

store_test_suite!(
    events_are_applied_once_and_in_order,
    events_that_come_again_are_passed_over,
    an_effect_without_its_cursor_does_not_stay,
    an_event_that_makes_no_sense_is_set_aside_and_the_rest_goes_on,
    a_store_failure_beside_a_senseless_event_loses_nothing,
    a_consumer_cut_off_anywhere_goes_on,
);

async fn events_are_applied_once_and_in_order(db: TestDb) {
    let db = prepared(db).await;
    tell_each(&db, 1..=150).await;
    let consumer = consumer(&db, &db, Arc::default());
    while consumer.step(0).await.unwrap() > 0 {}
    assert_eq!(numbers(&db).await, (1..=150).collect::<Vec<_>>());
}

async fn events_that_come_again_are_passed_over(db: TestDb) {
    let db = prepared(db).await;
    tell_each(&db, 1..=70).await;
    let consumer = consumer(&db, &db, Arc::default());
    while consumer.step(0).await.unwrap() > 0 {}
    db.write(|conn| conn.execute("DELETE FROM event_cursors", &[]))
        .await
        .unwrap();
    tell_each(&db, [71]).await;
    while consumer.step(0).await.unwrap() > 0 {}
    assert_eq!(numbers(&db).await, (1..=71).collect::<Vec<_>>());
}

async fn an_effect_without_its_cursor_does_not_stay(db: TestDb) {
    let db = prepared(db).await;
    tell_each(&db, 1..=3).await;
    let handler = Arc::new(WriteDown::default());
    let consumer = consumer(&db, &db, Arc::clone(&handler));
    handler.failing.store(true, Ordering::SeqCst);
    assert!(consumer.step(0).await.is_err());
    assert!(numbers(&db).await.is_empty());
    handler.failing.store(false, Ordering::SeqCst);
    assert_eq!(consumer.step(0).await.unwrap(), 3);
    assert_eq!(numbers(&db).await, [1, 2, 3]);
}

async fn an_event_that_makes_no_sense_is_set_aside_and_the_rest_goes_on(db: TestDb) {
    let db = prepared(db).await;
    for n in 1..=5 {
        db.write(move |conn| tell(conn, "a", n, n == 3))
            .await
            .unwrap();
    }
    let consumer = consumer(&db, &db, Arc::default());
    consumer.step(0).await.unwrap();
    assert_eq!(
        consumer.step(0).await.unwrap(),
        0,
        "the cursor is past all of them"
    );
    assert_eq!(numbers(&db).await, [1, 2, 4, 5]);
    let aside: Vec<(String, String, Vec<u8>)> = db
        .read(|conn| {
            let sql = "SELECT kind, reason, data FROM dead_letters";
            conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
        .await
        .unwrap();
    assert_eq!(
        aside,
        [(
            "marque.numbers.told".to_owned(),
            "eight bytes expected".to_owned(),
            vec![1]
        )]
    );
}

async fn a_store_failure_beside_a_senseless_event_loses_nothing(db: TestDb) {
    let db = prepared(db).await;
    for n in 1..=4 {
        db.write(move |conn| tell(conn, "a", n, n == 1))
            .await
            .unwrap();
    }
    let handler = Arc::new(WriteDown::default());
    let consumer = consumer(&db, &db, Arc::clone(&handler));
    handler.failing.store(true, Ordering::SeqCst);
    assert!(
        consumer.step(0).await.is_err(),
        "the store's failure is told"
    );
    handler.failing.store(false, Ordering::SeqCst);
    while consumer.step(0).await.unwrap() > 0 {}
    assert_eq!(numbers(&db).await, [2, 3, 4]);
}

async fn a_consumer_cut_off_anywhere_goes_on(db: TestDb) {
    let db = prepared(db).await;
    tell_each(&db, 1..=400).await;
    for round in 0..60 {
        let consumer = consumer(&db, &db, Arc::default());
        let task =
            tokio::spawn(
                async move { while consumer.step(0).await.is_ok_and(|count| count > 0) {} },
            );
        tokio::time::sleep(std::time::Duration::from_micros(round * 37 % 900)).await;
        task.abort();
        drop(task.await);
    }
    let consumer = consumer(&db, &db, Arc::default());
    // A step that was cut off may still be committing: it takes the same rows, and comes first or last.
    while consumer.step(0).await.unwrap() > 0 {}
    let mut all = numbers(&db).await;
    all.sort_unstable();
    assert_eq!(all, (1..=400).collect::<Vec<_>>());
}

#[test]
fn a_payload_that_cannot_be_decoded_is_malformed() {
    let error = <() as prost::Message>::decode(&[0xff_u8][..]).unwrap_err();
    assert!(matches!(ApplyError::from(error), ApplyError::Malformed(_)));
}
