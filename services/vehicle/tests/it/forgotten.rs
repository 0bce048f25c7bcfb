//! Who is erased leaves his cars, and takes his plates with him.

use std::time::Duration;

use marque_api::{
    customer::v1::CustomersErased, events::v1::Event, intake::v1::RowOutcome,
    service_history::v1::RecordedVisit, vehicle::v1::VehicleColumns,
};
use marque_testkit::{TestDb, store_test_suite};

use crate::{
    imports::import,
    world::{World, again, customer, day, event, link, linked, record_of, recorded, vin, visit},
};

store_test_suite!(
    a_car_of_who_is_erased_is_nobodys_and_bears_none_of_his_plates,
    who_had_the_car_is_kept_aside_while_the_law_wants_it,
    who_gave_his_car_away_and_took_it_back_takes_both_plates_with_him,
    an_older_binary_forgets_when_he_was_away_from_his_car_too,
    what_comes_under_the_key_of_who_was_erased_is_about_the_car_alone,
);

fn erased(position: i64, key: &str, restricted: bool) -> Event {
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: vec![customer(10).to_string()],
        source_record_ids: vec![record_of("D1", key).to_string()],
        restricted,
        words: Vec::new(),
    };
    event(position, "marque.customer.customers.erased", &told)
}

/// One car after the other of one person, and a car of two.
async fn cars(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(10), &vin(1), "京A12345", day(0)),
        link("D2", "B", customer(20), &vin(2), "京B12345", day(0)),
    ];
    let moved = vec![link("D1", "A", customer(10), &vin(2), "京A12345", day(60))];
    world
        .customers
        .deliver([linked(1, links), linked(2, moved)])
        .await;
    world
}

async fn a_car_of_who_is_erased_is_nobodys_and_bears_none_of_his_plates(db: TestDb) {
    let world = cars(db).await;
    let told = erased(3, "A", false);
    world.customers.deliver([told.clone(), again(&told)]).await;
    let (first, second) = (
        world.find(&vin(1)).await.unwrap(),
        world.find(&vin(2)).await.unwrap(),
    );
    assert!(first.plates.is_empty() && world.parties(&first.id).await.is_empty());
    let plates: Vec<&str> = second
        .plates
        .iter()
        .map(|held| held.plate.as_str())
        .collect();
    assert_eq!(plates, ["京B12345"]);
    let parties = world.parties(&second.id).await;
    assert!(
        parties
            .iter()
            .all(|party| party.customer_id == customer(20).to_string())
    );
    for sql in [
        "SELECT count(*) FROM plate_sightings WHERE plate = '京A12345'",
        "SELECT count(*) FROM record_links WHERE position = 2",
        "SELECT count(*) FROM restricted_parties",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
}

async fn who_had_the_car_is_kept_aside_while_the_law_wants_it(db: TestDb) {
    let world = cars(db).await;
    let (kept, ended) = (erased(3, "A", true), erased(4, "A", false));
    world.customers.deliver([kept.clone(), again(&kept)]).await;
    let first = world.find(&vin(1)).await.unwrap();
    assert!(world.parties(&first.id).await.is_empty());
    let aside = "SELECT count(*) FROM restricted_parties";
    assert_eq!(world.count(aside).await, 2, "both cars");
    world
        .customers
        .deliver([ended.clone(), again(&ended)])
        .await;
    assert_eq!(world.count(aside).await, 0);
}

async fn who_gave_his_car_away_and_took_it_back_takes_both_plates_with_him(db: TestDb) {
    let world = World::start(db).await;
    for (owner, plate) in [("A", "京A12345"), ("B", "京B12345"), ("A", "京A54321")] {
        let owned = VehicleColumns {
            vin: vin(1),
            owner_key: owner.into(),
            plate: plate.into(),
            ..VehicleColumns::default()
        };
        world.put("D1", owned).await;
        world.clock.advance(Duration::from_hours(24));
    }
    world.customers.deliver([erased(1, "A", false)]).await;
    let left = "SELECT count(*) FROM plate_sightings WHERE plate IN ('京A12345', '京A54321')";
    assert_eq!(world.count(left).await, 0);
}

async fn an_older_binary_forgets_when_he_was_away_from_his_car_too(db: TestDb) {
    let world = cars(db).await;
    let back = vec![link("D1", "A", customer(10), &vin(1), "京A12345", day(90))];
    world.customers.deliver([linked(3, back)]).await;
    let away = "SELECT count(*) FROM vehicle_absences";
    assert_eq!(world.count(away).await, 1);
    // As the release before forgets: it knows of parts alone.
    let older = world.db.handle();
    let forgotten = older.write(|conn| {
        let sql = "DELETE FROM vehicle_parties WHERE source_record_id = ?1";
        conn.execute(sql, &[record_of("D1", "A").uuid().into()])
    });
    assert_eq!(forgotten.await.unwrap(), 2, "both cars");
    assert_eq!(world.count(away).await, 0);
}

async fn what_comes_under_the_key_of_who_was_erased_is_about_the_car_alone(db: TestDb) {
    let world = World::start(db).await;
    world.customers.deliver([erased(1, "A", false)]).await;
    let row = |driver: &str| VehicleColumns {
        vin: vin(1),
        plate: "京A12345".into(),
        brand: "样例".into(),
        owner_key: "A".into(),
        extra: [("driver_key", driver), ("车主姓名", "慕容彼得")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..VehicleColumns::default()
    };
    let (car, outcome) = world.put("D1", row("B")).await;
    assert_eq!(outcome, RowOutcome::Erased as i32);
    let brand = car.definition.map(|definition| definition.brand);
    assert_eq!(brand.as_deref(), Some("样例"), "the car's own");
    let parties = world.parties(&car.id).await;
    assert_eq!(parties.len(), 1, "and its driver, who was not erased");
    assert_eq!(
        parties[0].source_record_id,
        record_of("D1", "B").to_string()
    );
    // His dealer's system sends the same every night.
    let (again, outcome) = world.put("D1", row("B")).await;
    assert_eq!(
        (outcome, again.version),
        (RowOutcome::Erased as i32, car.version)
    );
    let file = format!(
        "vin,plate,brand,owner_key,车主姓名\n{},京A54321,样例,A,慕容彼得\n",
        vin(2)
    );
    let done = import(&world, &file).await;
    assert_eq!((done.received, done.unchanged), (1, 1));
    // A visit may be told of after he was.
    let brought = RecordedVisit {
        source_record_id: record_of("D1", "A").to_string(),
        ..visit(1, "D1", &vin(3), 1_000, day(0))
    };
    world.visits.deliver([recorded(1, vec![brought])]).await;
    assert!(world.find(&vin(3)).await.is_some());
    // A row that never said more is sealed in as many bytes.
    let bare = VehicleColumns {
        vin: vin(4),
        brand: "样例".into(),
        ..VehicleColumns::default()
    };
    world.put("D1", bare).await;
    for sql in [
        "SELECT count(*) - 3 FROM vehicle_rows",
        "SELECT count(DISTINCT length(sealed)) - 1 FROM vehicle_rows",
        "SELECT count(*) FROM vehicle_parties WHERE role <> 'driver'",
        "SELECT count(*) FROM plate_sightings",
        "SELECT count(*) FROM vehicle_rows WHERE owner IS NOT NULL",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
}
