//! Events of others: each may come more than once and in any order, before or after the visits.

use std::fmt::Write as _;

use marque_api::events::v1::Event;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, again, customer, link, linked, merged, sold, vin, visit};

store_test_suite!(
    visits_and_events_in_any_order_and_more_than_once_give_the_same_state,
    the_first_visit_is_told_anew_when_an_earlier_one_or_the_sale_arrives,
    an_old_id_answers_with_the_visits_of_the_customer_it_now_is,
);

fn story() -> Vec<Event> {
    let (ann, ann_too, bob) = (customer(10), customer(30), customer(20));
    vec![
        linked(
            1,
            vec![link("D1", "A", ann, &vin(1)), link("D1", "B", bob, "")],
        ),
        linked(2, vec![link("D2", "A2", ann_too, &vin(1))]),
        merged(3, ann_too, ann, false),
        linked(4, vec![link("D2", "A2", ann, &vin(1))]),
        linked(5, vec![link("D1", "B", ann_too, "")]),
        merged(6, ann_too, ann, true),
    ]
}

async fn put_visits(world: &World) {
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5000"))
        .await;
    world
        .put("D2", visit("R2", &vin(1), "A2", "05-05", "9000"))
        .await;
    world
        .put("D1", visit("R3", &vin(2), "B", "06-05", "100"))
        .await;
}

/// What headquarters sees: orders by car and by customer.
async fn seen(world: &World) -> String {
    let mut text = String::new();
    for n in 1..3 {
        for visit in world.of_vehicle("", &vin(n)).await {
            writeln!(
                text,
                "{} {} {}",
                visit.order_number, visit.customer_id, visit.first_visit
            )
            .unwrap();
        }
    }
    for n in [10, 20, 30] {
        let visits = world
            .of_customer(Role::Agent, Scope::Headquarters, customer(n))
            .await;
        writeln!(
            text,
            "{n}: {:?}",
            visits
                .iter()
                .map(|visit| visit.order_number.as_str())
                .collect::<Vec<_>>()
        )
        .unwrap();
    }
    text
}

async fn visits_and_events_in_any_order_and_more_than_once_give_the_same_state(db: TestDb) {
    let world = World::start(db.sibling()).await;
    put_visits(&world).await;
    world.customers.deliver(story()).await;
    let expected = seen(&world).await;
    assert!(
        expected.contains("10: [\"R2\", \"R1\"]") && expected.contains("30: [\"R3\"]"),
        "{expected}"
    );
    world.customers.deliver(story().iter().map(again)).await;
    assert_eq!(seen(&world).await, expected);

    for seed in 1..5_usize {
        let world = World::start(db.sibling()).await;
        let mut events: Vec<Event> = story().into_iter().chain(story()).collect();
        let length = events.len();
        for at in (1..length).rev() {
            events.swap(at, (at * seed * 7 + seed) % (at + 1));
        }
        let rest = events.split_off(seed * 2);
        world.customers.deliver(events).await;
        put_visits(&world).await;
        world.customers.deliver(rest).await;
        assert_eq!(seen(&world).await, expected, "seed {seed}");
        assert_eq!(world.count("SELECT count(*) FROM dead_letters").await, 0);
    }
}

async fn the_first_visit_is_told_anew_when_an_earlier_one_or_the_sale_arrives(db: TestDb) {
    let world = World::start(db).await;
    let first = async || {
        let visits = world.of_vehicle("", &vin(1)).await;
        visits
            .into_iter()
            .filter(|visit| visit.first_visit)
            .map(|visit| visit.order_number)
            .collect::<Vec<_>>()
    };
    world
        .put("D1", visit("R2", &vin(1), "", "05-05", "5000"))
        .await;
    assert_eq!(first().await, ["R2"]);
    world
        .put("D2", visit("R1", &vin(1), "", "03-05", "4000"))
        .await;
    assert_eq!(first().await, ["R1"]);
    // The inspection before the sale does not count.
    world
        .vehicles
        .deliver([sold(7, &vin(1), "2025-04-01")])
        .await;
    assert_eq!(first().await, ["R2"]);
    world
        .vehicles
        .deliver([sold(3, &vin(1), "2025-01-01")])
        .await;
    assert_eq!(
        first().await,
        ["R2"],
        "an older event that comes later changes nothing"
    );
}

async fn an_old_id_answers_with_the_visits_of_the_customer_it_now_is(db: TestDb) {
    let world = World::start(db).await;
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5000"))
        .await;
    let (ann, ann_too) = (customer(10), customer(30));
    let moved = linked(3, vec![link("D1", "A", ann, "")]);
    world
        .customers
        .deliver([
            linked(1, vec![link("D1", "A", ann_too, "")]),
            merged(2, ann_too, ann, false),
            moved,
        ])
        .await;
    let orders = async |role, scope, who| world.of_customer(role, scope, who).await.len();
    assert_eq!(orders(Role::Agent, Scope::Headquarters, ann_too).await, 1);
    // His old token still says who he was.
    assert_eq!(
        orders(Role::Customer, Scope::Customer(ann_too), ann_too).await,
        1
    );
    assert_eq!(
        orders(Role::Customer, Scope::Customer(customer(77)), ann).await,
        0
    );
}
