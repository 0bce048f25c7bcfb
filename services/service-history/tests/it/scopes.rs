//! Who sees which visit.

use std::time::Duration;

use marque_api::{
    customer::v1::ConsentChanged,
    service_history::v1::{
        GetVisitRequest, ListVehicleVisitsRequest, ListVisitVersionsRequest, PutVisitRequest, Visit,
    },
};
use marque_auth::{Role, Scope};
use marque_core::{Clock as _, CustomerId};
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{
    World, again, car_received, customer, customer_received, event, link, linked, merged, vin,
    visit,
};

/// How long a reception opens a file.
const NINETY_DAYS: Duration = Duration::from_hours(90 * 24);

store_test_suite!(
    a_dealer_sees_the_history_of_cars_and_customers_he_has_to_do_with,
    a_dealer_sees_the_history_of_whom_and_what_he_received,
    a_dealer_to_whom_he_is_a_stranger_by_now_is_shown_the_car_alone,
    a_dealer_learns_what_was_done_but_not_for_whom,
    a_region_sees_what_its_dealers_see,
    a_region_learns_of_another_what_was_done_but_not_for_whom,
    a_customer_sees_his_own_visits,
    a_dealer_cannot_write_for_another,
);

async fn code(world: &World, role: Role, scope: Scope, id: &str) -> Code {
    get(world, role, scope, id, &[])
        .await
        .err()
        .unwrap_or(Code::Ok)
}

/// A visit as it is shown to whom these customers are strangers.
async fn get(
    world: &World,
    role: Role,
    scope: Scope,
    id: &str,
    strangers: &[CustomerId],
) -> Result<Visit, Code> {
    let message = GetVisitRequest {
        id: id.into(),
        strangers: strangers.iter().map(ToString::to_string).collect(),
    };
    let request = world.ask(role, scope, message);
    let got = world.history().get_visit(request).await;
    got.map(|answer| answer.into_inner().visit.unwrap())
        .map_err(|status| status.code())
}

fn dealer(code: &str) -> Scope {
    Scope::Dealer(code.parse().unwrap())
}

async fn a_dealer_sees_the_history_of_cars_and_customers_he_has_to_do_with(db: TestDb) {
    let world = World::start(db).await;
    let (first, _) = world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5000"))
        .await;
    assert_eq!(
        code(&world, Role::Technician, dealer("D1"), &first.id).await,
        Code::Ok
    );
    assert_eq!(
        code(&world, Role::Technician, dealer("D2"), &first.id).await,
        Code::NotFound
    );
    assert!(world.of_vehicle("D2", &vin(1)).await.is_empty());
    // By a visit of the car.
    world
        .put("D2", visit("R7", &vin(1), "X", "04-05", "6000"))
        .await;
    assert_eq!(world.of_vehicle("D2", &vin(1)).await.len(), 2);
    assert_eq!(
        code(&world, Role::Technician, dealer("D2"), &first.id).await,
        Code::Ok
    );
    // By a record that names the car.
    world
        .customers
        .deliver([linked(1, vec![link("D3", "C", customer(3), &vin(1))])])
        .await;
    assert_eq!(world.of_vehicle("D3", &vin(1)).await.len(), 2);
    // By a record of the customer, whatever he drives.
    world
        .put("D1", visit("R2", &vin(2), "A", "05-05", "100"))
        .await;
    assert!(
        world
            .of_customer(Role::Sales, dealer("D3"), customer(1))
            .await
            .is_empty()
    );
    world
        .customers
        .deliver([linked(
            2,
            vec![
                link("D1", "A", customer(1), ""),
                link("D3", "A3", customer(1), ""),
            ],
        )])
        .await;
    assert_eq!(
        world
            .of_customer(Role::Sales, dealer("D3"), customer(1))
            .await
            .len(),
        2
    );
}

