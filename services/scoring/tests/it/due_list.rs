//! The list of what falls due soon.

use std::time::Duration;

use marque_api::scoring::v1::{CarDueDate, ListDueDatesRequest};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{
    World, again, consented_to, customer, link, linked, owns, record_of, sold, vehicle, visit,
    visited,
};

store_test_suite!(
    the_list_shows_each_dealer_what_his_cars_need,
    what_is_told_of_a_car_moves_it_in_the_list,
    who_refused_is_not_on_the_list,
    who_has_just_refused_is_not_on_the_list_either,
    wrong_questions_name_the_field,
);

/// Sold so that the third year of compulsory insurance ends within the next month: on 2026-07-01 and 2026-07-02.
const NEAR: [(&str, &str); 2] = [
    ("LMVCA1A60R1000001", "2024-07-02"),
    ("LMVCA1A60R1000002", "2024-07-03"),
];

/// Two cars of D1 whose insurance ends soon, and one of D3's for which nothing is due.
async fn three_cars(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(1)),
        link("D1", "B", customer(2)),
        link("D3", "C", customer(3)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let far = "LMVCA1A60R1000003";
    world
        .vehicles
        .deliver([
            sold(1, NEAR[0].0, NEAR[0].1),
            sold(2, NEAR[1].0, NEAR[1].1),
            sold(3, far, "2026-05-20"),
            owns(4, NEAR[0].0, record_of("D1", "A"), NEAR[0].1),
            owns(5, NEAR[1].0, record_of("D1", "B"), NEAR[1].1),
            owns(6, far, record_of("D3", "C"), "2026-05-20"),
        ])
        .await;
    let mut south = visit("D3", 9, "C", "2026-06-01");
    (south.vin, south.odometer_km) = (far.into(), 300);
    world.visits.deliver([visited(1, vec![south])]).await;
    world
}

fn insurance() -> ListDueDatesRequest {
    ListDueDatesRequest {
        kind: "insurance".into(),
        ..ListDueDatesRequest::default()
    }
}

async fn list(world: &World, request: ListDueDatesRequest) -> Vec<CarDueDate> {
    let answer = world.scoring().list_due_dates(world.hq(request)).await;
    answer.unwrap().into_inner().dates
}

