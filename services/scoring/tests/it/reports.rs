//! Tables for analysts, as of any past instant.

use marque_api::{
    customer::v1::{Kind, Link},
    scoring::v1::{GetLoyaltyRequest, GetReportRequest, report_cell::Value},
    service_history::v1::RecordedVisit,
};
use marque_core::{Clock as _, Timestamp};
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{
    World, assessment, consented, customer, day, disowns, link, linked, of_model, owns, record_of,
    visit, visited,
};

store_test_suite!(
    tiers_are_exact_as_of_any_past_instant,
    retention_and_cohorts_count_who_came_again,
    people_are_told_apart_by_occupation_and_age,
    degrees_of_a_dealer_are_the_mean_of_what_his_customers_are_to_him,
    every_table_holds_what_its_columns_say,
    what_makes_no_sense_is_refused,
    classes_by_model_are_those_with_the_model,
    a_car_that_came_back_counts_with_its_model_again,
    who_lost_a_car_is_lost_to_its_model_and_past_tables_stay,
    persons_and_organizations_are_told_apart_if_asked,
    who_has_records_of_both_kinds_is_of_one,
);

type Row = Vec<String>;

fn ask(report: &str, by: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> GetReportRequest {
    GetReportRequest {
        report: report.into(),
        by: by.into(),
        kind: String::new(),
        from: from.map(to_proto_time),
        to: to.map(to_proto_time),
    }
}

async fn table(world: &World, request: GetReportRequest) -> Vec<Row> {
    let answer = world.scoring().get_report(world.hq(request)).await;
    let cell = |value: Option<Value>| match value {
        Some(Value::Text(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        None => String::new(),
    };
    let rows = answer.unwrap().into_inner().rows.into_iter();
    rows.map(|row| row.cells.into_iter().map(|each| cell(each.value)).collect())
        .collect()
}

async fn tiers_are_exact_as_of_any_past_instant(db: TestDb) {
    let world = World::start(db).await;
    let links = (1..=10).map(|n| {
        let dealer = if n <= 5 { "D1" } else { "D3" };
        link(dealer, &format!("K{n}"), customer(n))
    });
    world.customers.deliver([linked(1, links.collect())]).await;
    for n in 1..=10_u32 {
        let dealer = if n <= 5 { "D1" } else { "D3" };
        let value = (10 * n).to_string();
        world
            .put(
                dealer,
                assessment(
                    &format!("s{n}"),
                    &format!("K{n}"),
                    "social_influence",
                    &value,
                ),
            )
            .await;
    }
    let then = world.clock.now();
    world.clock.advance(std::time::Duration::from_hours(48));
    // The two at the bottom overtake everybody.
    for n in 1..=2_u32 {
        for subject in ["future_value", "transaction_amount", "interaction"] {
            let key = format!("{subject}{n}");
            world
                .put("D1", assessment(&key, &format!("K{n}"), subject, "100"))
                .await;
        }
    }
    // A fifth of 10 to 100 points of social influence, and 40 for what is not known.
    let spread = table(&world, ask("scores", "dealer", None, Some(then))).await;
    let rows = [
        ["D1", "40", "50", "4"],
        ["D1", "50", "60", "1"],
        ["D3", "50", "60", "4"],
        ["D3", "60", "70", "1"],
    ];
    assert_eq!(spread, rows.map(|row| row.map(str::to_owned).to_vec()));
    let tiers = |to| table(&world, ask("tiers", "dealer", None, to));
    let count = |rows: &[Row], group: &str, tier: &str| {
        let row = rows.iter().find(|row| row[0] == group && row[1] == tier);
        row.map_or_else(|| "0".to_owned(), |row| row[2].clone())
    };
    let (before, now) = (tiers(Some(then)).await, tiers(None).await);
    assert_eq!(count(&before, "D1", "ordinary"), "0", "{before:?}");
    assert_eq!(count(&before, "D3", "ordinary"), "2");
    let moved: u32 = count(&now, "D1", "ordinary").parse().unwrap();
    assert_eq!(moved, 2, "{now:?}");
    let world_moves = table(&world, ask("tier-migrations", "", Some(then), None)).await;
    let up: Vec<&Row> = world_moves
        .iter()
        .filter(|row| row[1] == "small" && row[2] == "ordinary")
        .collect();
    assert_eq!(
        up.iter()
            .map(|row| row[3].parse::<u32>().unwrap())
            .sum::<u32>(),
        moved
    );
    let total: u32 = world_moves
        .iter()
        .map(|row| row[3].parse::<u32>().unwrap())
        .sum();
    assert_eq!(total, 10);
}

async fn every_table_holds_what_its_columns_say(db: TestDb) {
    let world = World::start(db).await;
    let links = (1..=3).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    let visits = vec![
        visit("D1", 1, "K1", "2025-02-01"),
        visit("D1", 2, "K1", "2026-02-01"),
        visit("D1", 3, "K2", "2025-03-01"),
    ];
    world.visits.deliver([visited(1, visits)]).await;
    let reports = [
        ("scores", "dealer"),
        ("tiers", ""),
        ("tier-migrations", "occupation"),
        ("loyalty", "model"),
        ("ladder", "dealer"),
        ("trust", ""),
        ("loyalty-migrations", "age"),
        ("degrees", "dealer"),
        ("retention", "cohort"),
        ("cohorts", "region"),
    ];
    for (report, by) in reports {
        let asked = ask(report, by, Some(day("2026-01-01")), Some(day("2026-06-01")));
        let answer = world.scoring().get_report(world.hq(asked)).await;
        let table = answer.unwrap().into_inner();
        assert_eq!(table.columns.len(), table.kinds.len(), "{report}");
        for row in &table.rows {
            assert_eq!(row.cells.len(), table.columns.len(), "{report}");
            for (cell, kind) in row.cells.iter().zip(&table.kinds) {
                let is_so = match (&cell.value, kind.as_str()) {
                    (None, _) => true,
                    (Some(Value::Text(_)), kind) => kind == "text",
                    (Some(Value::Number(number)), "integer") => number.fract() == 0.0,
                    (Some(Value::Number(number)), kind) => kind == "number" && number.is_finite(),
                };
                assert!(is_so, "{report}: {cell:?} is no {kind}");
            }
        }
    }
}

async fn retention_and_cohorts_count_who_came_again(db: TestDb) {
    let world = World::start(db).await;
    let links = (1..=3).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    let visits = vec![
        visit("D1", 1, "K1", "2025-02-01"),
        visit("D1", 2, "K1", "2026-02-01"),
        visit("D1", 3, "K2", "2025-03-01"),
        visit("D1", 4, "K3", "2025-08-01"),
        visit("D1", 5, "K3", "2026-03-01"),
    ];
    world.visits.deliver([visited(1, visits)]).await;
    let period = (Some(day("2026-01-01")), Some(day("2026-06-01")));
    let rows = table(&world, ask("retention", "dealer", period.0, period.1)).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][..3], ["D1", "3", "2"].map(str::to_owned));
    let everybody = table(&world, ask("retention", "", period.0, period.1)).await;
    assert_eq!(everybody[0][..3], ["all", "3", "2"].map(str::to_owned));
    let by_cohort = table(&world, ask("retention", "cohort", period.0, period.1)).await;
    assert_eq!(by_cohort[0][..3], ["2025-Q1", "2", "1"].map(str::to_owned));
    let cohorts = table(&world, ask("cohorts", "", None, None)).await;
    let row = |cohort: &str, quarter: &str| {
        let row = cohorts
            .iter()
            .find(|row| row[1] == cohort && row[2] == quarter);
        row.unwrap()[3].clone()
    };
    assert_eq!(
        (row("2025-Q1", "0"), row("2025-Q1", "4")),
        ("2".into(), "1".into())
    );
    assert_eq!(row("2025-Q3", "2"), "1");
    let classes = table(&world, ask("loyalty", "dealer", None, None)).await;
    let people: u32 = classes
        .iter()
        .map(|row| row[2].parse::<u32>().unwrap())
        .sum();
    assert_eq!(people, 3, "{classes:?}");
    let foreign = ask("cohorts", "", None, None);
    let foreign = world
        .scoring()
        .get_report(world.manager("D3", foreign))
        .await;
    assert!(foreign.unwrap().into_inner().rows.is_empty());
}

async fn people_are_told_apart_by_occupation_and_age(db: TestDb) {
    let world = World::start(db).await;
    let person = |n: u128, occupation: &str, birth_year| {
        let mut link = link("D1", &format!("K{n}"), customer(n));
        link.occupation_group = occupation.into();
        link.birth_year = birth_year;
        link
    };
    let links = vec![
        person(1, "teacher", 1985),
        person(2, "teacher", 1994),
        person(3, "", 0),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let visits = vec![
        visit("D1", 1, "K1", "2025-02-01"),
        visit("D1", 2, "K1", "2026-02-01"),
        visit("D1", 3, "K2", "2025-03-01"),
        visit("D1", 4, "K3", "2025-08-01"),
    ];
    world.visits.deliver([visited(1, visits)]).await;
    let period = (Some(day("2026-01-01")), Some(day("2026-06-01")));
    let head =
        |rows: Vec<Row>| -> Vec<String> { rows.iter().map(|row| row[..3].join(" ")).collect() };
    let by_occupation = table(&world, ask("retention", "occupation", period.0, period.1)).await;
    assert_eq!(head(by_occupation), ["teacher 2 1", "unknown 1 0"]);
    let by_age = table(&world, ask("retention", "age", period.0, period.1)).await;
    assert_eq!(head(by_age), ["30-39 1 0", "40-49 1 1", "unknown 1 0"]);
    let cohorts = table(&world, ask("cohorts", "occupation", None, None)).await;
    let first: Vec<String> = cohorts.iter().map(|row| row[..4].join(" ")).collect();
    assert!(
        first.contains(&"teacher 2025-Q1 0 2".to_owned()),
        "{first:?}"
    );
    assert!(
        first.contains(&"unknown 2025-Q3 0 1".to_owned()),
        "{first:?}"
    );
}

async fn degrees_of_a_dealer_are_the_mean_of_what_his_customers_are_to_him(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(1)),
        link("D3", "A", customer(1)),
        link("D1", "B", customer(2)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let visits = vec![
        visit("D1", 1, "A", "2026-01-01"),
        visit("D3", 2, "A", "2026-03-01"),
        visit("D1", 3, "B", "2026-02-01"),
    ];
    world.visits.deliver([visited(1, visits)]).await;
    world.put("D1", assessment("1", "A", "survey", "5")).await;
    world.put("D1", assessment("2", "B", "survey", "2")).await;
    let by_dealer = table(&world, ask("degrees", "dealer", None, None)).await;
    let line = |dealer: &str| by_dealer.iter().find(|row| row[0] == dealer).unwrap();
    // Group, customers, satisfaction, contribution, loyalty, dependence: he of two dealers is each one's by half.
    let (north, south) = (line("D1"), line("D3"));
    assert_eq!(
        (north[1].as_str(), north[2].as_str(), north[5].as_str()),
        ("2", "62.5", "75")
    );
    assert_eq!(
        (south[1].as_str(), south[2].as_str(), south[5].as_str()),
        ("1", "", "50")
    );
    let all = table(&world, ask("degrees", "", None, None)).await;
    assert_eq!((all[0][0].as_str(), all[0][1].as_str()), ("all", "2"));
    let own = ask("degrees", "dealer", None, None);
    let own = world.scoring().get_report(world.manager("D3", own)).await;
    assert_eq!(
        own.unwrap().into_inner().rows.len(),
        1,
        "a dealer sees his own line"
    );
    // Before he came to the other dealer, he was all the first one's.
    let then = ask("degrees", "dealer", None, Some(day("2026-02-15")));
    let past = table(&world, then).await;
    assert_eq!(past.len(), 1, "{past:?}");
    assert_eq!(
        (
            past[0][0].as_str(),
            past[0][1].as_str(),
            past[0][5].as_str()
        ),
        ("D1", "2", "100")
    );
    let then = ask("degrees", "", None, Some(day("2026-02-15")));
    let past = world.scoring().get_report(world.manager("D3", then)).await;
    let past = past.unwrap().into_inner().rows;
    assert_eq!(past.len(), 1, "one customer of his, as he was to all");
    world
        .customers
        .deliver([consented(2, customer(1), false)])
        .await;
    let then = ask("degrees", "dealer", None, Some(day("2026-03-15")));
    let past = table(&world, then).await;
    assert!(past.iter().all(|row| row[0] != "D3"), "{past:?}");
    let after = table(&world, ask("degrees", "dealer", None, None)).await;
    assert!(after.iter().all(|row| row[0] != "D3"), "{after:?}");
}

async fn what_makes_no_sense_is_refused(db: TestDb) {
    let world = World::start(db).await;
    let later = (Some(day("2026-06-01")), Some(day("2026-01-01")));
    // Nobody has come in it yet, nor stayed away.
    let not_begun = (Some(day("2026-06-16")), Some(day("2026-12-31")));
    for (request, field) in [
        (ask("gossip", "", None, None), "report"),
        (ask("tiers", "shoe-size", None, None), "by"),
        (ask("retention", "", None, None), "from"),
        (ask("tiers", "cohort", None, None), "by"),
        (ask("tier-migrations", "", later.0, later.1), "from"),
        (ask("retention", "", not_begun.0, not_begun.1), "from"),
        (
            ask("loyalty-migrations", "", not_begun.0, not_begun.1),
            "from",
        ),
    ] {
        let refused = world.scoring().get_report(world.hq(request)).await;
        let problem = marque_errors::Problem::from(refused.unwrap_err());
        assert_eq!(
            (problem.status, problem.violations[0].field.as_str()),
            (400, field)
        );
    }
}

/// Comes every second month with his X3, and with his X5 since he has stopped coming with the other.
async fn who_changed_cars(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![link("D1", "K1", customer(1))];
    world.customers.deliver([linked(1, links)]).await;
    let cars = [
        ("LMVCA1A60R1000003", "X3", 2024),
        ("LMVCA1A60R1000005", "X5", 2025),
    ];
    let mut visits = Vec::new();
    for ((at, order), (vin, model, year)) in (1..).zip((10..).step_by(10)).zip(cars) {
        let owner = record_of("D1", "K1");
        world
            .vehicles
            .deliver([
                of_model(2 * at, vin, model),
                owns(2 * at + 1, vin, owner, "2023-01-01"),
            ])
            .await;
        let dates = [7, 9, 11].map(|month| format!("{year}-{month:02}-15"));
        let next = [1, 3, 5].map(|month| format!("{}-{month:02}-15", year + 1));
        visits.extend(
            (order..)
                .zip(dates.iter().chain(&next))
                .map(|(order, date)| RecordedVisit {
                    vin: vin.into(),
                    ..visit("D1", order, "K1", date)
                }),
        );
    }
    world.visits.deliver([visited(1, visits)]).await;
    world
}

async fn classes_by_model_are_those_with_the_model(db: TestDb) {
    let world = who_changed_cars(db).await;
    let then = world.clock.now();
    let rows = |rows: &[&[&str]]| -> Vec<Row> {
        let row = |row: &&[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        rows.iter().map(row).collect()
    };
    let overall = table(&world, ask("loyalty", "", None, None)).await;
    assert_eq!(overall, rows(&[&["all", "loyal", "1"]]));
    let by_model = rows(&[&["X3", "lost", "1"], &["X5", "loyal", "1"]]);
    assert_eq!(
        table(&world, ask("loyalty", "model", None, None)).await,
        by_model
    );
    let own = world.hq(GetLoyaltyRequest {
        customer_id: customer(1).to_string(),
    });
    let own = world.scoring().get_loyalty(own).await.unwrap().into_inner();
    let own = own.loyalty.unwrap().models.into_iter();
    let own: Vec<(String, String)> = own.map(|each| (each.model, each.class)).collect();
    let word = |model: &str, class: &str| (model.to_owned(), class.to_owned());
    assert_eq!(own, [word("X3", "lost"), word("X5", "loyal")]);
    assert_eq!(
        table(&world, ask("trust", "", None, None)).await,
        rows(&[&["all", "trusting", "1"]])
    );
    assert_eq!(
        table(&world, ask("ladder", "", None, None)).await,
        rows(&[&["all", "loyal", "1"]])
    );
    world
        .clock
        .advance(std::time::Duration::from_hours(24 * 400));
    world.pass_time();
    world
        .wait_for("SELECT count(*) FROM loyalty WHERE class = 'lost'", 1)
        .await;
    let now = table(&world, ask("loyalty", "model", None, None)).await;
    assert_eq!(now, rows(&[&["X3", "lost", "1"], &["X5", "lost", "1"]]));
    assert_eq!(
        table(&world, ask("loyalty", "model", None, Some(then))).await,
        by_model,
        "as it was"
    );
    let moves = ask("loyalty-migrations", "model", Some(then), None);
    assert_eq!(
        table(&world, moves).await,
        rows(&[&["X3", "lost", "lost", "1"], &["X5", "loyal", "lost", "1"]])
    );
}

async fn a_car_that_came_back_counts_with_its_model_again(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "K1", customer(1))];
    world.customers.deliver([linked(1, links)]).await;
    let (vin, record) = ("LMVCA1A60R1000003", record_of("D1", "K1"));
    let visits = vec![visit("D1", 1, "K1", "2026-02-01")];
    world.visits.deliver([visited(1, visits)]).await;
    let told = [
        (owns(2, vin, record, "2023-01-01"), 1),
        (disowns(3, vin, record, "2025-01-01"), 0),
        (owns(4, vin, record, "2025-06-01"), 1),
    ];
    world.vehicles.deliver([of_model(1, vin, "X3")]).await;
    for (event, expected) in told {
        world.vehicles.deliver([event]).await;
        let rows = table(&world, ask("trust", "model", None, None)).await;
        let models = rows.iter().filter(|row| row[0] == "X3").count();
        assert_eq!(models, expected);
    }
}

async fn who_lost_a_car_is_lost_to_its_model_and_past_tables_stay(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "K1", customer(1)), link("D1", "K2", customer(2))];
    world.customers.deliver([linked(1, links)]).await;
    let (vin, seller, buyer) = (
        "LMVCA1A60R1000003",
        record_of("D1", "K1"),
        record_of("D1", "K2"),
    );
    let owned = owns(2, vin, seller, "2023-01-01");
    world
        .vehicles
        .deliver([of_model(1, vin, "X3"), owned])
        .await;
    let months = [
        "2025-07", "2025-09", "2025-11", "2026-01", "2026-03", "2026-05",
    ];
    let visits = (1..).zip(months).map(|(order, month)| RecordedVisit {
        vin: vin.into(),
        ..visit("D1", order, "K1", &format!("{month}-15"))
    });
    world.visits.deliver([visited(1, visits.collect())]).await;
    for (key, owner, value) in [("s1", "K1", "80"), ("s2", "K2", "20")] {
        let said = assessment(key, owner, "social_influence", value);
        world.put("D1", said).await;
    }
    let then = world.clock.now();
    let as_of_then = async || {
        let mut tables = Vec::new();
        for report in ["loyalty", "trust", "ladder", "tiers", "scores"] {
            tables.push(table(&world, ask(report, "model", None, Some(then))).await);
        }
        tables
    };
    let before = as_of_then().await;
    assert_eq!(before[0], [["X3", "loyal", "1"].map(str::to_owned)]);
    assert!(before.iter().all(|rows| rows.len() == 1), "{before:?}");

    world.clock.advance(std::time::Duration::from_hours(48));
    let (left, came) = (
        disowns(3, vin, seller, "2026-06-16"),
        owns(4, vin, buyer, "2026-06-16"),
    );
    world.vehicles.deliver([left, came]).await;
    assert_eq!(as_of_then().await, before, "whose cars were whose then");
    let classes = table(&world, ask("loyalty", "model", None, None)).await;
    assert_eq!(classes, [["X3", "lost", "1"].map(str::to_owned)]);
    let moves = ask("loyalty-migrations", "model", Some(then), None);
    let moves = table(&world, moves).await;
    assert_eq!(moves, [["X3", "loyal", "lost", "1"].map(str::to_owned)]);
    // Tiers are of who has the car.
    let tiers = table(&world, ask("tiers", "model", None, None)).await;
    assert_eq!((tiers.len(), tiers[0][2].as_str()), (1, "1"));
    assert_ne!(tiers, before[3]);
}

