//! Loyalty, churn and due dates from events.

use marque_api::{
    scoring::v1::{
        DueDate, GetChurnModelRequest, GetChurnModelResponse, GetDueDatesRequest,
        GetLoyaltyRequest, ListLoyaltyRequest, Loyalty, Plan, PutPlanRequest,
    },
    service_history::v1::RecordedVisit,
};
use marque_auth::{Role, Scope};
use marque_core::CustomerId;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{
    World, assessment, consented, customer, dated, licensed, link, linked, owns, record_of, sold,
    vehicle, visit, visited,
};

store_test_suite!(
    rhythm_and_not_months_decides_who_is_loyal_or_lost,
    lists_show_a_dealer_his_own_and_forget_who_refused,
    of_whom_nothing_happened_no_list_speaks_and_no_filter_finds_more,
    degrees_and_rungs_follow_what_is_said_and_done,
    due_dates_follow_mileage_and_plan,
    who_was_won_back_is_told_with_its_doubt,
    an_inspection_goes_by_what_the_vehicle_licence_says,
    what_is_past_is_said_to_be_overdue,
    what_is_long_past_has_lapsed,
    the_churn_model_tells_its_calibration_curve,
    after_a_first_import_everybody_is_compared_with_all,
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
    for (dealer, count) in [("D1", 1), ("D3", 0)] {
        let of_dealer = ListLoyaltyRequest {
            dealer: dealer.into(),
            ..list("lost")
        };
        let answer = world.scoring().list_loyalty(world.hq(of_dealer)).await;
        assert_eq!(answer.unwrap().into_inner().customers.len(), count);
    }
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

async fn of_whom_nothing_happened_no_list_speaks_and_no_filter_finds_more(db: TestDb) {
    let world = four_rhythms(db).await;
    let links = (5..=6).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(2, links.collect())]).await;
    world
        .put("D1", assessment("1", "K5", "intention", "5"))
        .await;
    world.put("D1", assessment("2", "K6", "survey", "2")).await;
    let stranger = loyalty(&world, customer(5)).await;
    assert_eq!((stranger.trust.as_str(), stranger.churn), ("", None));
    let list = async |trust: &str, churn_at_least: f64| {
        let request = ListLoyaltyRequest {
            trust: trust.into(),
            churn_at_least,
            ..ListLoyaltyRequest::default()
        };
        let answer = world.scoring().list_loyalty(world.hq(request)).await;
        answer.unwrap().into_inner().customers
    };
    let all = list("", 0.0).await;
    let unknown: Vec<bool> = all.iter().map(|line| line.churn_unknown).collect();
    assert_eq!(unknown, [false, false, false, false, true]);
    assert_eq!(all[4].customer_id, customer(6).to_string());
    for line in &all {
        assert!(list(&line.trust, 0.0).await.contains(line), "{line:?}");
    }
    let half_trusting = list("half_trusting", 0.0).await;
    assert!(half_trusting.iter().all(|line| all.contains(line)));
    let likely = list("half_trusting", 0.001).await;
    assert!(likely.iter().all(|line| !line.churn_unknown));
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
    let put = PutPlanRequest {
        plan: Some(plan),
        only_new: false,
    };
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

async fn who_was_won_back_is_told_with_its_doubt(db: TestDb) {
    let world = World::start(db).await;
    let links = (1..=2).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    // Both came every two months and stayed away for two years; K1 came back once, K2 comes as before.
    let both = ["2023-01-10", "2023-03-10", "2023-05-10", "2023-07-10"];
    let mut visits = Vec::new();
    for (key, since) in [
        ("K1", vec!["2026-05-20"]),
        ("K2", vec!["2026-01-20", "2026-03-20", "2026-05-20"]),
    ] {
        for date in both.iter().chain(&since) {
            let order = visits.len() as u128 + 1;
            visits.push(visit("D1", order, key, date));
        }
    }
    world.visits.deliver([visited(1, visits)]).await;
    let request = ListLoyaltyRequest {
        trust: "won_back".into(),
        ..ListLoyaltyRequest::default()
    };
    let list = world.scoring().list_loyalty(world.hq(request)).await;
    let lines = list.unwrap().into_inner().customers;
    let back = |n: u128| {
        let line = lines
            .iter()
            .find(|line| line.customer_id == customer(n).to_string());
        line.and_then(|line| line.won_back.clone()).unwrap()
    };
    let (once, regular) = (back(1), back(2));
    assert_eq!(
        (once.on.as_str(), once.away_days, once.visits_since),
        ("2026-05-20", 1_045, 1)
    );
    assert_eq!(once.certainty, "tentative");
    assert_eq!(
        (regular.on.as_str(), regular.visits_since),
        ("2026-01-20", 3)
    );
    assert_eq!(regular.certainty, "settled");
    let alone = loyalty(&world, customer(1)).await;
    assert_eq!(alone.won_back, Some(once));
}

