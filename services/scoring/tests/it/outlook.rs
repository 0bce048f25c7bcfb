//! What a view of a customer shows: one answer, and the same whether it was kept or is worked out.

use marque_api::scoring::v1::{
    GetDueDatesRequest, GetLoyaltyRequest, GetOutlookRequest, GetOutlookResponse, GetScoreRequest,
    Plan, PutPlanRequest,
};
use marque_auth::{Role, Scope};
use marque_db::StoreError;
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Request};

use crate::world::{
    DOWN, World, assessment, consented, customer, link, linked, merged, owns, record_of, sold,
    visit, visited,
};

store_test_suite!(
    one_answer_says_what_three_say,
    whatever_is_told_shows_at_once,
    the_next_service_counts_from_what_was_driven_at_the_last,
    who_may_not_ask_for_scores_sees_what_is_due,
    who_refused_or_is_not_known_has_no_outlook,
    what_is_due_is_told_to_nobody_else_of_who_does_not_want_to_be_reminded,
);

const VIN: &str = "LMVCA1A60R1000001";
const OTHER: &str = "LMVCA1A60R1000002";
const FOUND: &str = "SELECT count(*) FROM vehicles WHERE due_on IS NULL";

/// K1 has a car and came twice with it, K2 has none; what is due for the car was found.
async fn one_car(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![link("D1", "K1", customer(1)), link("D1", "K2", customer(2))];
    world.customers.deliver([linked(1, links)]).await;
    let owned = owns(2, VIN, record_of("D1", "K1"), "2024-01-10");
    world
        .vehicles
        .deliver([sold(1, VIN, "2024-01-10"), owned])
        .await;
    let visits = vec![read(1, "2025-01-10", 12_000), read(2, "2025-07-09", 18_000)];
    world.visits.deliver([visited(1, visits)]).await;
    world.wait_for(FOUND, 0).await;
    world
}

fn read(order: u128, date: &str, km: i32) -> marque_api::service_history::v1::RecordedVisit {
    let mut one = visit("D1", order, "K1", date);
    (one.vin, one.odometer_km) = (VIN.into(), km);
    one
}

fn asked(n: u128) -> GetOutlookRequest {
    GetOutlookRequest {
        customer_id: customer(n).to_string(),
        looks_for_consent: false,
    }
}

async fn outlook(world: &World, n: u128) -> GetOutlookResponse {
    ask(world, world.hq(asked(n))).await.unwrap()
}

async fn ask(
    world: &World,
    request: Request<GetOutlookRequest>,
) -> Result<GetOutlookResponse, Code> {
    let answer = world.scoring().get_outlook(request).await;
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| status.code())
}

/// Takes away what is kept, so that everything is worked out.
async fn forget_kept(world: &World) {
    let forgotten = world.db.write(|conn| {
        conn.execute("UPDATE loyalty SET kept = NULL", &[])?;
        conn.execute("DELETE FROM kept_dues", &[])?;
        Ok::<_, StoreError>(())
    });
    forgotten.await.unwrap();
}

async fn one_answer_says_what_three_say(db: TestDb) {
    let world = one_car(db).await;
    let kept: i64 = world
        .count("SELECT count(*) FROM loyalty WHERE kept IS NOT NULL")
        .await;
    assert_eq!(
        (kept, world.count("SELECT count(*) FROM kept_dues").await),
        (1, 1)
    );
    let seen = outlook(&world, 1).await;
    let request = GetScoreRequest {
        customer_id: customer(1).to_string(),
        explain: false,
        at: None,
    };
    let score = world.scoring().get_score(world.hq(request)).await;
    assert_eq!(seen.score, score.unwrap().into_inner().score);
    let request = GetLoyaltyRequest {
        customer_id: customer(1).to_string(),
    };
    let loyalty = world
        .scoring()
        .get_loyalty(world.hq(request))
        .await
        .unwrap();
    assert_eq!(seen.loyalty, loyalty.into_inner().loyalty);
    let request = GetDueDatesRequest {
        customer_id: customer(1).to_string(),
        ..GetDueDatesRequest::default()
    };
    let due = world
        .scoring()
        .get_due_dates(world.hq(request))
        .await
        .unwrap();
    assert_eq!(seen.cars, due.into_inner().cars);
    assert_eq!(seen.cars.len(), 1);
    assert!(!seen.cars[0].dates.is_empty());

    forget_kept(&world).await;
    assert_eq!(outlook(&world, 1).await, seen, "worked out");
}

