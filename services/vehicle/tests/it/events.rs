//! Events of others: each may come more than once and in any order.

use std::{fmt::Write as _, time::Duration};

use marque_api::{
    customer::v1::Link,
    events::v1::Event,
    service_history::v1::{RecordedVisit, UnsaidSender, VisitsRecorded},
    vehicle::v1::{Party, VehicleColumns},
};
use marque_core::Timestamp;
use marque_db::Migrator;
use marque_events::{from_proto_time, to_proto_time};
use marque_testkit::{TestDb, store_test_suite};
use uuid::Uuid;

use crate::world::{
    World, again, customer, day, event, link, linked, merged, migrator, record_of, recorded, vin,
    visit,
};

store_test_suite!(
    events_shuffled_and_redelivered_give_the_same_state,
    a_correction_takes_a_reading_back_even_from_another_car,
    who_brought_another_car_after_all_has_no_part_in_this_one,
    a_plate_moves_between_cars,
    a_plate_on_too_many_cars_is_nobodys,
    a_new_owner_ends_the_old_one_until_they_prove_to_be_one,
    a_record_that_names_another_car_leaves_the_one_it_named_before,
    a_record_that_comes_and_goes_leaves_each_of_its_times,
    who_came_back_is_no_owner_anew_when_his_record_is_sent_again,
    a_correction_that_bears_no_later_time_counts_when_it_comes,
    who_owns_a_car_by_a_row_of_it_keeps_it_whatever_his_record_names,
    whose_parts_are_older_than_the_release_leaves_them_too,
);

/// What headquarters sees of the cars, without ids and versions, which are a run's own.
async fn seen(world: &World, vins: &[String]) -> String {
    let mut text = String::new();
    for vin in vins {
        let vehicle = world
            .find(vin)
            .await
            .expect("every car was named by some event");
        writeln!(
            text,
            "{vin} {} {:?} {:?}",
            vehicle.odometer_km, vehicle.odometer_at, vehicle.plates
        )
        .unwrap();
        let mut parties = world.parties(&vehicle.id).await;
        for party in &mut parties {
            party.vehicle_id.clear();
        }
        writeln!(
            text,
            "{parties:#?} {:#?}",
            world.readings(&vehicle.id).await
        )
        .unwrap();
    }
    text
}

fn story() -> (Vec<Event>, Vec<Event>) {
    let (ann, bob, ann_too) = (customer(10), customer(20), customer(30));
    let brought = |record: &str, visit: RecordedVisit| RecordedVisit {
        source_record_id: record_of("D2", record).to_string(),
        ..visit
    };
    let customers = vec![
        linked(
            1,
            vec![
                link("D1", "A", ann, &vin(1), "京A12345", day(0)),
                link("D1", "B", bob, &vin(2), "京B12345", day(1)),
            ],
        ),
        linked(
            2,
            vec![link("D2", "A2", ann_too, &vin(1), "京A12345", day(20))],
        ),
        merged(3, ann_too, ann, false),
        linked(4, vec![link("D2", "A2", ann, &vin(1), "京A12345", day(20))]),
        linked(5, vec![link("D3", "B3", bob, &vin(1), "京A12345", day(60))]),
        linked(6, vec![link("D1", "A", ann, &vin(2), "京A12345", day(90))]),
    ];
    let visits = vec![
        recorded(
            1,
            vec![
                brought("A2", visit(1, "D2", &vin(1), 5_000, day(10))),
                visit(2, "D2", &vin(3), 900, day(11)),
            ],
        ),
        recorded(
            2,
            vec![
                visit(3, "D3", &vin(1), 500_000, day(40)),
                visit(4, "D3", &vin(1), 11_000, day(50)),
            ],
        ),
        recorded(
            3,
            vec![RecordedVisit {
                version: 2,
                ..visit(3, "D3", &vin(1), 10_000, day(40))
            }],
        ),
        recorded(
            4,
            vec![RecordedVisit {
                version: 2,
                ..visit(2, "D2", &vin(2), 900, day(11))
            }],
        ),
        recorded(
            5,
            vec![
                visit(5, "D1", "not a vin", 100, day(51)),
                visit(6, "D1", &vin(1), 3_000, day(70)),
            ],
        ),
    ];
    (customers, visits)
}