async fn a_dealer_sees_the_history_of_whom_and_what_he_received(db: TestDb) {
    let world = World::start(db).await;
    let put = world.put("D1", visit("R1", &vin(1), "A", "03-05", "5000"));
    let (first, _) = put.await;
    let links = vec![link("D1", "A", customer(1), "")];
    world.customers.deliver([linked(1, links)]).await;
    let shut = world.clock.now().plus(NINETY_DAYS);
    // The car stands at one counter, its owner at another under an id that was merged away since.
    let car = car_received(1, "D2", &vin(1), shut);
    world.vehicles.deliver([again(&car), car]).await;
    let person = customer_received(2, "D3", customer(9), shut);
    let events = [
        again(&person),
        person,
        merged(3, customer(9), customer(1), false),
    ];
    world.customers.deliver(events).await;
    let seen = async |scope: Scope| {
        let of_customer = world.of_customer(Role::Service, scope.clone(), customer(1));
        let listed = of_customer.await.len();
        (listed, code(&world, Role::Service, scope, &first.id).await)
    };
    assert_eq!(world.of_vehicle("D2", &vin(1)).await.len(), 1);
    assert_eq!(seen(dealer("D2")).await, (0, Code::Ok));
    assert_eq!(seen(dealer("D3")).await, (1, Code::Ok));
    // He withdraws consent to being shown to others, and is received again after he gave it.
    let withdrawn = ConsentChanged {
        customer_id: customer(1).to_string(),
        purpose: "sharing".into(),
        given: false,
    };
    let withdrawn = event(4, "marque.customer.consents.changed", &withdrawn);
    world.customers.deliver([withdrawn]).await;
    assert_eq!(seen(dealer("D3")).await, (0, Code::NotFound));
    let person = customer_received(5, "D3", customer(1), shut);
    world.customers.deliver([person]).await;
    assert_eq!(seen(dealer("D3")).await, (1, Code::Ok));
    world.clock.advance(NINETY_DAYS);
    for other in ["D2", "D3"] {
        assert_eq!(seen(dealer(other)).await, (0, Code::NotFound), "{other}");
        assert!(world.of_vehicle(other, &vin(1)).await.is_empty(), "{other}");
    }
}

async fn a_dealer_to_whom_he_is_a_stranger_by_now_is_shown_the_car_alone(db: TestDb) {
    let world = World::start(db).await;
    let put = world.put("D1", visit("R1", &vin(1), "A", "03-05", "5000"));
    let (first, _) = put.await;
    let links = vec![link("D1", "A", customer(1), "")];
    world.customers.deliver([linked(1, links)]).await;
    let shut = world.clock.now().plus(NINETY_DAYS);
    let received = |position, code| customer_received(position, code, customer(1), shut);
    let events = [received(2, "D2"), received(3, "D3")];
    world.customers.deliver(events).await;
    let car = car_received(1, "D2", &vin(1), shut);
    world.vehicles.deliver([car]).await;
    // That he withdrew consent has not been heard of here yet: whoever asks says so.
    let him = [customer(1)];
    let seen = async |code: &str, strangers: &[CustomerId]| {
        let got = get(&world, Role::Manager, dealer(code), &first.id, strangers).await;
        got.map(|visit| (!visit.customer_id.is_empty(), visit.complaint_text))
    };
    let whole = Ok((true, "刹车有异响".to_owned()));
    for received in ["D2", "D3"] {
        assert_eq!(seen(received, &[]).await, whole, "{received}");
        assert_eq!(seen(received, &[customer(2)]).await, whole, "{received}");
    }
    assert_eq!(seen("D2", &him).await, Ok((false, String::new())));
    assert_eq!(seen("D3", &him).await, Err(Code::NotFound));
    assert_eq!(seen("D1", &him).await, whole, "he is his own customer");
    let strangers = vec![customer(1).to_string()];
    let versions = ListVisitVersionsRequest {
        id: first.id.clone(),
        strangers: strangers.clone(),
    };
    let versions = world.ask(Role::Manager, dealer("D2"), versions);
    let versions = world.history().list_visit_versions(versions).await;
    let listed = ListVehicleVisitsRequest {
        vin: vin(1),
        strangers,
        ..ListVehicleVisitsRequest::default()
    };
    let listed = world.ask(Role::Manager, dealer("D2"), listed);
    let listed = world.history().list_vehicle_visits(listed).await;
    let versions = versions.unwrap().into_inner().versions;
    let listed = listed.unwrap().into_inner().visits;
    for visit in [&versions[..], &listed[..]].concat() {
        assert_eq!(visit.diagnosis, "更换刹车片");
        let person = [
            visit.customer_id,
            visit.source_record_id,
            visit.complaint_text,
            visit.signatures,
        ];
        assert!(person.iter().all(String::is_empty), "{person:?}");
    }
    assert_eq!((versions.len(), listed.len()), (1, 1));
}