async fn whatever_is_told_shows_at_once(db: TestDb) {
    let world = one_car(db).await;
    let before = outlook(&world, 1).await;
    // A visit: what is kept of the car is of no use until it is found anew, and what is kept of the customer is new.
    world
        .visits
        .deliver([visited(2, vec![read(3, "2026-05-01", 40_000)])])
        .await;
    let after = outlook(&world, 1).await;
    let visits = |outlook: &GetOutlookResponse| {
        let loyalty = outlook.loyalty.as_ref().unwrap();
        loyalty.rhythm.as_ref().unwrap().visits
    };
    assert_eq!((visits(&before), visits(&after)), (2, 3));
    assert!(after.cars[0].mileage.unwrap().driven_km > 40_000.0);
    // It was another car's after all.
    let mut corrected = read(3, "2026-05-01", 40_000);
    (corrected.vin, corrected.version) = (OTHER.into(), 9);
    world.wait_for(FOUND, 0).await;
    world.visits.deliver([visited(3, vec![corrected])]).await;
    let after = outlook(&world, 1).await;
    assert!(after.cars[0].mileage.unwrap().driven_km < 40_000.0);
    // A plan for all models.
    let plan = Plan {
        model: String::new(),
        first_km: 5_000,
        first_months: 6,
        every_km: 7_777,
        every_months: 24,
    };
    let put = PutPlanRequest {
        plan: Some(plan),
        only_new: false,
    };
    world
        .scoring()
        .put_plan(world.hq(put.clone()))
        .await
        .unwrap();
    let new = PutPlanRequest {
        only_new: true,
        ..put
    };
    let refused = world.scoring().put_plan(world.hq(new)).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    let after = outlook(&world, 1).await;
    let words: Vec<&str> = after.cars[0]
        .dates
        .iter()
        .map(|due| due.reason_en.as_str())
        .collect();
    assert!(
        words.iter().any(|words| words.contains("7777 km")),
        "{words:?}"
    );
    // Another car.
    let owned = owns(4, OTHER, record_of("D1", "K1"), "2026-05-20");
    world
        .vehicles
        .deliver([sold(3, OTHER, "2026-05-20"), owned])
        .await;
    assert_eq!(outlook(&world, 1).await.cars.len(), 2);
    // What he says, and who he turns out to be.
    world.put("D1", assessment("A1", "K1", "survey", "1")).await;
    let degrees = outlook(&world, 1).await.loyalty.unwrap().degrees.unwrap();
    assert!(degrees.satisfaction.unwrap() < 50.0, "{degrees:?}");
    world
        .customers
        .deliver([merged(2, customer(1), customer(2), false)])
        .await;
    world
        .customers
        .deliver([linked(3, vec![link("D1", "K1", customer(2))])])
        .await;
    let other = outlook(&world, 2).await;
    assert_eq!((visits(&other), other.cars.len()), (3, 2));
    assert_eq!(
        outlook(&world, 1).await,
        other,
        "the id of who was merged away"
    );
    forget_kept(&world).await;
    assert_eq!(outlook(&world, 2).await, other, "worked out");
}

/// 33 km a day; the last service is ten months after the last reading that is believed.
async fn the_next_service_counts_from_what_was_driven_at_the_last(db: TestDb) {
    let world = one_car(db).await;
    // Typed with a digit too many, and not at all.
    for (version, km) in [(1, 280_500), (2, 0)] {
        let mut service = read(3, "2026-05-10", km);
        service.version = version;
        world
            .visits
            .deliver([visited(1 + version, vec![service])])
            .await;
        let seen = outlook(&world, 1).await;
        let mut dates = seen.cars[0].dates.iter();
        let due = dates.find(|due| due.kind == "maintenance").unwrap();
        let at_km = due.at_km.unwrap();
        assert!((37_500.0..38_500.0).contains(&at_km), "{due:?}");
        assert!(due.date.starts_with("2027-03-"), "{due:?}");
        assert!(
            due.reason_en.contains("2026-05-10") && due.reason_en.contains("estimated"),
            "{due:?}"
        );
    }
    // Of a car without a sale and a reading the months alone say when, and nothing is said of km.
    let owned = owns(4, OTHER, record_of("D1", "K1"), "2026-05-01");
    world.vehicles.deliver([sold(3, OTHER, ""), owned]).await;
    let mut unread = read(4, "2026-05-10", 0);
    unread.vin = OTHER.into();
    world.visits.deliver([visited(4, vec![unread])]).await;
    let seen = outlook(&world, 1).await;
    let other = seen.cars.iter().find(|car| car.vin == OTHER).unwrap();
    let mut dates = other.dates.iter();
    let due = dates.find(|due| due.kind == "maintenance").unwrap();
    assert_eq!((due.at_km, due.date.as_str()), (None, "2027-05-10"));
    assert!(!due.reason_en.contains("km"), "{due:?}");
}