async fn events_shuffled_and_redelivered_give_the_same_state(db: TestDb) {
    let vins = [vin(1), vin(2), vin(3)];
    let (customers, visits) = story();
    let world = World::start(db.sibling()).await;
    world.customers.deliver(customers.clone()).await;
    world.visits.deliver(visits.clone()).await;
    let expected = seen(&world, &vins).await;
    assert!(
        expected.contains("corrected") && expected.contains("backwards"),
        "the story has every kind of reading"
    );
    // Who claims a car is told again when it is said again: whoever listens applies it once.
    let changes = "SELECT count(*) FROM outbox WHERE kind <> 'marque.vehicle.parties.claimed'";
    let outbox = world.count(changes).await;

    // Redelivered to the same service: nothing more is said, nothing more is told.
    world.customers.deliver(customers.iter().map(again)).await;
    world.visits.deliver(visits.iter().map(again)).await;
    assert_eq!(seen(&world, &vins).await, expected);
    assert_eq!(world.count(changes).await, outbox);

    for seed in 1..5 {
        let world = World::start(db.sibling()).await;
        let (one, other) = (shuffled(&customers, seed), shuffled(&visits, seed + 7));
        if seed % 2 == 0 {
            world.visits.deliver(other).await;
            world.customers.deliver(one).await;
        } else {
            let (first, rest) = one.split_at(one.len() / 2);
            world.customers.deliver(first.to_vec()).await;
            world.visits.deliver(other).await;
            world.customers.deliver(rest.to_vec()).await;
        }
        assert_eq!(seen(&world, &vins).await, expected, "seed {seed}");
        assert_eq!(world.count("SELECT count(*) FROM dead_letters").await, 0);
    }
}

/// Every event twice, in an order of the seed's own.
fn shuffled(events: &[Event], seed: u64) -> Vec<Event> {
    let mut twice: Vec<Event> = events
        .iter()
        .cloned()
        .chain(events.iter().map(again))
        .collect();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for last in (1..twice.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        twice.swap(last, (state >> 33) as usize % (last + 1));
    }
    twice
}

async fn a_correction_takes_a_reading_back_even_from_another_car(db: TestDb) {
    let world = World::start(db).await;
    world
        .visits
        .deliver([recorded(1, vec![visit(1, "D1", &vin(1), 90_000, day(0))])])
        .await;
    assert_eq!(world.find(&vin(1)).await.unwrap().odometer_km, 90_000);
    let moved = RecordedVisit {
        version: 2,
        ..visit(1, "D1", &vin(2), 90_000, day(0))
    };
    world.visits.deliver([recorded(2, vec![moved])]).await;
    let (wrong, right) = (
        world.find(&vin(1)).await.unwrap(),
        world.find(&vin(2)).await.unwrap(),
    );
    assert_eq!((wrong.odometer_km, right.odometer_km), (0, 90_000));
    assert_eq!(world.readings(&wrong.id).await[0].quality, "corrected");
}

async fn who_brought_another_car_after_all_has_no_part_in_this_one(db: TestDb) {
    let world = World::start(db).await;
    let record = record_of("D1", "A").to_string();
    let brought = |vin: &str, version| RecordedVisit {
        source_record_id: record.clone(),
        version,
        ..visit(1, "D1", vin, 5_000, day(0))
    };
    world
        .visits
        .deliver([recorded(1, vec![brought(&vin(1), 1)])])
        .await;
    let wrong = world.find(&vin(1)).await.unwrap();
    assert_eq!(world.parties(&wrong.id).await.len(), 1);
    let unsaid = UnsaidSender {
        vin: vin(1),
        source_record_id: record.clone(),
    };
    let correction = VisitsRecorded {
        visits: vec![brought(&vin(2), 2)],
        unsaid: vec![unsaid],
    };
    world
        .visits
        .deliver([event(
            2,
            "marque.service_history.visits.recorded",
            &correction,
        )])
        .await;
    let right = world.find(&vin(2)).await.unwrap();
    assert!(world.parties(&wrong.id).await.is_empty());
    assert_eq!(world.parties(&right.id).await.len(), 1);
}

