//! Who sees which scores.

use marque_api::scoring::v1::{
    GetDueDatesRequest, GetGuaranteesRequest, GetLoyaltyRequest, GetPyramidRequest,
    GetScoreRequest, ListScoreHistoryRequest, ListScoresRequest,
};
use marque_auth::{Role, Scope};
use marque_core::CustomerId;
use marque_errors::Problem;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{
    World, cars_down, customer, link, linked, merged, sold, vehicle, visit, visited,
};

store_test_suite!(
    a_dealer_sees_his_customers_and_a_region_its_dealers,
    a_customer_sees_himself_under_every_id_he_had,
    who_does_not_exist_is_as_unknown_as_who_is_foreign,
    whoever_may_see_a_car_reads_what_is_due_for_it_and_its_counters,
);

async fn a_dealer_sees_his_customers_and_a_region_its_dealers(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(10)),
        link("D2", "A", customer(10)),
        link("D3", "B", customer(20)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    world
        .visits
        .deliver([visited(
            1,
            vec![
                visit("D1", 1, "A", "2026-03-01"),
                visit("D3", 2, "B", "2026-03-01"),
            ],
        )])
        .await;
    let north = Scope::Region("north".into());
    let dealer = |code: &str| Scope::Dealer(code.parse().unwrap());
    for (scope, sees) in [
        (dealer("D1"), [true, false]),
        (dealer("D2"), [true, false]),
        (dealer("D3"), [false, true]),
        (north, [true, false]),
    ] {
        for (n, seen) in [10, 20].into_iter().zip(sees) {
            let request = GetScoreRequest {
                customer_id: customer(n).to_string(),
                ..GetScoreRequest::default()
            };
            let request = world.ask(Role::Manager, scope.clone(), request);
            let answer = world.scoring().get_score(request).await;
            assert_eq!(answer.is_ok(), seen, "{scope:?} {n}");
            if let Err(status) = answer {
                assert_eq!(status.code(), Code::NotFound);
            }
        }
        let list = world.ask(Role::Manager, scope.clone(), ListScoresRequest::default());
        let list = world
            .scoring()
            .list_scores(list)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(list.scores.len(), 1, "{scope:?}");
        let pyramid = world.ask(Role::Manager, scope.clone(), GetPyramidRequest::default());
        let pyramid = world
            .scoring()
            .get_pyramid(pyramid)
            .await
            .unwrap()
            .into_inner();
        let counted: i64 = pyramid.tiers.iter().map(|tier| tier.customers).sum();
        assert_eq!((pyramid.size, counted), (2, 1), "{scope:?}");
    }
}

async fn a_customer_sees_himself_under_every_id_he_had(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([
            linked(
                1,
                vec![link("D1", "A", customer(10)), link("D1", "B", customer(20))],
            ),
            merged(2, customer(20), customer(10), false),
            linked(3, vec![link("D1", "B", customer(10))]),
        ])
        .await;
    let ask = |own: u128, of: u128| {
        let request = GetScoreRequest {
            customer_id: customer(of).to_string(),
            ..GetScoreRequest::default()
        };
        world.ask(Role::Customer, Scope::Customer(customer(own)), request)
    };
    for (own, of, code) in [
        (20, 20, None),
        (10, 20, None),
        (30, 10, Some(Code::NotFound)),
    ] {
        let answer = world.scoring().get_score(ask(own, of)).await;
        assert_eq!(answer.err().map(|status| status.code()), code, "{own} {of}");
    }
}

