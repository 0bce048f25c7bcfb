//! Loyalty, churn and due dates from events.

use marque_api::scoring::v1::{
    GetDueDatesRequest, GetGuaranteesRequest, GetLoyaltyRequest, ListLoyaltyRequest, Loyalty, Plan,
    PutPlanRequest,
};
use marque_api::service_history::v1::{Line, LineKind, Visit};
use marque_auth::{Role, Scope};
use marque_core::CustomerId;
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{
    World, assessment, consented, customer, day, link, linked, owns, record_of, sold, vehicle,
    visit, visited,
};

store_test_suite!(
    rhythm_and_not_months_decides_who_is_loyal_or_lost,
    lists_show_a_dealer_his_own_and_forget_who_refused,
    degrees_and_rungs_follow_what_is_said_and_done,
    due_dates_follow_mileage_and_plan,
    guarantees_count_repair_orders_and_warn,
);

const VIN: &str = "LMVCA1A60R1000001";

async fn loyalty(world: &World, customer: CustomerId) -> Loyalty {
    let request = GetLoyaltyRequest {
        customer_id: customer.to_string(),
    };
    let answer = world.scoring().get_loyalty(world.hq(request)).await;
    answer.unwrap().into_inner().loyalty.unwrap()
}

/// K1 comes every two months and came last month, K2 came so and stopped a year ago, K3 comes once a year, K4 is new.
async fn four_rhythms(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = (1..=4).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    let mut visits = Vec::new();
    let mut come = |key: u128, dates: &[&str]| {
        for (n, date) in (0..).zip(dates) {
            visits.push(visit("D1", key * 100 + n, &format!("K{key}"), date));
        }
    };
    come(
        1,
        &[
            "2025-07-15",
            "2025-09-15",
            "2025-11-15",
            "2026-01-15",
            "2026-03-15",
            "2026-05-15",
        ],
    );
    come(
        2,
        &[
            "2024-07-15",
            "2024-09-15",
            "2024-11-15",
            "2025-01-15",
            "2025-03-15",
            "2025-05-15",
        ],
    );
    come(3, &["2022-06-20", "2023-06-20", "2024-06-20", "2025-06-20"]);
    come(4, &["2026-06-01"]);
    world.visits.deliver([visited(1, visits)]).await;
    world
}

async fn rhythm_and_not_months_decides_who_is_loyal_or_lost(db: TestDb) {
    let world = four_rhythms(db).await;
    let mut seen = Vec::new();
    for n in 1..=4 {
        let loyalty = loyalty(&world, customer(n)).await;
        seen.push((loyalty.class, loyalty.trust, loyalty.churn.unwrap()));
    }
    let words: Vec<(&str, &str)> = seen
        .iter()
        .map(|(class, trust, _)| (class.as_str(), trust.as_str()))
        .collect();
    assert_eq!(words[0], ("loyal", "trusting"));
    assert_eq!(words[1], ("lost", "lost"));
    // A year after a year's interval nobody is lost; half a year after two months' interval he would be.
    assert_ne!(words[2].0, "lost");
    assert_eq!(words[3], ("general", "half_trusting"));
    assert!(
        seen[1].2 > seen[0].2,
        "who stopped is likelier to stay away: {seen:?}"
    );
    let late = loyalty(&world, customer(2)).await;
    assert_eq!(late.reasons[0].key, "late");
    assert!(late.reasons[0].zh.contains("周期"));
    let rhythm = late.rhythm.unwrap();
    assert_eq!(
        (rhythm.visits, rhythm.last_visit.as_str()),
        (6, "2025-05-15")
    );
}

