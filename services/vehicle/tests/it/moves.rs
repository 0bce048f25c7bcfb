//! Records that go from one customer to another and back.

use marque_api::customer::v1::Link;
use marque_core::CustomerId;
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, again, customer, day, link, linked, merged, vin};

store_test_suite!(
    a_merge_changes_whose_a_car_is_and_no_date_and_so_does_its_undoing,
    a_record_that_moves_says_nothing_new_of_a_car_that_changed_hands,
);

/// The plates and parts of a car with their times, whoever has them.
async fn dates(world: &World, n: u32) -> String {
    let vehicle = world.find(&vin(n)).await.unwrap();
    let mut parties = world.parties(&vehicle.id).await;
    for party in &mut parties {
        party.customer_id.clear();
    }
    format!("{:?} {parties:?}", vehicle.plates)
}

/// The link of a record that goes from one customer to another and says what it said.
fn moved(said: &Link, from: CustomerId, into: CustomerId) -> Link {
    Link {
        customer_id: into.to_string(),
        previous_customer_id: from.to_string(),
        said_at: None,
        ..said.clone()
    }
}

async fn a_merge_changes_whose_a_car_is_and_no_date_and_so_does_its_undoing(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob) = (customer(10), customer(20));
    let typed = Link {
        said_at: Some(to_proto_time(day(0))),
        ..link("D1", "A", ann, &vin(1), "沪F31111", day(0))
    };
    let corrected = Link {
        plate: "沪F31112".into(),
        said_at: Some(to_proto_time(day(9))),
        ..typed.clone()
    };
    world
        .customers
        .deliver([linked(1, vec![typed]), linked(2, vec![corrected.clone()])])
        .await;
    let before = dates(&world, 1).await;
    let vehicle = world.find(&vin(1)).await.unwrap();
    assert_eq!(vehicle.plates.len(), 2, "each over its time");

    let merge = [
        linked(3, vec![moved(&corrected, ann, bob)]),
        merged(4, ann, bob, false),
    ];
    world.customers.deliver(merge.clone()).await;
    assert_eq!(dates(&world, 1).await, before);
    let owners = world.parties(&vehicle.id).await;
    assert!(
        owners
            .iter()
            .all(|party| party.customer_id == bob.to_string())
    );

    let undone = [
        linked(5, vec![moved(&corrected, bob, ann)]),
        merged(6, ann, bob, true),
    ];
    world.customers.deliver(undone).await;
    world.customers.deliver(merge.iter().map(again)).await;
    assert_eq!(dates(&world, 1).await, before);
    let owners = world.parties(&vehicle.id).await;
    assert!(
        owners
            .iter()
            .all(|party| party.customer_id == ann.to_string())
    );
}

async fn a_record_that_moves_says_nothing_new_of_a_car_that_changed_hands(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob, eve) = (customer(10), customer(20), customer(30));
    let sold = link("D1", "A", ann, &vin(1), "京A12345", day(0));
    // His dealer came to say only at day 30 that the car is his, in a row that is stamped with day 1.
    let bought = Link {
        said_at: Some(to_proto_time(day(30))),
        ..link("D2", "B", bob, &vin(1), "京B12345", day(1))
    };
    world
        .customers
        .deliver([linked(1, vec![sold]), linked(2, vec![bought.clone()])])
        .await;
    let before = dates(&world, 1).await;
    world
        .customers
        .deliver([linked(3, vec![moved(&bought, bob, eve)])])
        .await;
    assert_eq!(dates(&world, 1).await, before);
}
