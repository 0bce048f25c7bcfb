//! Tiers that are held, so that nobody flaps at a border.

use std::time::Duration;

use marque_api::scoring::v1::{GetScoreRequest, ListScoresRequest, Standing};
use marque_insight::rank::Hysteresis;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, assessment, customer, link, linked};

store_test_suite!(
    who_began_the_day_in_a_tier_keeps_it_within_the_margin,
    without_a_margin_the_rank_alone_counts,
);

/// Half of a tier's share: of twenty, the sixth may still be ordinary.
const MARGIN: Hysteresis = Hysteresis {
    margin_permille: 500,
};

/// Twenty customers, the first the best; the day begins, and then the sixth overtakes everybody.
async fn twenty(db: TestDb, hysteresis: Hysteresis) -> World {
    let world = World::start_with(db, hysteresis).await;
    let links = (1..=20).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    for n in 1..=20_u32 {
        let (key, value) = (format!("K{n}"), (90 - 2 * n).to_string());
        let said = assessment(&format!("s{n}"), &key, "social_influence", &value);
        world.put("D1", said).await;
    }
    if hysteresis != Hysteresis::OFF {
        world.clock.advance(Duration::from_hours(24));
        world.start_again("scoring.holds");
        for _ in 0..200 {
            if world.count("SELECT count(*) FROM held_tiers").await == 4 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
    let rise = assessment("rise", "K6", "social_influence", "100");
    world.put("D1", rise).await;
    world
}

fn brief(standing: &Standing) -> (i64, &str, bool) {
    (standing.rank, standing.tier.as_str(), standing.held)
}

async fn who_began_the_day_in_a_tier_keeps_it_within_the_margin(db: TestDb) {
    let world = twenty(db, MARGIN).await;
    let sixth = world.score(customer(6)).await.standing.unwrap();
    assert_eq!(brief(&sixth), (1, "major", false), "promotion is at once");
    let fourth = world.score(customer(4)).await.standing.unwrap();
    assert_eq!(brief(&fourth), (5, "ordinary", true));
    let first = world.score(customer(1)).await.standing.unwrap();
    assert_eq!(
        brief(&first),
        (2, "ordinary", false),
        "half of one is nobody"
    );
    let fifth = world.score(customer(5)).await.standing.unwrap();
    assert_eq!(brief(&fifth), (6, "small", false), "he never was higher");
    let pyramid = world.pyramid("person").await;
    let counts: Vec<i64> = pyramid.tiers.iter().map(|tier| tier.customers).collect();
    assert_eq!(
        (counts, pyramid.tier_margin_permille),
        (vec![0, 1, 4, 15], 500)
    );
    let list = ListScoresRequest {
        tier: "ordinary".into(),
        ..ListScoresRequest::default()
    };
    let list = world.scoring().list_scores(world.hq(list)).await;
    let list: Vec<String> = list
        .unwrap()
        .into_inner()
        .scores
        .into_iter()
        .map(|score| score.customer_id)
        .collect();
    assert_eq!(list, [1, 2, 3, 4].map(|n| customer(n).to_string()));
    // Another process holds the same; one without a margin goes by rank.
    for (margin, expected) in [(MARGIN, "ordinary"), (Hysteresis::OFF, "small")] {
        let request = GetScoreRequest {
            customer_id: customer(4).to_string(),
            ..GetScoreRequest::default()
        };
        let mut other = world.second_process_with(margin);
        let score = other.get_score(world.hq(request)).await.unwrap();
        let standing = score.into_inner().score.unwrap().standing.unwrap();
        assert_eq!(standing.tier, expected);
    }
}

async fn without_a_margin_the_rank_alone_counts(db: TestDb) {
    let world = twenty(db, Hysteresis::OFF).await;
    let fourth = world.score(customer(4)).await.standing.unwrap();
    assert_eq!(brief(&fourth), (5, "small", false));
    assert_eq!(world.pyramid("person").await.tier_margin_permille, 0);
}
