//! What a broker and a relay may do to us.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use marque_bus::{Broker, Settings};
use marque_events::Feed;
use marque_testkit::{TestDb, TestNats, block_on};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{
    common::{PRODUCER, numbers, tell_each},
    order,
    world::{PATIENCE, World, position, settings},
};

/// A world on a broker of its own.
async fn world_on(nats: &TestNats) -> World {
    World::jetstream(TestDb::sqlite(), nats.url()).await
}

fn with_a_broker<F: Future<Output = ()>>(test: impl FnOnce(TestNats) -> F) {
    if let Some(nats) = TestNats::start() {
        block_on(test(nats));
    }
}

#[test]
fn a_broker_that_is_killed_again_and_again_loses_nothing() {
    with_a_broker(|nats| async move {
        let world = world_on(&nats).await;
        order::run(&world, 40, 1, |_| {
            nats.kill();
            nats.start_again();
        })
        .await;
    });
}

#[test]
fn events_that_a_dead_broker_does_not_take_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let told = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    with_a_broker(|nats| async move {
        let mut world = world_on(&nats).await;
        tell_each(&world.producer, 1..=3).await;
        let until = Instant::now() + PATIENCE;
        while position(&world.producer).await < 3 {
            assert!(Instant::now() < until, "nobody notes what was sent");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        nats.kill();
        tell_each(&world.producer, 4..=8).await;
        until_waiting(&told, 5).await;
        world.kill_relay();
        tell_each(&world.producer, [9]).await;
        world.start_relay();
        until_waiting(&told, 6).await;
    });
}