/// Asks until the list is as expected: it follows within seconds.
async fn until(world: &World, request: ListDueDatesRequest, is_so: impl Fn(&[CarDueDate]) -> bool) {
    let mut seen = Vec::new();
    for _ in 0..200 {
        seen = list(world, request.clone()).await;
        if is_so(&seen) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the list does not follow: {seen:?}");
}

async fn the_list_shows_each_dealer_what_his_cars_need(db: TestDb) {
    let world = three_cars(db).await;
    until(&world, insurance(), |dates| dates.len() == 2).await;
    let mut page = ListDueDatesRequest {
        page_size: 1,
        ..insurance()
    };
    let mut seen = Vec::new();
    loop {
        let answer = world.scoring().list_due_dates(world.hq(page.clone())).await;
        let answer = answer.unwrap().into_inner();
        seen.extend(answer.dates);
        if answer.next_page_token.is_empty() {
            break;
        }
        page.page_token = answer.next_page_token;
    }
    let told: Vec<(&str, String, &str)> = seen
        .iter()
        .map(|each| {
            let due = each.due.as_ref().unwrap();
            (each.vin.as_str(), due.date.clone(), each.dealer.as_str())
        })
        .collect();
    assert_eq!(
        told,
        [
            (NEAR[0].0, "2026-07-01".to_owned(), "D1"),
            (NEAR[1].0, "2026-07-02".to_owned(), "D1"),
        ]
    );
    assert_eq!(seen[0].customer_id, customer(1).to_string());
    assert_eq!(seen[0].vehicle_id, vehicle(NEAR[0].0).to_string());
    let reason = seen[0].due.as_ref().unwrap();
    assert!(reason.reason_zh.contains("交强险") && reason.reason_en.contains("insurance"));
    let south = world
        .scoring()
        .list_due_dates(world.manager("D3", insurance()))
        .await;
    assert!(south.unwrap().into_inner().dates.is_empty());
    let north = world
        .scoring()
        .list_due_dates(world.manager("D1", insurance()))
        .await;
    assert_eq!(north.unwrap().into_inner().dates.len(), 2);
    let of_south = ListDueDatesRequest {
        dealer: "D3".into(),
        ..insurance()
    };
    assert!(list(&world, of_south).await.is_empty());
    let tomorrow = ListDueDatesRequest {
        within_days: 1,
        ..insurance()
    };
    assert!(list(&world, tomorrow).await.is_empty());
}

async fn what_is_told_of_a_car_moves_it_in_the_list(db: TestDb) {
    let world = three_cars(db).await;
    let maintenance = ListDueDatesRequest {
        kind: "maintenance".into(),
        overdue: true,
        ..ListDueDatesRequest::default()
    };
    // Sold two years ago and never serviced: overdue.
    until(&world, maintenance.clone(), |dates| dates.len() == 2).await;
    let mut service = visit("D3", 1, "C", "2026-06-10");
    service.vin = NEAR[0].0.into();
    world.visits.deliver([visited(2, vec![service])]).await;
    until(&world, maintenance, |dates| {
        dates.len() == 1 && dates[0].vin == NEAR[1].0
    })
    .await;
    // It is the dealer's now that it came to.
    until(&world, insurance(), |dates| {
        dates
            .iter()
            .any(|each| each.vin == NEAR[0].0 && each.dealer == "D3")
    })
    .await;
}

async fn who_refused_is_not_on_the_list(db: TestDb) {
    let world = three_cars(db).await;
    until(&world, insurance(), |dates| dates.len() == 2).await;
    let mut position = 1;
    // Whether he refused to be scored or to be cared for: he is not reminded, until he agrees again.
    for purpose in ["scoring", "care"] {
        for (given, left) in [(false, 1), (true, 2)] {
            position += 1;
            let word = consented_to(purpose, position, customer(1), given);
            world.customers.deliver([word.clone(), again(&word)]).await;
            until(&world, insurance(), |dates| {
                dates.len() == left
                    && dates
                        .iter()
                        .any(|date| date.customer_id == customer(2).to_string())
            })
            .await;
        }
    }
    position += 1;
    let word = consented_to("marketing", position, customer(1), false);
    world.customers.deliver([word]).await;
    until(&world, insurance(), |dates| dates.len() == 2).await;
}

/// The event of his word has not come yet, and may be seconds late.
async fn who_has_just_refused_is_not_on_the_list_either(db: TestDb) {
    let world = three_cars(db).await;
    until(&world, insurance(), |dates| dates.len() == 2).await;
    for purpose in ["care", "scoring"] {
        world.withdrawn.lock().unwrap().push((customer(1), purpose));
        let dates = list(&world, insurance()).await;
        let shown: Vec<&str> = dates.iter().map(|date| date.customer_id.as_str()).collect();
        assert_eq!(shown, [customer(2).to_string()], "{purpose}");
        world.withdrawn.lock().unwrap().clear();
    }
    world
        .withdrawn
        .lock()
        .unwrap()
        .push((customer(1), "marketing"));
    assert_eq!(list(&world, insurance()).await.len(), 2);
}

async fn wrong_questions_name_the_field(db: TestDb) {
    let world = World::start(db).await;
    let wrong = [
        (
            ListDueDatesRequest {
                within_days: 91,
                ..ListDueDatesRequest::default()
            },
            "within",
        ),
        (
            ListDueDatesRequest {
                kind: "tea".into(),
                ..ListDueDatesRequest::default()
            },
            "kind",
        ),
    ];
    for (request, field) in wrong {
        let refused = world.scoring().list_due_dates(world.hq(request)).await;
        let problem = marque_errors::Problem::from(refused.unwrap_err());
        assert_eq!(
            (problem.status, problem.violations[0].field.as_str()),
            (400, field)
        );
    }
}
