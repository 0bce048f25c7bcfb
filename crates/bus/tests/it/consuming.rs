//! Each event once, whatever goes wrong.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use marque_db::Database;
use marque_events::{ApplyError, Chosen, ask_retry, dead_letters};

use crate::{
    common::{WriteDown, numbers, tell, tell_each},
    world::{World, bus_test_suite},
};

bus_test_suite!(
    events_are_applied_once_and_in_order,
    events_that_come_again_are_passed_over,
    an_effect_without_its_cursor_does_not_stay,
    an_event_that_makes_no_sense_is_set_aside_and_tried_again_when_asked,
    a_store_failure_beside_a_senseless_event_loses_nothing,
    a_consumer_killed_anywhere_goes_on,
);

async fn events_are_applied_once_and_in_order(world: World) {
    tell_each(&world.producer, 1..=150).await;
    let consumer = world.consumer(Arc::default());
    world.catch_up(&consumer).await;
    tell_each(&world.producer, 151..=300).await;
    world.catch_up(&consumer).await;
    assert_eq!(numbers(&world.own).await, (1..=300).collect::<Vec<_>>());
}

async fn events_that_come_again_are_passed_over(world: World) {
    tell_each(&world.producer, 1..=70).await;
    world.catch_up(&world.consumer(Arc::default())).await;
    // As after a restore from a backup that was made between two commits.
    world
        .own
        .write(|conn| conn.execute("DELETE FROM event_cursors", &[]))
        .await
        .unwrap();
    tell_each(&world.producer, [71]).await;
    world.catch_up(&world.consumer(Arc::default())).await;
    assert_eq!(numbers(&world.own).await, (1..=71).collect::<Vec<_>>());
}

async fn an_effect_without_its_cursor_does_not_stay(world: World) {
    tell_each(&world.producer, 1..=3).await;
    let handler = Arc::new(WriteDown::default());
    let consumer = world.consumer(Arc::clone(&handler));
    handler.failing.store(true, Ordering::SeqCst);
    fail_once(&consumer).await;
    assert!(numbers(&world.own).await.is_empty());
    handler.failing.store(false, Ordering::SeqCst);
    world.catch_up(&consumer).await;
    assert_eq!(numbers(&world.own).await, [1, 2, 3]);
}

/// Steps until events have come and could not be applied.
async fn fail_once(consumer: &marque_events::Consumer) {
    for _ in 0..100 {
        match consumer.step(200).await {
            // Nothing has come, or what makes no sense came alone and was set aside.
            Ok(_) => {}
            Err(error)
                if error.message().contains("cut off")
                    || error.message().contains("not available") =>
            {
                return;
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("no event came");
}

async fn an_event_that_makes_no_sense_is_set_aside_and_tried_again_when_asked(world: World) {
    for n in 1..=5 {
        let told = world.producer.write(move |conn| tell(conn, "a", n, n == 3));
        told.await.unwrap();
    }
    let handler = Arc::new(WriteDown::default());
    let consumer = world.consumer(Arc::clone(&handler));
    world.catch_up(&consumer).await;
    assert_eq!(numbers(&world.own).await, [1, 2, 4, 5], "the rest went on");
    let aside = letters(&world.own).await;
    assert_eq!(aside, [("eight bytes expected".to_owned(), 1, false)]);

    ask(&world.own).await;
    consumer.step(0).await.unwrap();
    let aside = letters(&world.own).await;
    assert_eq!(
        aside,
        [("eight bytes expected".to_owned(), 2, false)],
        "it still makes no sense"
    );

    handler.knowing.store(true, Ordering::SeqCst);
    consumer.step(0).await.unwrap();
    assert_eq!(letters(&world.own).await.len(), 1, "nobody asked");
    ask(&world.own).await;
    consumer.step(0).await.unwrap();
    assert!(letters(&world.own).await.is_empty());
    assert_eq!(numbers(&world.own).await, [1, 2, 4, 5, 3]);
}

async fn letters(db: &Database) -> Vec<(String, i64, bool)> {
    let letters = db.read(dead_letters).await.unwrap();
    letters
        .into_iter()
        .map(|letter| (letter.reason, letter.tries, letter.is_due))
        .collect()
}

async fn ask(db: &Database) {
    let letters = db.read(dead_letters).await.unwrap();
    let id = letters[0].id.parse().unwrap();
    let asked = db
        .write(move |conn| ask_retry(conn, &Chosen::Id(id)))
        .await
        .unwrap();
    assert_eq!(asked, 1);
}

async fn a_store_failure_beside_a_senseless_event_loses_nothing(world: World) {
    for n in 1..=4 {
        let told = world.producer.write(move |conn| tell(conn, "a", n, n == 1));
        told.await.unwrap();
    }
    let handler = Arc::new(WriteDown::default());
    let consumer = world.consumer(Arc::clone(&handler));
    handler.failing.store(true, Ordering::SeqCst);
    fail_once(&consumer).await;
    assert!(numbers(&world.own).await.is_empty());
    handler.failing.store(false, Ordering::SeqCst);
    world.catch_up(&consumer).await;
    assert_eq!(numbers(&world.own).await, [2, 3, 4]);
}

/// Also between effect and acknowledgement: a consumer acknowledges what it has applied when it pulls the next time.
async fn a_consumer_killed_anywhere_goes_on(world: World) {
    tell_each(&world.producer, 1..=400).await;
    let rounds = if world.broker.is_some() { 12 } else { 60 };
    for round in 0..rounds {
        let consumer = world.consumer(Arc::default());
        let reading = async move { while consumer.step(100).await.is_ok() {} };
        let life = Duration::from_micros(2_000 + round * 1_370 % 9_000);
        drop(tokio::time::timeout(life, reading).await);
    }
    world.catch_up(&world.consumer(Arc::default())).await;
    let mut all = numbers(&world.own).await;
    // A step that was cut off may still be committing: it takes the same rows, and comes first or last.
    all.sort_unstable();
    assert_eq!(all, (1..=400).collect::<Vec<_>>());
}

#[test]
fn a_payload_that_cannot_be_decoded_is_malformed() {
    let error = <() as prost::Message>::decode(&[0xff_u8][..]).unwrap_err();
    assert!(matches!(ApplyError::from(error), ApplyError::Malformed(_)));
}
