//! Who sees which vehicle.

use std::time::Duration;

use marque_api::{
    service_history::v1::RecordedVisit,
    vehicle::v1::{
        GetVehicleRequest, ListCustomerVehiclesRequest, ListPartiesRequest, LookupVehiclesRequest,
        VehicleColumns, lookup_vehicles_request::Key,
    },
};
use marque_auth::{Role, Scope};
use marque_core::{Clock as _, CustomerId};
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Request};

use crate::world::{
    World, again, customer, day, link, linked, merged, received, record_of, recorded, vin, visit,
};

store_test_suite!(
    a_dealer_sees_a_vehicle_by_row_sale_visit_record_or_reception,
    a_reception_ends_after_ninety_days_and_is_on_record,
    with_a_customer_his_cars_are_received,
    with_a_record_of_a_customer_his_cars_are_seen,
    a_plate_opens_the_car_that_carries_it_and_not_the_one_that_did,
    a_look_up_names_who_has_a_part_in_the_car_now,
    a_region_sees_what_its_dealers_see,
    a_customer_sees_the_cars_he_has_a_part_in_now,
    an_old_id_answers_with_the_vehicles_of_the_customer_it_now_is,
    a_dealer_learns_nothing_of_other_dealers_people,
    a_fleet_is_listed_to_its_last_car_and_each_car_once,
);

async fn code(world: &World, request: Request<GetVehicleRequest>) -> Code {
    world
        .vehicles()
        .get_vehicle(request)
        .await
        .map_or_else(|status| status.code(), |_| Code::Ok)
}

async fn sees(world: &World, dealer: &str, id: &str) -> bool {
    let request = GetVehicleRequest {
        id: id.into(),
        ..GetVehicleRequest::default()
    };
    answers(code(world, world.desk(dealer, request)).await)
}

async fn sees_by_vin(world: &World, dealer: &str, vin: &str) -> bool {
    let request = GetVehicleRequest {
        vin: vin.into(),
        ..GetVehicleRequest::default()
    };
    answers(code(world, world.desk(dealer, request)).await)
}

fn answers(code: Code) -> bool {
    match code {
        Code::Ok => true,
        Code::NotFound => false,
        other => panic!("{other}"),
    }
}

async fn look_up(world: &World, dealer: &str, key: Key) -> usize {
    let request = LookupVehiclesRequest {
        key: Some(key),
        ..LookupVehiclesRequest::default()
    };
    let found = world
        .vehicles()
        .lookup_vehicles(world.desk(dealer, request))
        .await
        .unwrap()
        .into_inner();
    assert!(found.parties.is_empty(), "nobody asked for people");
    found.vehicles.len()
}

/// The records of those who have a part in the cars of a key now, as the gateway asks for a dealer's desk.
async fn people(world: &World, dealer: &str, key: Key) -> Vec<String> {
    let request = LookupVehiclesRequest {
        key: Some(key),
        with_parties: true,
    };
    let found = world
        .vehicles()
        .lookup_vehicles(world.desk(dealer, request))
        .await;
    let parties = found.unwrap().into_inner().parties.into_iter();
    parties.map(|party| party.source_record_id).collect()
}

async fn a_look_up_names_who_has_a_part_in_the_car_now(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob) = (customer(10), customer(20));
    world
        .customers
        .deliver([
            linked(1, vec![link("D1", "A", ann, &vin(1), "京A12345", day(0))]),
            linked(2, vec![link("D1", "B", bob, &vin(1), "", day(9))]),
        ])
        .await;
    let brought = RecordedVisit {
        source_record_id: record_of("D2", "B2").to_string(),
        ..visit(1, "D2", &vin(1), 10, day(20))
    };
    world.visits.deliver([recorded(1, vec![brought])]).await;
    let now = [record_of("D1", "B"), record_of("D2", "B2")].map(|record| record.to_string());
    for key in [Key::Vin(vin(1)), Key::Plate("京A12345".into())] {
        assert_eq!(people(&world, "D3", key).await, now);
    }
    // Whoever carried the plate before is not whose it is.
    let moved = link("D1", "C", customer(30), &vin(2), "京A12345", day(30));
    world.customers.deliver([linked(3, vec![moved])]).await;
    let found = people(&world, "D3", Key::Plate("京A12345".into())).await;
    assert_eq!(found, [record_of("D1", "C").to_string()]);
    assert!(
        people(&world, "D3", Key::Vin("what?".into()))
            .await
            .is_empty()
    );
}

