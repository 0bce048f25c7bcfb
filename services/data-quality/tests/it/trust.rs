//! How far dealers are trusted: told in whole steps, and again when a score has moved by one.

use std::time::Duration;

use marque_api::{evidence::v1::Evidence, quality::v1 as pb};
use marque_testkit::{TestDb, store_test_suite};
use prost::Message as _;

use crate::world::{Owner, World, record};

store_test_suite!(trust_is_told_in_steps_and_again_when_the_score_has_moved);

const ALL_COLUMNS: [&str; 8] = [
    "source_key",
    "name",
    "phone",
    "id_number",
    "address",
    "vin",
    "gender",
    "email",
];

/// A record of one of two dealers, with these columns and nothing wrong.
fn with_columns(n: u32, version: i64, columns: &[&str]) -> Evidence {
    Evidence {
        filled: columns.iter().map(|column| (*column).to_owned()).collect(),
        findings: Vec::new(),
        party: "person".into(),
        is_repeated: None,
        ..record(n, 2, version)
    }
}

async fn words(world: &World) -> Vec<pb::TrustChanged> {
    let told = world.told("marque.quality.trust.changed").await;
    let word = |event: &marque_api::events::v1::Event| {
        let word = pb::TrustChanged::decode(event.data.as_slice()).unwrap();
        assert_eq!(
            (&event.dealer, &event.subject),
            (&word.dealer, &word.dealer)
        );
        word
    };
    told.iter().map(word).collect()
}

async fn trust_is_told_in_steps_and_again_when_the_score_has_moved(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let all: Vec<Evidence> = (0..120).map(|n| with_columns(n, 1, &ALL_COLUMNS)).collect();
    world.change(&all);
    let first = world
        .wait_for(async || {
            let words = words(&world).await;
            (words.len() == 2).then_some(words)
        })
        .await;
    for card in world.cards("dealer", "").await {
        let word = first
            .iter()
            .find(|word| word.dealer == card.dealer)
            .unwrap();
        assert_eq!((word.version, word.records), (1, 60));
        assert_eq!(word.trust_percent % 5, 0);
        let score = card.means.as_ref().unwrap().total;
        let trust = (score * 60.0 + 50.0 * 30.0) / 90.0;
        let distance = (trust - f64::from(word.trust_percent)).abs();
        assert!(distance < 2.6, "{trust} is told as {}", word.trust_percent);
    }

    // The same again, a recount, and a single record that gets worse are no step.
    world.change(&all);
    world.change(&[with_columns(1, 2, &["source_key"])]);
    world.recount().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(words(&world).await, first);

    let worse = (0..120).step_by(2);
    let worse: Vec<Evidence> = worse.map(|n| with_columns(n, 2, &["source_key"])).collect();
    world.change(&worse);
    let later = world
        .wait_for(async || words(&world).await.into_iter().nth(2))
        .await;
    let earlier = first.iter().find(|word| word.dealer == "D000").unwrap();
    assert_eq!((later.dealer.as_str(), later.version), ("D000", 2));
    assert!(later.trust_percent < earlier.trust_percent);
}
