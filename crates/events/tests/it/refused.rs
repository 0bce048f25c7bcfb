//! Events that the store refuses.

use std::sync::Arc;

use marque_api::events::v1::Event;
use marque_core::ManualClock;
use marque_db::{Conn, Value};
use marque_events::{ApplyError, Consumer, Feed, Handler, dead_letters};
use marque_testkit::{TestDb, store_test_suite};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio_util::sync::CancellationToken;

use crate::common::{PRODUCER, prepared, tell_each};

store_test_suite!(an_event_that_the_store_refuses_is_set_aside_and_the_rest_goes_on);

/// Keeps each number as a cursor; `2` lacks what the column needs, and `3` says what `1` said.
struct Keeps;

impl Handler for Keeps {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let n = i64::from_be_bytes(event.data.as_slice().try_into().expect("eight bytes"));
        let name = if n == 3 { 1 } else { n }.to_string();
        let position = if n == 2 { Value::Null } else { n.into() };
        conn.execute(
            "INSERT INTO event_cursors (source, position) VALUES (?1, ?2)",
            &[name.as_str().into(), position],
        )?;
        Ok(())
    }
}

async fn an_event_that_the_store_refuses_is_set_aside_and_the_rest_goes_on(db: TestDb) {
    let db = prepared(db).await;
    tell_each(&db, 1..=4).await;
    let consumer = Consumer {
        name: "keeper",
        producer: PRODUCER,
        source: Arc::new(Feed::new(db.handle(), PRODUCER)),
        db: db.handle(),
        handler: Arc::new(Keeps),
        clock: Arc::new(ManualClock::default()),
    };
    assert_eq!(consumer.step(0).await.unwrap(), 4);
    let kept = db.read(|conn| {
        let sql = "SELECT source FROM event_cursors WHERE source <> ?1 ORDER BY source";
        conn.query(sql, &[PRODUCER.into()], |row| row.get::<String>(0))
    });
    assert_eq!(kept.await.unwrap(), ["1", "4"]);
    let aside = db.read(dead_letters).await.unwrap();
    let mut reasons: Vec<&str> = aside.iter().map(|letter| letter.reason.as_str()).collect();
    reasons.sort_unstable();
    let expected = [
        "a row with this key exists",
        "a value breaks a rule of the table",
    ];
    assert_eq!(reasons, expected);
    assert_eq!(
        consumer.step(0).await.unwrap(),
        0,
        "the cursor is past them"
    );
}

#[test]
fn that_nothing_was_set_aside_is_told_from_the_start() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let told = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        marque_testkit::block_on(async {
            let db = prepared(TestDb::sqlite()).await;
            let consumer = Consumer {
                name: "keeper",
                producer: PRODUCER,
                source: Arc::new(Feed::new(db.handle(), PRODUCER)),
                db: db.handle(),
                handler: Arc::new(Keeps),
                clock: Arc::new(ManualClock::default()),
            };
            let stop = CancellationToken::new();
            stop.cancel();
            consumer.run(stop).await;
        });
    });
    let told = told.render();
    let none = "marque_dead_letters_total{consumer=\"keeper\"} 0\n";
    assert!(told.contains(none), "{told}");
}