async fn an_inspection_goes_by_what_the_vehicle_licence_says(db: TestDb) {
    let world = World::start(db).await;
    let inspection = async |position, vehicle_use: &str, seats| {
        let event = licensed(position, VIN, "2024-01-10", (vehicle_use, seats));
        world.vehicles.deliver([event]).await;
        let request = GetDueDatesRequest {
            vehicle_id: vehicle(VIN).to_string(),
            ..GetDueDatesRequest::default()
        };
        let answer = world.scoring().get_due_dates(world.hq(request)).await;
        let mut dates = answer.unwrap().into_inner().cars.remove(0).dates;
        dates.retain(|due| due.kind == "inspection");
        let due = dates.remove(0);
        (due.date, due.reason_zh.contains("未登记使用性质"))
    };
    let expected = |date: &str, is_assumed| (date.to_owned(), is_assumed);
    assert_eq!(inspection(1, "", 0).await, expected("2028-01-31", true));
    assert_eq!(
        inspection(2, "private", 5).await,
        expected("2028-01-31", false)
    );
    assert_eq!(
        inspection(3, "operating", 5).await,
        expected("2027-01-31", false)
    );
    assert_eq!(
        inspection(4, "private", 14).await,
        expected("2027-01-31", false)
    );
    // A process of the release before knows of no licence.
    assert_eq!(inspection(5, "", 0).await, expected("2027-01-31", false));
}

async fn what_is_long_past_has_lapsed(db: TestDb) {
    let world = World::start(db).await;
    let dates = async |position, ends: [&str; 3]| {
        let car = dated(position, VIN, "2020-01-10", ends);
        world.vehicles.deliver([car]).await;
        let request = GetDueDatesRequest {
            vehicle_id: vehicle(VIN).to_string(),
            ..GetDueDatesRequest::default()
        };
        let answer = world.scoring().get_due_dates(world.hq(request)).await;
        answer.unwrap().into_inner().cars.remove(0).dates
    };
    let brief = |dates: &[DueDate], kind: &str| {
        let due = dates.iter().find(|due| due.kind == kind).unwrap();
        (due.lapsed, due.overdue_days)
    };
    // It is 2026-06-15: 90 and 91 days, 180 and 181.
    let overdue = dates(1, ["2026-03-17", "2025-12-17", ""]).await;
    assert_eq!(brief(&overdue, "insurance"), (false, Some(90)));
    assert_eq!(brief(&overdue, "inspection"), (false, Some(180)));
    let lapsed = dates(2, ["2026-03-16", "2025-12-16", ""]).await;
    assert_eq!(brief(&lapsed, "insurance"), (true, None));
    assert_eq!(brief(&lapsed, "inspection"), (true, None));
    let words = lapsed.iter().find(|due| due.kind == "insurance").unwrap();
    assert!(words.reason_zh.contains("现状不明") && words.reason_en.contains("not known"));
    // A workshop that sees the car is to say that its inspection is over; of its insurance it knows no more than before.
    let mut seen = visit("D1", 1, "K1", "2025-09-01");
    seen.vin = VIN.into();
    world.visits.deliver([visited(1, vec![seen])]).await;
    let seen = dates(3, ["2026-03-16", "2025-12-16", ""]).await;
    assert_eq!(brief(&seen, "inspection"), (false, Some(181)));
    assert_eq!(brief(&seen, "insurance"), (true, None));
    let told = dates(4, ["2027-03-16", "2027-12-16", ""]).await;
    assert_eq!(brief(&told, "insurance"), (false, None));
}