/// Waits until as many events are said to wait.
async fn until_waiting(told: &PrometheusHandle, count: usize) {
    let waiting = format!("marque_outbox_waiting{{producer=\"{PRODUCER}\"}} {count}\n");
    let until = Instant::now() + PATIENCE;
    while !told.render().contains(&waiting) {
        assert!(Instant::now() < until, "nobody says that {count} wait");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_broker_that_was_down_at_the_start_is_no_reason_not_to_start() {
    with_a_broker(|nats| async move {
        nats.kill();
        let world = world_on(&nats).await;
        tell_each(&world.producer, 1..=5).await;
        let consumer = world.consumer(Arc::default());
        assert!(consumer.step(0).await.is_err(), "the consumer says so");
        nats.start_again();
        world.catch_up(&consumer).await;
        assert_eq!(numbers(&world.own).await, (1..=5).collect::<Vec<_>>());
    });
}

#[test]
fn a_wiped_broker_is_filled_again_by_the_relay() {
    with_a_broker(|nats| async move {
        let world = world_on(&nats).await;
        let consumer = world.consumer(Arc::default());
        tell_each(&world.producer, 1..=100).await;
        world.catch_up(&consumer).await;
        // The broker has these and the consumer has not; then the broker has nothing.
        tell_each(&world.producer, 101..=200).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        nats.wipe();
        nats.start_again();
        world.catch_up(&consumer).await;
        tell_each(&world.producer, 201..=300).await;
        world.catch_up(&consumer).await;
        assert_eq!(numbers(&world.own).await, (1..=300).collect::<Vec<_>>());
    });
}

#[test]
fn a_relay_that_is_killed_anywhere_loses_nothing_and_sends_nothing_twice_out_of_order() {
    with_a_broker(|nats| async move {
        let mut world = world_on(&nats).await;
        let consumer = world.consumer(Arc::default());
        for round in 0..20_i64 {
            tell_each(&world.producer, round * 30 + 1..=round * 30 + 30).await;
            tokio::time::sleep(Duration::from_micros((round * 1_777 % 12_000) as u64)).await;
            world.kill_relay();
            world.start_relay();
        }
        world.catch_up(&consumer).await;
        assert_eq!(numbers(&world.own).await, (1..=600).collect::<Vec<_>>());
    });
}

#[test]
fn two_relays_at_once_and_a_replay_beside_them_change_nothing() {
    with_a_broker(|nats| async move {
        let world = world_on(&nats).await;
        let broker = world.broker.clone().expect("on a broker");
        let other = broker.relay(PRODUCER, Feed::new(world.producer.handle(), PRODUCER));
        let other = tokio::spawn(other.run(tokio_util::sync::CancellationToken::new()));
        let consumer = world.consumer(Arc::default());
        for round in 0..10_i64 {
            tell_each(&world.producer, round * 50 + 1..=round * 50 + 50).await;
            if round == 5 {
                let again = broker.replay(PRODUCER, &world.producer.handle(), 20).await;
                assert!(again.unwrap() >= 231);
            }
        }
        world.catch_up(&consumer).await;
        other.abort();
        assert_eq!(numbers(&world.own).await, (1..=500).collect::<Vec<_>>());
    });
}

#[test]
fn events_lost_in_the_middle_are_named_and_come_back_by_a_replay() {
    with_a_broker(|nats| async move {
        let mut world = world_on(&nats).await;
        tell_each(&world.producer, 1..=20).await;
        // It is gone before the others come, so that it holds none of them.
        world.catch_up(&world.consumer(Arc::default())).await;
        tell_each(&world.producer, 21..=40).await;
        // The relay has sent them when a second one finds nothing to send.
        let broker = world.broker.clone().expect("on a broker");
        world.kill_relay();
        let mut relay = broker.relay(PRODUCER, Feed::new(world.producer.handle(), PRODUCER));
        while relay.step(0).await.unwrap() > 0 {}
        forget(&broker, nats.url(), 25..=30).await;
        let consumer = world.consumer(Arc::default());
        let complaint = loop {
            match consumer.step(100).await {
                Ok(_) => {}
                Err(status) if status.message().contains("replay") => break status,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let words = complaint.message();
        assert!(
            words.contains("events 25 to 30 of marque/numbers"),
            "{words}"
        );
        assert_eq!(numbers(&world.own).await, (1..=24).collect::<Vec<_>>());
        let again = broker.replay(PRODUCER, &world.producer.handle(), 25).await;
        assert_eq!(again.unwrap(), 16);
        world.catch_up(&consumer).await;
        assert_eq!(numbers(&world.own).await, (1..=40).collect::<Vec<_>>());
    });
}

#[test]
fn nothing_is_added_to_a_stream_of_another_story_until_it_is_begun_afresh() {
    with_a_broker(|nats| async move {
        let mut world = world_on(&nats).await;
        tell_each(&world.producer, 1..=20).await;
        world.catch_up(&world.consumer(Arc::default())).await;
        world.kill_relay();
        put_back(&world).await;
        let broker = world.broker.clone().expect("on a broker");
        let mut relay = broker.relay(PRODUCER, Feed::new(world.producer.handle(), PRODUCER));
        for range in [111..=115, 116..=140] {
            // Shorter than the stream first, then longer: another event stands where the stream ends.
            tell_each(&world.producer, range).await;
            let refused = relay.step(0).await.unwrap_err().to_string();
            assert!(refused.contains("--service numbers --afresh"), "{refused}");
        }
        broker.forget(PRODUCER).await.unwrap();
        broker.forget(PRODUCER).await.expect("gone is gone");
        world.start_relay();
        world.catch_up(&world.consumer(Arc::default())).await;
        let expected: Vec<i64> = (1..=10).chain(111..=140).collect();
        assert_eq!(numbers(&world.own).await, expected);
    });
}

/// Both stores as they were after the tenth event: what a restore from a backup does.
async fn put_back(world: &World) {
    for (db, sql) in [
        (&world.producer, "DELETE FROM outbox WHERE seq > 10"),
        (
            &world.producer,
            "UPDATE sqlite_sequence SET seq = 10 WHERE name = 'outbox'",
        ),
        (&world.own, "DELETE FROM applied WHERE place > 10"),
        (&world.own, "DELETE FROM inbox"),
        (&world.own, "UPDATE event_cursors SET position = 10"),
    ] {
        db.write(move |conn| conn.execute(sql, &[])).await.unwrap();
    }
}

/// Deletes messages from the stream behind everybody's back.
async fn forget(broker: &Broker, url: &str, messages: std::ops::RangeInclusive<u64>) {
    let client = async_nats::connect(url).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let stream = jetstream.get_stream(broker.stream_name(PRODUCER)).await;
    let stream = stream.unwrap();
    for sequence in messages {
        stream.delete_message(sequence).await.unwrap();
    }
}

/// Another instance of the same service: both have the durable consumer of the broker and the database in common.
#[test]
fn two_instances_of_a_consumer_apply_each_event_once() {
    with_a_broker(|nats| async move {
        let world = world_on(&nats).await;
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let consumer = world.consumer(Arc::default());
                tokio::spawn(async move {
                    loop {
                        drop(consumer.step(100).await);
                    }
                })
            })
            .collect();
        tell_each(&world.producer, 1..=1000).await;
        let watching = world.consumer(Arc::default());
        world.catch_up(&watching).await;
        readers.iter().for_each(tokio::task::JoinHandle::abort);
        let mut all = numbers(&world.own).await;
        all.sort_unstable();
        assert_eq!(all, (1..=1000).collect::<Vec<_>>());
    });
}

#[test]
fn a_broker_is_spoken_to_under_tls_by_who_has_a_certificate() {
    let (ours, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&ours, &others] {
        marque_rpc::make_dev_ca(folder.path()).unwrap();
    }
    let [ca, cert, key] =
        ["ca.pem", "customer.pem", "customer.key"].map(|file| ours.path().join(file));
    let tls = format!(
        "tls {{ ca_file: {ca:?}, cert_file: {cert:?}, key_file: {key:?}, verify: true }}\n"
    );
    let Some(nats) = TestNats::start_with(&tls) else {
        return;
    };
    let url = nats.url().replace("nats://", "tls://");
    let with = |identity, authority| Settings {
        ca: Some(authority),
        identity,
        ..settings(&url)
    };
    block_on(async {
        let check = async |settings| Broker::connect(settings).await.unwrap().check().await;
        let known = with(Some((cert, key)), ca.clone());
        check(known).await.expect("a certificate of the authority");
        let stranger = ["customer.pem", "customer.key"].map(|file| others.path().join(file));
        assert!(
            check(with(Some(stranger.into()), ca.clone()))
                .await
                .is_err()
        );
        assert!(check(with(None, ca)).await.is_err());
        let other_authority = others.path().join("ca.pem");
        assert!(check(with(None, other_authority)).await.is_err());
    });
}

/// The prefix keeps installations apart that share a broker.
#[test]
fn installations_of_other_prefixes_do_not_meet() {
    with_a_broker(|nats| async move {
        let first = world_on(&nats).await;
        let second = world_on(&nats).await;
        tell_each(&first.producer, 1..=3).await;
        tell_each(&second.producer, 7..=9).await;
        first.catch_up(&first.consumer(Arc::default())).await;
        second.catch_up(&second.consumer(Arc::default())).await;
        assert_eq!(numbers(&first.own).await, [1, 2, 3]);
        assert_eq!(numbers(&second.own).await, [7, 8, 9]);
        let nowhere = Broker::connect(settings("nats://127.0.0.1:1")).await;
        assert!(
            nowhere.is_ok(),
            "a broker that is down is no error of the start"
        );
    });
}