async fn a_plate_moves_between_cars(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob) = (customer(10), customer(20));
    world
        .customers
        .deliver([linked(
            1,
            vec![link("D1", "A", ann, &vin(1), "京A12345", day(0))],
        )])
        .await;
    world
        .customers
        .deliver([linked(
            2,
            vec![link("D1", "B", bob, &vin(2), "京 A·12345", day(9))],
        )])
        .await;
    let plate = |vehicle: marque_api::vehicle::v1::Vehicle| {
        let plate = vehicle.plates.into_iter().next().unwrap();
        (
            plate.plate,
            plate.valid_from.unwrap().seconds,
            plate.valid_to.map(|end| end.seconds),
        )
    };
    let second = |n| day(n).as_micros() / 1_000_000;
    let name = "京A12345".to_owned();
    assert_eq!(
        plate(world.find(&vin(1)).await.unwrap()),
        (name.clone(), second(0), Some(second(9)))
    );
    assert_eq!(
        plate(world.find(&vin(2)).await.unwrap()),
        (name, second(9), None)
    );

    use marque_api::vehicle::v1::{LookupVehiclesRequest, lookup_vehicles_request::Key};
    let request = LookupVehiclesRequest {
        key: Some(Key::Plate("京a12345".into())),
        ..LookupVehiclesRequest::default()
    };
    let found = world
        .vehicles()
        .lookup_vehicles(world.hq(request))
        .await
        .unwrap()
        .into_inner()
        .vehicles;
    assert_eq!(
        found
            .into_iter()
            .map(|vehicle| vehicle.vin)
            .collect::<Vec<_>>(),
        [vin(2), vin(1)]
    );
}

async fn a_new_owner_ends_the_old_one_until_they_prove_to_be_one(db: TestDb) {
    let world = World::start(db).await;
    let (ann, ann_too) = (customer(10), customer(30));
    world
        .customers
        .deliver([linked(1, vec![link("D1", "A", ann, &vin(1), "", day(0))])])
        .await;
    world
        .customers
        .deliver([linked(
            2,
            vec![link("D2", "A2", ann_too, &vin(1), "", day(9))],
        )])
        .await;
    let vehicle = world.find(&vin(1)).await.unwrap();
    let ended = |parties: Vec<marque_api::vehicle::v1::Party>| {
        parties
            .iter()
            .filter(|party| party.valid_to.is_some())
            .count()
    };
    assert_eq!(ended(world.parties(&vehicle.id).await), 1);
    let moved = link("D2", "A2", ann, &vin(1), "", day(9));
    world
        .customers
        .deliver([merged(3, ann_too, ann, false), linked(4, vec![moved])])
        .await;
    assert_eq!(ended(world.parties(&vehicle.id).await), 0);
}

/// From when to when the parts in a car held, in days.
async fn spans(world: &World, vin: &str) -> Vec<(i64, Option<i64>)> {
    let vehicle = world.find(vin).await.unwrap();
    let parties = world.parties(&vehicle.id).await.into_iter();
    let days = |at: Timestamp| (at.as_micros() - day(0).as_micros()) / 86_400_000_000;
    let span = |party: Party| {
        let from = from_proto_time(&party.valid_from.unwrap());
        let to = party.valid_to.as_ref().map(from_proto_time);
        (days(from), to.map(days))
    };
    parties.map(span).collect()
}