async fn lists_show_a_dealer_his_own_and_forget_who_refused(db: TestDb) {
    let world = four_rhythms(db).await;
    let list = |trust: &str| ListLoyaltyRequest {
        trust: trust.into(),
        page_size: 1,
        ..ListLoyaltyRequest::default()
    };
    let lost = world.scoring().list_loyalty(world.hq(list("lost"))).await;
    let lost = lost.unwrap().into_inner();
    assert_eq!(lost.customers[0].customer_id, customer(2).to_string());
    assert_eq!(
        (lost.customers[0].dealer.as_str(), lost.customers[0].visits),
        ("D1", 6)
    );
    let mut all: Vec<f64> = Vec::new();
    let mut page = list("");
    loop {
        let answer = world.scoring().list_loyalty(world.hq(page.clone())).await;
        let answer = answer.unwrap().into_inner();
        all.extend(answer.customers.iter().map(|line| line.churn));
        if answer.next_page_token.is_empty() {
            break;
        }
        page.page_token = answer.next_page_token;
    }
    assert_eq!(all.len(), 4);
    assert!(all.is_sorted_by(|a, b| a >= b), "{all:?}");
    let foreign = world
        .scoring()
        .list_loyalty(world.manager("D3", list("")))
        .await;
    assert!(foreign.unwrap().into_inner().customers.is_empty());
    let wrong = world.scoring().list_loyalty(world.hq(list("happy"))).await;
    assert_eq!(marque_errors::Problem::from(wrong.unwrap_err()).status, 400);
    world
        .customers
        .deliver([consented(2, customer(2), false)])
        .await;
    let lost = world.scoring().list_loyalty(world.hq(list("lost"))).await;
    assert!(lost.unwrap().into_inner().customers.is_empty());
    assert!(loyalty(&world, customer(2)).await.opted_out);
    assert_eq!(world.count("SELECT count(*) FROM loyalty_history").await, 3);
}

async fn degrees_and_rungs_follow_what_is_said_and_done(db: TestDb) {
    let world = four_rhythms(db).await;
    let before = loyalty(&world, customer(1)).await;
    let degrees = before.degrees.unwrap();
    assert_eq!(
        (degrees.satisfaction, degrees.dependence),
        (None, Some(100.0))
    );
    assert_eq!(
        before.rung, "retained",
        "three visits say enough of who was never asked"
    );
    world.put("D1", assessment("1", "K1", "survey", "2")).await;
    let asked = loyalty(&world, customer(1)).await;
    assert_eq!(asked.degrees.unwrap().satisfaction, Some(25.0));
    assert_eq!(
        (asked.rung.as_str(), asked.trust.as_str()),
        ("new", "half_trusting")
    );
    assert!(asked.reasons.iter().any(|reason| reason.key == "lukewarm"));
    // What he is at one dealer another does not learn.
    let request = GetLoyaltyRequest {
        customer_id: customer(1).to_string(),
    };
    let own = world
        .scoring()
        .get_loyalty(world.manager("D1", request.clone()))
        .await;
    assert_eq!(own.unwrap().into_inner().loyalty.unwrap().dealers.len(), 1);
    let foreign = world
        .scoring()
        .get_loyalty(world.manager("D3", request))
        .await;
    assert_eq!(foreign.unwrap_err().code(), tonic::Code::NotFound);
}

async fn due_dates_follow_mileage_and_plan(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "K1", customer(1))])])
        .await;
    world
        .vehicles
        .deliver([
            sold(1, VIN, "2024-01-10"),
            owns(2, VIN, record_of("D1", "K1"), "2024-01-10"),
        ])
        .await;
    let read = |order, date: &str, km| {
        let mut one = visit("D1", order, "K1", date);
        (one.vin, one.odometer_km) = (VIN.into(), km);
        one
    };
    world
        .visits
        .deliver([visited(
            1,
            vec![read(1, "2025-01-10", 12_000), read(2, "2025-07-09", 18_000)],
        )])
        .await;
    let plan = Plan {
        model: "S5 Plus".into(),
        first_km: 5_000,
        first_months: 6,
        every_km: 12_000,
        every_months: 24,
    };
    let put = PutPlanRequest { plan: Some(plan) };
    world.scoring().put_plan(world.hq(put)).await.unwrap();
    let request = GetDueDatesRequest {
        customer_id: customer(1).to_string(),
        ..GetDueDatesRequest::default()
    };
    let answer = world.scoring().get_due_dates(world.hq(request)).await;
    let cars = answer.unwrap().into_inner().cars;
    assert_eq!(cars.len(), 1);
    let mileage = cars[0].mileage.unwrap();
    assert!((30.0..37.0).contains(&mileage.daily_km), "{mileage:?}");
    assert!(mileage.low_km <= mileage.driven_km && mileage.driven_km <= mileage.high_km);
    let of = |kind: &str| cars[0].dates.iter().find(|due| due.kind == kind).unwrap();
    let service = of("maintenance");
    assert_eq!(service.at_km, Some(30_000.0));
    // 12,000 km at 33 km a day are a year.
    assert!(service.date.starts_with("2026-0"), "{service:?}");
    assert!(service.earliest <= service.date && service.date <= service.latest);
    assert!(service.reason_en.contains("12000 km") && service.reason_zh.contains("预测里程"));
    assert_eq!(of("inspection").date, "2028-01-31");
    assert_eq!(of("insurance").date, "2027-01-09");
    assert_eq!(of("warranty").date, "2027-01-10");
    assert!(cars[0].dates.is_sorted_by_key(|due| due.date.clone()));
    let one = |role, scope| {
        let request = GetDueDatesRequest {
            vehicle_id: vehicle(VIN).to_string(),
            ..GetDueDatesRequest::default()
        };
        world.ask(role, scope, request)
    };
    let dealer = |code: &str| Scope::Dealer(code.parse().unwrap());
    for (role, scope, sees) in [
        (Role::Technician, dealer("D1"), true),
        (Role::Technician, dealer("D3"), false),
        (Role::Customer, Scope::Customer(customer(1)), true),
        (Role::Customer, Scope::Customer(customer(2)), false),
    ] {
        let answer = world.scoring().get_due_dates(one(role, scope)).await;
        assert_eq!(answer.is_ok(), sees, "{role}");
    }
    // He sells it: what becomes of it is the new owner's to know.
    let buyer = linked(2, vec![link("D2", "K2", customer(2))]);
    world.customers.deliver([buyer]).await;
    let bought = owns(3, VIN, record_of("D2", "K2"), "2026-01-10");
    world.vehicles.deliver([bought]).await;
    for (who, sees) in [(customer(1), false), (customer(2), true)] {
        let asked = one(Role::Customer, Scope::Customer(who));
        let answer = world.scoring().get_due_dates(asked).await;
        assert_eq!(answer.is_ok(), sees, "{who}");
    }
}