async fn what_is_past_is_said_to_be_overdue(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "K1", customer(1))];
    world.customers.deliver([linked(1, links)]).await;
    let owned = owns(2, VIN, record_of("D1", "K1"), "2024-01-10");
    let dated = dated(
        1,
        VIN,
        "2024-01-10",
        ["2026-06-05", "2026-06-25", "2026-06-14"],
    );
    world.vehicles.deliver([dated, owned]).await;
    let request = GetDueDatesRequest {
        customer_id: customer(1).to_string(),
        ..GetDueDatesRequest::default()
    };
    let answer = world.scoring().get_due_dates(world.hq(request)).await;
    let dates = answer.unwrap().into_inner().cars[0].dates.clone();
    let of = |kind: &str| dates.iter().find(|date| date.kind == kind).unwrap();
    let insurance = of("insurance");
    assert_eq!(insurance.overdue_days, Some(10));
    assert!(
        insurance.reason_zh.contains("已逾期 10 天"),
        "{insurance:?}"
    );
    assert!(insurance.reason_en.contains("overdue by 10 days"));
    assert_eq!(of("inspection").overdue_days, None);
    assert!(!of("inspection").reason_en.contains("overdue"));
    let warranty = of("warranty");
    assert_eq!(warranty.overdue_days, Some(1));
    assert!(warranty.reason_en.contains("over for 1 day"));
}

async fn churn_model(world: &World) -> GetChurnModelResponse {
    let request = world.hq(GetChurnModelRequest {});
    let answer = world.scoring().get_churn_model(request).await;
    answer.unwrap().into_inner()
}

/// Lets the role look whether there is more to learn from, and waits until it has learnt from so many.
async fn learn_from(world: &World, customers: i64) -> GetChurnModelResponse {
    world.start_again("scoring.learn");
    for _ in 0..400 {
        let learnt = churn_model(world).await;
        if learnt.learnt_from == customers {
            return learnt;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("nothing was learnt from {customers} customers");
}

async fn the_churn_model_tells_its_calibration_curve(db: TestDb) {
    let world = World::start(db).await;
    let shipped = churn_model(&world).await;
    assert_eq!((shipped.learnt_from, shipped.window_days), (0, 180));
    assert!(shipped.calibration.is_empty() && shipped.brier.is_none());
    assert_eq!(shipped.weights.len(), 7);
    let links = (1..=200).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    // Each has his own interval, and every fourth stopped after one to three visits.
    let first = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let mut visits = Vec::new();
    for n in 1..=200_u64 {
        let most = if n % 4 == 0 { 1 + n % 3 } else { 100 };
        let (mut on, mut count) = (n * 13 % 300, 0);
        while on <= 890 && count < most {
            let date = (first + chrono::Days::new(on)).to_string();
            let order = u128::from(n * 1_000 + count);
            visits.push(visit("D1", order, &format!("K{n}"), &date));
            count += 1;
            on += 20 + n * 37 % 150 + n * count * 31 % 40;
        }
    }
    world.visits.deliver([visited(1, visits)]).await;
    let learnt = learn_from(&world, 200).await;
    let counted: i64 = learnt.calibration.iter().map(|bin| bin.customers).sum();
    assert_eq!((learnt.calibration.len(), counted), (10, 200));
    assert!(learnt.calibration.is_sorted_by_key(|bin| bin.stated));
    let brier = learnt.brier.unwrap();
    assert!((0.0..0.25).contains(&brier), "better than a coin: {brier}");
    let alike = loyalty(&world, customer(2)).await.alike.unwrap();
    assert!(learnt.calibration.contains(&alike));
}

async fn after_a_first_import_everybody_is_compared_with_all(db: TestDb) {
    let world = World::start(db).await;
    let links = (1..=41).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    let spending = |n: u128| RecordedVisit {
        amount_minor: 10_000 * n as i64,
        ..visit("D1", n, &format!("K{n}"), "2026-03-02")
    };
    world
        .visits
        .deliver([visited(1, vec![spending(1), spending(2)])])
        .await;
    learn_from(&world, 2).await;
    let contribution = async |n: u128| {
        loyalty(&world, customer(n))
            .await
            .degrees
            .unwrap()
            .contribution
    };
    assert_eq!(contribution(2).await, Some(75.0), "above one of two");
    world.clock.advance(std::time::Duration::from_mins(5));
    // The rest of the file, on the same day.
    let rest = (3..=41).map(spending).collect();
    world.visits.deliver([visited(2, rest)]).await;
    learn_from(&world, 41).await;
    let [second, last] = [contribution(2).await, contribution(41).await].map(Option::unwrap);
    assert!(second < 5.0 && last > 95.0, "{second} {last}");
}