async fn a_record_that_names_another_car_leaves_the_one_it_named_before(db: TestDb) {
    let named = |position, n, at| {
        let ann = customer(10);
        linked(position, vec![link("D1", "A", ann, &vin(n), "", day(at))])
    };
    let story = [
        named(1, 1, 0),
        named(2, 2, 9),
        named(3, 1, 20),
        named(4, 3, 30),
    ];
    for seed in 0..4 {
        let world = World::start(db.sibling()).await;
        let told = match seed {
            0 => story.to_vec(),
            seed => shuffled(&story, seed),
        };
        world.customers.deliver(told).await;
        let there_twice = [(20, Some(30)), (0, Some(9))];
        assert_eq!(spans(&world, &vin(1)).await, there_twice, "seed {seed}");
        assert_eq!(spans(&world, &vin(2)).await, [(9, Some(20))], "seed {seed}");
        assert_eq!(spans(&world, &vin(3)).await, [(30, None)], "seed {seed}");
    }
    // Whoever counts owners hears of the end.
    let world = World::start(db).await;
    world.customers.deliver(story[..2].to_vec()).await;
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.vehicle.parties.claimed'";
    assert_eq!(world.count(told).await, 3, "two cars named, one left");
}

/// The customer's record names a car at a day.
fn named(position: i64, n: u32, at: i64) -> Event {
    let link = link("D1", "A", customer(10), &vin(n), "", day(at));
    linked(position, vec![link])
}

/// From when to when the parts in a car held, in the order in which they began.
async fn spans_in_order(world: &World, n: u32) -> Vec<(i64, Option<i64>)> {
    let mut spans = spans(world, &vin(n)).await;
    spans.sort_unstable();
    spans
}

async fn a_record_that_comes_and_goes_leaves_each_of_its_times(db: TestDb) {
    let world = World::start(db).await;
    let turns = [(1, 0), (2, 9), (1, 20), (2, 30), (1, 40)];
    let story: Vec<Event> = (1..)
        .zip(turns)
        .map(|(position, (n, at))| named(position, n, at))
        .collect();
    world.customers.deliver(story.clone()).await;
    world.customers.deliver(story.iter().map(again)).await;
    let first = [(0, Some(9)), (20, Some(30)), (40, None)];
    assert_eq!(spans_in_order(&world, 1).await, first);
    let second = [(9, Some(20)), (30, Some(40))];
    assert_eq!(spans_in_order(&world, 2).await, second);
}

async fn who_came_back_is_no_owner_anew_when_his_record_is_sent_again(db: TestDb) {
    let turns = [named(1, 1, 0), named(2, 2, 9), named(3, 1, 20)];
    let bought = link("D2", "B", customer(20), &vin(1), "", day(30));
    let later = [linked(4, vec![bought]), named(5, 1, 40), named(6, 1, 50)];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let world = World::start(db.sibling()).await;
        let told = order.map(|place: usize| turns[place].clone());
        world.customers.deliver(told).await;
        world.customers.deliver(later.clone()).await;
        world.customers.deliver(turns.iter().map(again)).await;
        let expected = [(0, Some(9)), (20, Some(30)), (30, None)];
        assert_eq!(spans_in_order(&world, 1).await, expected, "{order:?}");
    }
}

async fn a_correction_that_bears_no_later_time_counts_when_it_comes(db: TestDb) {
    let world = World::start(db).await;
    let (ann, ann_too) = (customer(10), customer(30));
    let typed = link("D1", "A", ann, &vin(1), "京A12345", day(0));
    let corrected = Link {
        vin: vin(2),
        said_at: Some(to_proto_time(day(9))),
        ..typed.clone()
    };
    // A move tells what the record says, and not when it came to say so.
    let moved = Link {
        customer_id: ann_too.to_string(),
        said_at: None,
        ..corrected.clone()
    };
    let (first, second) = (linked(1, vec![typed]), linked(2, vec![corrected]));
    world.customers.deliver([first, second.clone()]).await;
    assert_eq!(spans(&world, &vin(1)).await, [(0, Some(9))]);
    let plates = world.find(&vin(1)).await.unwrap().plates;
    assert!(plates[0].valid_to.is_some(), "the plate went with him");
    world
        .customers
        .deliver([linked(3, vec![moved]), again(&second)])
        .await;
    assert_eq!(spans(&world, &vin(1)).await, [(0, Some(9))]);
    assert_eq!(spans(&world, &vin(2)).await[0].1, None);
}