async fn guarantees_count_repair_orders_and_warn(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "K1", customer(1))])])
        .await;
    world
        .vehicles
        .deliver([
            sold(1, VIN, "2025-12-01"),
            owns(2, VIN, record_of("D1", "K1"), "2025-12-01"),
        ])
        .await;
    let repair = |number: u32, from: &str, to: &str| Visit {
        id: format!("vis_{number:032}"),
        dealer: "D1".into(),
        order_number: format!("R{number}"),
        vin: VIN.into(),
        kind: "warranty".into(),
        opened_at: Some(to_proto_time(day(from))),
        closed_at: Some(to_proto_time(day(to))),
        odometer_km: 2_000,
        lines: vec![Line {
            kind: LineKind::Part.into(),
            code: "EPS-1".into(),
            name: "转向机".into(),
            fault_code: "C1".into(),
            ..Line::default()
        }],
        ..Visit::default()
    };
    *world.repair_orders.lock().unwrap() = vec![
        repair(1, "2026-01-10", "2026-01-25"),
        repair(2, "2026-03-01", "2026-03-12"),
        Visit {
            kind: "maintenance".into(),
            ..repair(3, "2026-04-01", "2026-05-01")
        },
        // Nobody wrote when it left, but it came again: a day, not all the time since.
        Visit {
            closed_at: None,
            lines: Vec::new(),
            ..repair(4, "2026-02-10", "2026-02-10")
        },
    ];
    let request = GetGuaranteesRequest {
        vehicle_id: vehicle(VIN).to_string(),
    };
    let answer = world
        .scoring()
        .get_guarantees(world.hq(request.clone()))
        .await;
    let counted = answer.unwrap().into_inner();
    assert_eq!(
        (counted.start.as_str(), counted.period_end.as_str()),
        ("2025-12-01", "2027-12-01")
    );
    let of = |rule: &str| {
        counted
            .counters
            .iter()
            .find(|each| each.rule == rule)
            .unwrap()
    };
    let days = of("repair_days");
    assert_eq!(
        (days.count, days.reached_at, days.level.as_str()),
        (27, 31, "warning")
    );
    assert_eq!(days.evidence.len(), 3, "{:?}", days.evidence);
    let part = of("main_part_replaced");
    assert_eq!(
        (part.count, part.level.as_str(), part.subject.as_str()),
        (2, "reached", "steering: EPS-1")
    );
    assert_eq!(of("same_defect").count, 2);
    let foreign = world
        .scoring()
        .get_guarantees(world.manager("D3", request))
        .await;
    assert_eq!(foreign.unwrap_err().code(), tonic::Code::NotFound);
}
