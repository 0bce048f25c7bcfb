//! Events of others: each may come more than once and in any order.

use std::fmt::Write as _;

use marque_testkit::{TestDb, store_test_suite};

use crate::world::{
    World, again, assessment, customer, link, linked, merged, owns, record_of, sold, visit, visited,
};

store_test_suite!(
    events_in_any_order_and_more_than_once_give_the_same_scores,
    facts_follow_their_records_through_merge_and_undo,
    a_visit_before_its_customer_counts_when_he_arrives,
    a_sale_is_a_purchase_of_the_first_owner_and_a_referral_of_who_sent_him,
    a_corrected_visit_replaces_the_one_before,
    what_others_pay_of_a_visit_is_no_spend_of_his,
);

/// What headquarters sees of the customers.
async fn seen(world: &World) -> String {
    let mut text = String::new();
    for n in [10, 20, 30] {
        match world.try_score(customer(n)).await {
            Ok(score) => writeln!(
                text,
                "{n} {} {} {:?}",
                score.customer_id, score.hundredths, score.standing
            ),
            Err(status) => writeln!(text, "{n} {:?}", status.code()),
        }
        .unwrap();
    }
    text
}

async fn events_in_any_order_and_more_than_once_give_the_same_scores(db: TestDb) {
    let (ann, ann_too, bob) = (customer(10), customer(30), customer(20));
    let customers = vec![
        linked(1, vec![link("D1", "A", ann), link("D1", "B", bob)]),
        linked(2, vec![link("D2", "A2", ann_too)]),
        merged(3, ann_too, ann, false),
        linked(4, vec![link("D2", "A2", ann)]),
    ];
    let visits = vec![
        visited(
            1,
            vec![
                visit("D1", 1, "A", "2025-06-01"),
                visit("D1", 2, "B", "2026-01-05"),
            ],
        ),
        visited(2, vec![visit("D2", 3, "A2", "2026-03-01")]),
    ];
    let vehicles = vec![
        sold(1, "LMVCA1A60R1000001", "2024-05-01"),
        owns(2, "LMVCA1A60R1000001", record_of("D1", "A"), "2024-05-01"),
    ];
    let world = World::start(db.sibling()).await;
    world.customers.deliver(customers.clone()).await;
    world.vehicles.deliver(vehicles.clone()).await;
    world.visits.deliver(visits.clone()).await;
    let expected = seen(&world).await;
    assert!(expected.contains("rank: 1"), "{expected}");

    let world = World::start(db).await;
    let backwards = |events: &[marque_api::events::v1::Event]| {
        let mut events = events.to_vec();
        events.reverse();
        events
    };
    world.visits.deliver(backwards(&visits)).await;
    world.vehicles.deliver(backwards(&vehicles)).await;
    world.customers.deliver(backwards(&customers)).await;
    assert_eq!(seen(&world).await, expected, "another order");
    for _ in 0..2 {
        world.customers.deliver(customers.iter().map(again)).await;
        world.vehicles.deliver(vehicles.iter().map(again)).await;
        world.visits.deliver(visits.iter().map(again)).await;
    }
    assert_eq!(seen(&world).await, expected, "again");
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 3);
}

async fn facts_follow_their_records_through_merge_and_undo(db: TestDb) {
    let (ann, ann_too) = (customer(10), customer(30));
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(
            1,
            vec![link("D1", "A", ann), link("D2", "A2", ann_too)],
        )])
        .await;
    world
        .visits
        .deliver([visited(
            1,
            vec![
                visit("D1", 1, "A", "2025-06-01"),
                visit("D2", 2, "A2", "2026-03-01"),
            ],
        )])
        .await;
    let before = (world.score(ann).await, world.score(ann_too).await);
    let facts = "SELECT count(*) FROM facts WHERE version = 1";
    assert_eq!(world.count(facts).await, 2);
    world
        .customers
        .deliver([
            merged(2, ann_too, ann, false),
            linked(3, vec![link("D2", "A2", ann)]),
        ])
        .await;
    let both = world.score(ann).await;
    assert_eq!(world.score(ann_too).await.customer_id, ann.to_string());
    assert!(
        both.hundredths > before.0.hundredths,
        "two visits are worth more"
    );
    assert_eq!(world.pyramid("person").await.size, 1);
    world
        .customers
        .deliver([
            linked(4, vec![link("D2", "A2", ann_too)]),
            merged(5, ann_too, ann, true),
        ])
        .await;
    let after = (world.score(ann).await, world.score(ann_too).await);
    assert_eq!(
        (after.0.hundredths, after.1.hundredths),
        (before.0.hundredths, before.1.hundredths)
    );
    assert_eq!(after.1.customer_id, ann_too.to_string());
    assert_eq!(world.count(facts).await, 2, "no fact was touched");
}