async fn who_owns_a_car_by_a_row_of_it_keeps_it_whatever_his_record_names(db: TestDb) {
    let world = World::start(db).await;
    let owned_by = |key: &str| VehicleColumns {
        vin: vin(1),
        owner_key: key.into(),
        ..VehicleColumns::default()
    };
    world.put("D1", owned_by("A")).await;
    let named = |position, n| {
        let link = link("D1", "A", customer(10), &vin(n), "", day(400));
        linked(position, vec![link])
    };
    let another = linked(
        2,
        vec![link("D1", "A", customer(10), &vin(2), "", day(500))],
    );
    world.customers.deliver([named(1, 1), another]).await;
    assert_eq!(spans(&world, &vin(1)).await[0].1, None, "the row says so");
    world.clock.advance(Duration::from_hours(24 * 600));
    world.put("D1", owned_by("B")).await;
    let current =
        |spans: Vec<(i64, Option<i64>)>| spans.iter().filter(|span| span.1.is_none()).count();
    assert_eq!(current(spans(&world, &vin(1)).await), 1, "only the new one");
}

async fn whose_parts_are_older_than_the_release_leaves_them_too(db: TestDb) {
    let new = migrator("vehicle");
    let mut names = new.migrations.iter().map(|migration| migration.name);
    let before = names.position(|name| name == "0050_namings").unwrap();
    let old = Migrator {
        migrations: &new.migrations[..before],
        ..new
    };
    let db = db.migrated(&old).await;
    let (record, wrong) = (record_of("D1", "A"), Uuid::from_u128(1));
    let filled = db.write(move |conn| {
        conn.execute(
            "INSERT INTO vehicle_definitions VALUES (?1, '', '', '', 0, '')",
            &[wrong.into()],
        )?;
        conn.execute(
            "INSERT INTO vehicles (id, vin, definition, color, selling_dealer, odometer_km, odometer_at, version, updated_at)
             VALUES (?1, ?2, ?1, '', '', 0, 0, 1, 0)",
            &[wrong.into(), (&vin(1)).into()],
        )?;
        conn.execute(
            "INSERT INTO vehicle_parties (vehicle_id, role, source_record_id, dealer, first_at, last_at)
             VALUES (?1, 'owner', ?2, 'D1', ?3, ?3)",
            &[wrong.into(), record.uuid().into(), day(0).into()],
        )
    });
    filled.await.unwrap();
    let world = World::start(db).await;
    let corrected = link("D1", "A", customer(10), &vin(2), "", day(9));
    world.customers.deliver([linked(1, vec![corrected])]).await;
    assert_eq!(spans(&world, &vin(1)).await, [(0, Some(9))]);
}

async fn a_plate_on_too_many_cars_is_nobodys(db: TestDb) {
    let world = World::start(db).await;
    let filler = |n: u32| {
        link(
            "D1",
            &n.to_string(),
            customer(u128::from(n)),
            &vin(n),
            "京A00000",
            day(i64::from(n)),
        )
    };
    let own = link("D1", "1", customer(1), &vin(1), "京A11111", day(400));
    world
        .customers
        .deliver([
            linked(1, (1..=20).map(filler).collect()),
            linked(2, vec![own]),
        ])
        .await;
    assert_eq!(world.find(&vin(20)).await.unwrap().plates.len(), 1);
    world
        .customers
        .deliver([linked(3, vec![filler(21)]), linked(4, vec![filler(22)])])
        .await;
    for n in [20, 21, 22] {
        assert!(world.find(&vin(n)).await.unwrap().plates.is_empty(), "{n}");
    }
    let plates = world.find(&vin(1)).await.unwrap().plates;
    assert_eq!(
        plates
            .iter()
            .map(|plate| plate.plate.as_str())
            .collect::<Vec<_>>(),
        ["京A11111"]
    );
}