/// What each question about a customer answers: `None` if it is answered, else the status and the reason.
async fn ask_all(world: &World, scope: &Scope, customer: CustomerId) -> [Option<(u16, String)>; 4] {
    let customer_id = customer.to_string();
    let mut scoring = world.scoring();
    let score = GetScoreRequest {
        customer_id: customer_id.clone(),
        ..GetScoreRequest::default()
    };
    let history = ListScoreHistoryRequest {
        customer_id: customer_id.clone(),
        ..ListScoreHistoryRequest::default()
    };
    let loyalty = GetLoyaltyRequest {
        customer_id: customer_id.clone(),
    };
    let due = GetDueDatesRequest {
        customer_id,
        ..GetDueDatesRequest::default()
    };
    let role = match scope {
        Scope::Headquarters => Role::HqAdmin,
        _ => Role::Manager,
    };
    let score = scoring.get_score(world.ask(role, scope.clone(), score));
    let score = score.await.err();
    let history = scoring.list_score_history(world.ask(role, scope.clone(), history));
    let history = history.await.err();
    let loyalty = scoring.get_loyalty(world.ask(role, scope.clone(), loyalty));
    let loyalty = loyalty.await.err();
    let due = scoring.get_due_dates(world.ask(role, scope.clone(), due));
    let due = due.await.err();
    [score, history, loyalty, due].map(|refused| {
        let problem = Problem::from(refused?);
        Some((problem.status, problem.reason))
    })
}

async fn who_does_not_exist_is_as_unknown_as_who_is_foreign(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(10)),
        link("D3", "B", customer(20)),
        link("D1", "C", customer(30)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let visits = vec![visit("D1", 1, "A", "2026-03-01")];
    world.visits.deliver([visited(1, visits)]).await;
    let dealer = Scope::Dealer("D1".parse().unwrap());
    let unknown = [(); 4].map(|()| Some((404, "CUSTOMER_UNKNOWN".to_owned())));
    for scope in [Scope::Headquarters, dealer.clone()] {
        // The second is known by a record and nothing else.
        for known in [10, 30] {
            let answers = ask_all(&world, &scope, customer(known)).await;
            assert!(answers.iter().all(Option::is_none), "{scope:?} {answers:?}");
        }
        let answers = ask_all(&world, &scope, customer(99)).await;
        assert_eq!(answers, unknown, "{scope:?}");
    }
    let foreign = ask_all(&world, &dealer, customer(20)).await;
    assert_eq!(foreign, unknown);
}

/// The car has no owner and no visit: that a dealer's row told of it, or that it stands at his counter, the vehicle service knows.
async fn whoever_may_see_a_car_reads_what_is_due_for_it_and_its_counters(db: TestDb) {
    let world = World::start(db).await;
    let (own, other) = ("LMVCA1A60R1000001", "LMVCA1A60R1000002");
    let told = [sold(1, own, "2026-01-10"), sold(2, other, "2026-01-10")];
    world.vehicles.deliver(told).await;
    let ask = async |vin: &str| {
        let scope = Scope::Dealer("D3".parse().unwrap());
        let due = GetDueDatesRequest {
            vehicle_id: vehicle(vin).to_string(),
            ..GetDueDatesRequest::default()
        };
        let due = world.ask(Role::Technician, scope.clone(), due);
        let due = world.scoring().get_due_dates(due).await;
        let counters = GetGuaranteesRequest {
            vehicle_id: vehicle(vin).to_string(),
            ..GetGuaranteesRequest::default()
        };
        let counters = world.ask(Role::Technician, scope, counters);
        let counters = world.scoring().get_guarantees(counters).await;
        [due.err(), counters.err()].map(|refused| refused.map(|status| status.code()))
    };
    assert_eq!(ask(own).await, [Some(Code::NotFound); 2]);
    world.shown_cars.lock().unwrap().push(vehicle(own));
    assert_eq!(ask(own).await, [None; 2]);
    assert_eq!(ask(other).await, [Some(Code::NotFound); 2]);
    // While it cannot be asked, of which cars there are none is not told either.
    world.shown_cars.lock().unwrap().push(cars_down());
    let nobodys = "LMVCA1A60R1000009";
    assert_eq!(ask(other).await, [Some(Code::Unavailable); 2]);
    assert_eq!(ask(nobodys).await, [Some(Code::Unavailable); 2]);
}