async fn who_may_not_ask_for_scores_sees_what_is_due(db: TestDb) {
    let world = one_car(db).await;
    let dealer = |code: &str| Scope::Dealer(code.parse().unwrap());
    let technician = world.ask(Role::Technician, dealer("D1"), asked(1));
    let seen = ask(&world, technician).await.unwrap();
    assert_eq!((seen.score, seen.loyalty), (None, None));
    assert_eq!(seen.cars.len(), 1);
    let foreign = world.ask(Role::Manager, dealer("D3"), asked(1));
    assert_eq!(ask(&world, foreign).await, Err(Code::NotFound));
    let own = world.ask(Role::Customer, Scope::Customer(customer(1)), asked(1));
    assert!(ask(&world, own).await.unwrap().score.is_some());
    let another = world.ask(Role::Customer, Scope::Customer(customer(2)), asked(1));
    assert_eq!(ask(&world, another).await, Err(Code::NotFound));
}

async fn who_refused_or_is_not_known_has_no_outlook(db: TestDb) {
    let world = one_car(db).await;
    world
        .customers
        .deliver([consented(2, customer(1), false)])
        .await;
    let seen = outlook(&world, 1).await;
    assert!(seen.loyalty.unwrap().opted_out);
    assert_eq!(seen.score.unwrap().standing, None);
    assert_eq!(seen.cars.len(), 1, "his car is due all the same");
    let stranger = outlook(&world, 9).await;
    assert_eq!(
        (stranger.score, stranger.loyalty, stranger.cars.len()),
        (None, None, 0)
    );
}

async fn what_is_due_is_told_to_nobody_else_of_who_does_not_want_to_be_reminded(db: TestDb) {
    let world = one_car(db).await;
    let due = async |role, scope, for_the_person| {
        let request = GetDueDatesRequest {
            customer_id: customer(1).to_string(),
            for_the_person,
            ..GetDueDatesRequest::default()
        };
        let request = world.ask(role, scope, request);
        let answer = world.scoring().get_due_dates(request).await;
        answer
            .map(|answer| answer.into_inner().cars.len())
            .map_err(|status| status.code())
    };
    let dealer = || Scope::Dealer("D1".parse().unwrap());
    let himself = || Scope::Customer(customer(1));
    assert_eq!(due(Role::Service, dealer(), false).await, Ok(1));
    let word = (customer(1), "care");
    world.withdrawn.lock().unwrap().push(word);
    assert_eq!(due(Role::Service, dealer(), false).await, Ok(0));
    assert_eq!(due(Role::Service, dealer(), true).await, Ok(0));
    assert_eq!(due(Role::HqAdmin, Scope::Headquarters, true).await, Ok(1));
    assert_eq!(due(Role::Customer, himself(), false).await, Ok(1));
    let foreign = Scope::Dealer("D3".parse().unwrap());
    assert_eq!(
        due(Role::Service, foreign, false).await,
        Err(Code::NotFound)
    );
    let seen = outlook(&world, 1).await;
    assert_eq!((seen.cars.len(), seen.cars_left_out), (0, false));
    assert!(
        seen.score.unwrap().state == 1 && seen.loyalty.is_some(),
        "he is scored as before"
    );
    let own = world.ask(Role::Customer, himself(), asked(1));
    assert_eq!(ask(&world, own).await.unwrap().cars.len(), 1);

    *world.withdrawn.lock().unwrap() = vec![(customer(2), DOWN)];
    let unknown = due(Role::Service, dealer(), false).await;
    assert_eq!(unknown, Err(Code::Unavailable));
    let seen = outlook(&world, 1).await;
    assert_eq!((seen.cars.len(), seen.cars_left_out), (0, true));
}