async fn a_visit_before_its_customer_counts_when_he_arrives(db: TestDb) {
    let world = World::start(db).await;
    world
        .visits
        .deliver([visited(1, vec![visit("D1", 1, "A", "2026-03-01")])])
        .await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", customer(10))])])
        .await;
    let score = world.score(customer(10)).await;
    let frequency = score
        .indicators
        .iter()
        .find(|indicator| indicator.key == "transaction_frequency")
        .unwrap();
    let fact = frequency
        .features
        .iter()
        .flat_map(|feature| &feature.facts)
        .find(|fact| fact.key == "visit_count")
        .unwrap();
    assert_eq!(fact.value, 1.0);
    let evidence = &fact.evidence[0];
    assert_eq!(evidence.source_record_id, record_of("D1", "A").to_string());
    assert_eq!(
        (evidence.kind.as_str(), evidence.date.as_str()),
        ("visit", "2026-03-01")
    );
}

async fn a_sale_is_a_purchase_of_the_first_owner_and_a_referral_of_who_sent_him(db: TestDb) {
    let (ann, bob) = (customer(10), customer(20));
    let world = World::start(db).await;
    let mut sent = link("D1", "B", bob);
    sent.referrer_record_id = record_of("D1", "A").to_string();
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", ann), sent])])
        .await;
    // Something must be known of Ann, and nothing else changes.
    world
        .put("D1", assessment("S1", "A", "standing", "3"))
        .await;
    let before = world.score(ann).await;
    let vin = "LMVCA1A60R1000001";
    world
        .vehicles
        .deliver([
            sold(1, vin, "2026-05-01"),
            owns(2, vin, record_of("D1", "B"), "2026-05-01"),
        ])
        .await;
    let text = format!("{:?}", world.score(bob).await);
    assert!(
        text.contains("purchase_count") && text.contains("vehicle_age_years"),
        "{text}"
    );
    assert_eq!(world.score(bob).await.brands[0].brand, "Nova");
    let after = world.score(ann).await;
    assert!(
        after.hundredths > before.hundredths,
        "who brings a buyer is worth more"
    );
    assert!(format!("{after:?}").contains("referral_count"));
}

async fn a_corrected_visit_replaces_the_one_before(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob) = (customer(10), customer(20));
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", ann), link("D1", "B", bob)])])
        .await;
    let first = visit("D1", 1, "A", "2026-03-01");
    let mut second = visit("D1", 1, "B", "2026-03-01");
    second.version = 2;
    world.visits.deliver([visited(2, vec![second])]).await;
    world.visits.deliver([visited(1, vec![first])]).await;
    assert_eq!(world.score(ann).await.state, 2, "the visit was never hers");
    assert_eq!(world.score(bob).await.state, 1);
}

async fn what_others_pay_of_a_visit_is_no_spend_of_his(db: TestDb) {
    let world = World::start(db).await;
    let ann = linked(1, vec![link("D1", "A", customer(10))]);
    world.customers.deliver([ann]).await;
    let paid = |order: u128, customer_minor| {
        let mut paid = visit("D1", order, "A", "2026-03-01");
        paid.kind = "repair".into();
        paid.amount_minor = 500_000;
        paid.customer_minor = customer_minor;
        paid
    };
    // He pays for all, for one line, for none.
    let visits = vec![paid(1, None), paid(2, Some(20_000)), paid(3, Some(0))];
    world.visits.deliver([visited(1, visits)]).await;
    for (sql, count) in [
        ("SELECT count(*) FROM facts WHERE amount_minor = 500000", 1),
        ("SELECT count(*) FROM facts WHERE amount_minor = 20000", 1),
        ("SELECT count(*) FROM facts WHERE amount_minor IS NULL", 1),
    ] {
        assert_eq!(world.count(sql).await, count, "{sql}");
    }
}