async fn a_dealer_learns_what_was_done_but_not_for_whom(db: TestDb) {
    let world = World::start(db).await;
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5000"))
        .await;
    world
        .put("D2", visit("R2", &vin(1), "B", "04-05", "6000"))
        .await;
    world
        .customers
        .deliver([linked(
            1,
            vec![
                link("D1", "A", customer(1), ""),
                link("D2", "B", customer(2), ""),
            ],
        )])
        .await;
    let seen = world.of_vehicle("D2", &vin(1)).await;
    let (own, other) = (&seen[0], &seen[1]);
    assert_eq!(
        (own.complaint_text.as_str(), own.customer_id.is_empty()),
        ("刹车有异响", false)
    );
    assert_eq!(
        (
            other.complaint_text.as_str(),
            other.customer_id.as_str(),
            other.source_record_id.as_str()
        ),
        ("", "", "")
    );
    assert_eq!(other.diagnosis, "更换刹车片");
    assert!(
        world
            .of_vehicle("", &vin(1))
            .await
            .iter()
            .all(|visit| !visit.complaint_text.is_empty())
    );
}

async fn a_region_sees_what_its_dealers_see(db: TestDb) {
    let world = World::start(db).await;
    let (visit, _) = world.put("D1", visit("R1", "", "", "03-05", "5000")).await;
    for (region, expected) in [("north", Code::Ok), ("south", Code::NotFound)] {
        assert_eq!(
            code(
                &world,
                Role::Manager,
                Scope::Region(region.into()),
                &visit.id
            )
            .await,
            expected,
            "{region}"
        );
    }
}

async fn a_region_learns_of_another_what_was_done_but_not_for_whom(db: TestDb) {
    let world = World::start(db).await;
    for (dealer, order, key, day) in [("D1", "R1", "A", "03-05"), ("D3", "R3", "B", "04-05")] {
        world
            .put(dealer, visit(order, &vin(1), key, day, "5000"))
            .await;
    }
    let links = vec![
        link("D1", "A", customer(1), ""),
        link("D3", "B", customer(2), ""),
    ];
    world.customers.deliver([linked(1, links)]).await;
    for (region, own) in [("north", "D1"), ("south", "D3")] {
        let message = ListVehicleVisitsRequest {
            vin: vin(1),
            ..ListVehicleVisitsRequest::default()
        };
        let scope = Scope::Region(region.into());
        let request = world.ask(Role::Manager, scope, message);
        let listed = world.history().list_vehicle_visits(request).await;
        let listed = listed.unwrap().into_inner().visits;
        assert_eq!(listed.len(), 2, "{region}");
        for visit in listed {
            let is_own = visit.dealer == own;
            let told = !visit.customer_id.is_empty();
            assert_eq!(told, is_own, "{region} of a visit at {}", visit.dealer);
            assert_eq!(!visit.complaint_text.is_empty(), is_own, "{region}");
            assert_eq!(visit.diagnosis, "更换刹车片");
        }
    }
}

async fn a_customer_sees_his_own_visits(db: TestDb) {
    let world = World::start(db).await;
    let (own, _) = world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5000"))
        .await;
    let (other, _) = world
        .put("D1", visit("R2", &vin(1), "B", "04-05", "6000"))
        .await;
    world
        .customers
        .deliver([linked(
            1,
            vec![
                link("D1", "A", customer(1), ""),
                link("D1", "B", customer(2), ""),
            ],
        )])
        .await;
    let him = || Scope::Customer(customer(1));
    assert_eq!(code(&world, Role::Customer, him(), &own.id).await, Code::Ok);
    assert_eq!(
        code(&world, Role::Customer, him(), &other.id).await,
        Code::NotFound
    );
    let listed = world.of_customer(Role::Customer, him(), customer(1)).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].complaint_text, "刹车有异响");
    assert!(
        world
            .of_customer(Role::Customer, him(), customer(2))
            .await
            .is_empty()
    );
}

async fn a_dealer_cannot_write_for_another(db: TestDb) {
    let world = World::start(db).await;
    let columns = Some(visit("R1", &vin(1), "A", "03-05", "5000"));
    let request = PutVisitRequest {
        dealer: "D2".into(),
        source: "dms".into(),
        columns,
        expected_version: 0,
    };
    let refused = world
        .history()
        .put_visit(world.desk("D1", request))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}