async fn persons_and_organizations_are_told_apart_if_asked(db: TestDb) {
    let world = World::start(db).await;
    let fleet = Link {
        kind: Kind::Organization as i32,
        ..link("D1", "K3", customer(3))
    };
    let links = vec![
        link("D1", "K1", customer(1)),
        link("D1", "K2", customer(2)),
        fleet,
    ];
    world.customers.deliver([linked(1, links)]).await;
    let visits = (1..=3).map(|n| visit("D1", n, &format!("K{n}"), "2025-11-01"));
    world.visits.deliver([visited(1, visits.collect())]).await;
    let period = (Some(day("2026-01-01")), Some(day("2026-06-01")));
    // The column in which each report counts customers.
    for (report, by, column) in [
        ("loyalty", "", 2),
        ("ladder", "dealer", 2),
        ("trust", "", 2),
        ("degrees", "", 1),
        ("degrees", "dealer", 1),
        ("retention", "", 1),
        ("cohorts", "", 3),
    ] {
        for (kind, count) in [("", "3"), ("person", "2"), ("organization", "1")] {
            let asked = GetReportRequest {
                kind: kind.into(),
                ..ask(report, by, period.0, None)
            };
            let rows = table(&world, asked).await;
            assert_eq!(
                rows[0][column], count,
                "{report} by {by} of {kind}: {rows:?}"
            );
        }
    }
}

async fn who_has_records_of_both_kinds_is_of_one(db: TestDb) {
    let world = World::start(db).await;
    let firm = Link {
        kind: Kind::Organization as i32,
        ..link("D2", "F1", customer(1))
    };
    let links = vec![link("D1", "K1", customer(1)), firm];
    world.customers.deliver([linked(1, links)]).await;
    let visits = vec![visit("D1", 1, "K1", "2025-11-01")];
    world.visits.deliver([visited(1, visits)]).await;
    for (by, groups) in [("", 1), ("dealer", 2)] {
        let mut told = Vec::new();
        for kind in ["person", "organization"] {
            let asked = GetReportRequest {
                kind: kind.into(),
                ..ask("loyalty", by, None, None)
            };
            told.extend(table(&world, asked).await);
        }
        assert_eq!(told.len(), groups, "by {by}: {told:?}");
    }
}