async fn a_dealer_sees_a_vehicle_by_row_sale_visit_record_or_reception(db: TestDb) {
    let world = World::start(db).await;
    let row = VehicleColumns {
        vin: vin(1),
        selling_dealer: "D2".into(),
        ..VehicleColumns::default()
    };
    let (sold, _) = world.put("D1", row).await;
    assert!(sees(&world, "D1", &sold.id).await && sees(&world, "D2", &sold.id).await);
    assert!(!sees(&world, "D3", &sold.id).await);

    world
        .visits
        .deliver([recorded(1, vec![visit(1, "D3", &vin(1), 10, day(0))])])
        .await;
    assert!(sees(&world, "D3", &sold.id).await);

    world
        .customers
        .deliver([linked(
            1,
            vec![link("D2", "A", customer(1), &vin(2), "", day(0))],
        )])
        .await;
    let named = world.find(&vin(2)).await.unwrap();
    assert!(sees(&world, "D2", &named.id).await && !sees(&world, "D1", &named.id).await);
    assert_eq!(
        look_up(&world, "D1", Key::Vin(vin(2).to_lowercase())).await,
        1
    );
    assert!(sees(&world, "D1", &named.id).await);
}

async fn a_reception_ends_after_ninety_days_and_is_on_record(db: TestDb) {
    let world = World::start(db).await;
    let (vehicle, _) = world
        .put(
            "D1",
            VehicleColumns {
                vin: vin(1),
                ..VehicleColumns::default()
            },
        )
        .await;
    // To read a car by its VIN opens nothing.
    assert!(sees_by_vin(&world, "D1", &vin(1).to_lowercase()).await);
    assert!(!sees_by_vin(&world, "D3", &vin(1)).await);
    assert!(!sees_by_vin(&world, "D1", &vin(9)).await && !sees_by_vin(&world, "D1", "what?").await);
    for _ in 0..3 {
        assert_eq!(look_up(&world, "D3", Key::Vin(vin(1))).await, 1);
    }
    assert!(sees_by_vin(&world, "D3", &vin(1)).await);
    let received = "SELECT count(*) FROM audit WHERE act = 'vehicle_received' AND dealer = 'D3'";
    assert_eq!(
        world.count(received).await,
        1,
        "a look at an open file opens nothing"
    );
    world.clock.advance(Duration::from_hours(89 * 24));
    assert!(sees(&world, "D3", &vehicle.id).await);
    world.clock.advance(Duration::from_hours(24));
    assert!(!sees(&world, "D3", &vehicle.id).await && sees(&world, "D1", &vehicle.id).await);
    assert_eq!(look_up(&world, "D3", Key::Vin(vin(9))).await, 0);
    assert_eq!(look_up(&world, "D3", Key::Vin("what?".into())).await, 0);
}

async fn with_a_customer_his_cars_are_received(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob) = (customer(10), customer(20));
    let links = vec![
        link("D1", "A", ann, &vin(1), "", day(0)),
        link("D1", "B", bob, &vin(2), "", day(0)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let anns = world.find(&vin(1)).await.unwrap();
    let bobs = world.find(&vin(2)).await.unwrap();
    assert!(!sees(&world, "D3", &anns.id).await);
    let until = world.clock.now().plus(Duration::from_hours(24));
    let received = received(2, "D3", ann, until);
    world.customers.deliver([again(&received), received]).await;
    assert!(sees(&world, "D3", &anns.id).await && !sees(&world, "D3", &bobs.id).await);
    let desk = Scope::Dealer("D3".parse().unwrap());
    assert_eq!(
        garage(&world, Role::Service, desk, ann).await,
        [(vin(1), true)]
    );
    world.clock.advance(Duration::from_hours(24));
    assert!(!sees(&world, "D3", &anns.id).await);
}

async fn with_a_record_of_a_customer_his_cars_are_seen(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob) = (customer(10), customer(20));
    let links = vec![
        link("D1", "A", ann, &vin(1), "", day(0)),
        link("D1", "B", bob, &vin(2), "", day(0)),
        link("D3", "C", ann, "", "", day(1)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let anns = world.find(&vin(1)).await.unwrap();
    let bobs = world.find(&vin(2)).await.unwrap();
    assert!(sees(&world, "D3", &anns.id).await && !sees(&world, "D3", &bobs.id).await);
    let desk = Scope::Dealer("D3".parse().unwrap());
    assert_eq!(
        garage(&world, Role::Sales, desk, ann).await,
        [(vin(1), true)]
    );
    let south = Scope::Region("south".into());
    assert_eq!(
        garage(&world, Role::Manager, south, ann).await,
        [(vin(1), true)]
    );

    let moved = vec![link("D3", "C", bob, "", "", day(1))];
    world.customers.deliver([linked(2, moved)]).await;
    assert!(!sees(&world, "D3", &anns.id).await && sees(&world, "D3", &bobs.id).await);
}

async fn a_plate_opens_the_car_that_carries_it_and_not_the_one_that_did(db: TestDb) {
    let world = World::start(db).await;
    let plated = |n, plate: &str| VehicleColumns {
        vin: vin(n),
        plate: plate.into(),
        ..VehicleColumns::default()
    };
    let (old, _) = world.put("D1", plated(1, "沪AD12345")).await;
    world.clock.advance(Duration::from_mins(1));
    let (new, _) = world.put("D1", plated(2, "沪AD12345")).await;
    assert_eq!(
        look_up(&world, "D2", Key::Plate("沪ad·12345".into())).await,
        1
    );
    assert!(sees(&world, "D2", &new.id).await && !sees(&world, "D2", &old.id).await);
}

async fn a_region_sees_what_its_dealers_see(db: TestDb) {
    let world = World::start(db).await;
    let (vehicle, _) = world
        .put(
            "D1",
            VehicleColumns {
                vin: vin(1),
                ..VehicleColumns::default()
            },
        )
        .await;
    for (region, expected) in [
        ("north", Code::Ok),
        ("south", Code::NotFound),
        ("nowhere", Code::NotFound),
    ] {
        let message = GetVehicleRequest {
            id: vehicle.id.clone(),
            ..GetVehicleRequest::default()
        };
        let request = world.ask(Role::Manager, Scope::Region(region.into()), message);
        assert_eq!(code(&world, request).await, expected, "{region}");
    }
}

async fn garage(
    world: &World,
    role: Role,
    scope: Scope,
    customer: CustomerId,
) -> Vec<(String, bool)> {
    let message = ListCustomerVehiclesRequest {
        customer_id: customer.to_string(),
        limit: 0,
        page_token: String::new(),
    };
    let request = world.ask(role, scope, message);
    let vehicles = world
        .vehicles()
        .list_customer_vehicles(request)
        .await
        .unwrap()
        .into_inner()
        .vehicles;
    vehicles
        .into_iter()
        .map(|own| {
            (
                own.vehicle.unwrap().vin,
                own.parties.iter().any(|party| party.valid_to.is_none()),
            )
        })
        .collect()
}

async fn a_fleet_is_listed_to_its_last_car_and_each_car_once(db: TestDb) {
    const CARS: u32 = 405;
    let world = World::start(db).await;
    let owner = customer(10);
    let links = (0..CARS).map(|n| link("D1", &format!("K{n}"), owner, &vin(n), "", day(n.into())));
    world.customers.deliver([linked(1, links.collect())]).await;
    for limit in [70, 1000] {
        let (mut vins, mut token) = (Vec::new(), String::new());
        loop {
            let message = ListCustomerVehiclesRequest {
                customer_id: owner.to_string(),
                limit,
                page_token: token,
            };
            let request = world.ask(Role::Agent, Scope::Headquarters, message);
            let page = world.vehicles().list_customer_vehicles(request).await;
            let page = page.unwrap().into_inner();
            assert!(page.vehicles.len() <= 100);
            vins.extend(
                page.vehicles
                    .into_iter()
                    .map(|own| own.vehicle.unwrap().vin),
            );
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(vins.len(), CARS as usize, "pages of {limit}");
        vins.sort_unstable();
        vins.dedup();
        assert_eq!(vins.len(), CARS as usize, "pages of {limit}");
    }
}

async fn a_customer_sees_the_cars_he_has_a_part_in_now(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob) = (customer(10), customer(20));
    let links = vec![
        link("D1", "A", ann, &vin(1), "", day(0)),
        link("D1", "A2", ann, &vin(2), "", day(1)),
    ];
    world
        .customers
        .deliver([
            linked(1, links),
            linked(2, vec![link("D1", "B", bob, &vin(2), "", day(9))]),
        ])
        .await;
    let own = |who| garage(&world, Role::Customer, Scope::Customer(who), who);
    assert_eq!(own(ann).await, [(vin(1), true)]);
    assert_eq!(own(bob).await, [(vin(2), true)]);
    assert!(
        garage(&world, Role::Customer, Scope::Customer(bob), ann)
            .await
            .is_empty()
    );
    // Headquarters also sees what he had, after what he has.
    let all = garage(&world, Role::Agent, Scope::Headquarters, ann).await;
    assert_eq!(all, [(vin(1), true), (vin(2), false)]);
}

async fn an_old_id_answers_with_the_vehicles_of_the_customer_it_now_is(db: TestDb) {
    let world = World::start(db).await;
    let (ann, ann_too) = (customer(10), customer(30));
    let moved = linked(3, vec![link("D1", "A", ann, &vin(1), "", day(0))]);
    let first = linked(1, vec![link("D1", "A", ann_too, &vin(1), "", day(0))]);
    world
        .customers
        .deliver([first, merged(2, ann_too, ann, false), moved])
        .await;
    assert_eq!(
        garage(&world, Role::Agent, Scope::Headquarters, ann_too).await,
        [(vin(1), true)]
    );
    // The undoing counts even if it is heard before what it undoes.
    let back = linked(5, vec![link("D1", "A", ann_too, &vin(1), "", day(0))]);
    world
        .customers
        .deliver([
            back,
            merged(4, ann_too, ann, true),
            merged(2, ann_too, ann, false),
        ])
        .await;
    assert_eq!(
        garage(&world, Role::Agent, Scope::Headquarters, ann_too).await,
        [(vin(1), true)]
    );
    assert!(
        garage(&world, Role::Agent, Scope::Headquarters, ann)
            .await
            .is_empty()
    );
}

async fn a_dealer_learns_nothing_of_other_dealers_people(db: TestDb) {
    let world = World::start(db).await;
    let (ann, bob) = (customer(10), customer(20));
    let links = vec![
        link("D1", "A", ann, &vin(1), "", day(0)),
        link("D2", "B", bob, &vin(1), "", day(9)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let vehicle = world.find(&vin(1)).await.unwrap();
    let request = ListPartiesRequest {
        vehicle_id: vehicle.id.clone(),
    };
    let parties = world
        .vehicles()
        .list_parties(world.desk("D1", request))
        .await
        .unwrap()
        .into_inner()
        .parties;
    let seen: Vec<_> = parties
        .into_iter()
        .map(|party| (party.dealer, party.customer_id))
        .collect();
    assert_eq!(
        seen,
        [
            ("D2".to_owned(), String::new()),
            ("D1".to_owned(), ann.to_string())
        ]
    );
}
