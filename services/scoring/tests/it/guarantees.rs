//! The counters of the three guarantees, from repair orders.

use marque_api::{
    scoring::v1::{
        GetDueDatesRequest, GetGuaranteesRequest, GetGuaranteesResponse, GuaranteeDemand,
        GuaranteeTerms, ListGuaranteeTermsRequest, PutGuaranteeTermsRequest, WearPart,
    },
    service_history::v1::{Line, LineKind, Visit},
};
use marque_db::Migrator;
use marque_errors::Problem;
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, customer, day, licensed, link, linked, owns, record_of, sold, vehicle};

store_test_suite!(
    guarantees_count_repair_orders_and_warn,
    what_a_diagnosis_names_is_counted_and_what_one_tells_warns,
    a_promise_above_the_law_lengthens_the_terms,
    a_promise_below_the_law_is_refused,
    new_terms_are_put_where_there_are_none,
    a_promise_that_is_taken_back_leaves_the_one_before_it,
    a_promise_that_one_release_takes_back_no_other_counts,
    what_was_taken_back_before_the_upgrade_is_counted_by_no_release,
    what_a_certificate_says_beside_its_periods_is_kept_and_shown,
    a_demand_has_its_days_and_its_fee,
);

const VIN: &str = "LMVCA1A60R1000001";

async fn guarantees_count_repair_orders_and_warn(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "K1", customer(1))])])
        .await;
    world
        .vehicles
        .deliver([
            licensed(1, VIN, "2025-12-01", ("operating", 5)),
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
            quantity_milli: 1_000,
            fault_code: "C1".into(),
            ..Line::default()
        }],
        ..Visit::default()
    };
    *world.repair_orders.lock().unwrap() = vec![
        repair(1, "2026-01-10", "2026-01-25"),
        // Two of its thirteen days the part was on its way.
        Visit {
            transport_minutes: 2 * 24 * 60,
            ..repair(2, "2026-03-01", "2026-03-14")
        },
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
        ..GetGuaranteesRequest::default()
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
    assert_eq!(
        counted.vehicle_use, "operating",
        "the rules cover household cars: whoever reads the counters is told"
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
        (2, "reached", "steering: EPS1")
    );
    assert_eq!(of("same_defect").count, 2);
    let foreign = world
        .scoring()
        .get_guarantees(world.manager("D3", request))
        .await;
    assert_eq!(foreign.unwrap_err().code(), tonic::Code::NotFound);
}

async fn what_a_diagnosis_names_is_counted_and_what_one_tells_warns(db: TestDb) {
    let world = World::start(db).await;
    world.vehicles.deliver([sold(1, VIN, "2026-05-01")]).await;
    let order = |number: u32, date: &str, told: &str, found: &str| Visit {
        id: format!("vis_{number:032}"),
        dealer: "D1".into(),
        order_number: format!("R{number}"),
        vin: VIN.into(),
        kind: "warranty".into(),
        opened_at: Some(to_proto_time(day(date))),
        closed_at: Some(to_proto_time(day(date))),
        odometer_km: 900,
        complaint_text: told.into(),
        diagnosis: found.into(),
        ..Visit::default()
    };
    let mut seen = Vec::new();
    for orders in [
        vec![order(1, "2026-05-20", "刹车失灵", "未见异常")],
        vec![
            order(1, "2026-05-20", "刹车失灵", "未见异常"),
            order(2, "2026-05-27", "", "制动主缸失效，变速箱顿挫"),
        ],
    ] {
        *world.repair_orders.lock().unwrap() = orders;
        let request = GetGuaranteesRequest {
            vehicle_id: vehicle(VIN).to_string(),
            ..GetGuaranteesRequest::default()
        };
        let answer = world.scoring().get_guarantees(world.hq(request)).await;
        let counters = answer.unwrap().into_inner().counters;
        let of = |rule: &str| {
            let found = counters.iter().find(|each| each.rule == rule);
            found.map(|each| (each.level.clone(), each.count, each.evidence.join(",")))
        };
        seen.push([
            of("early_fault"),
            of("serious_safety_fault"),
            of("early_unit_defect"),
        ]);
    }
    let some =
        |level: &str, count, evidence: &str| Some((level.to_owned(), count, evidence.to_owned()));
    assert_eq!(seen[0], [some("warning", 0, "D1/R1"), None, None]);
    assert_eq!(
        seen[1],
        [
            some("reached", 1, "D1/R2"),
            some("warning", 1, "D1/R2"),
            None
        ],
        "the first assembly that is named is where the defect is"
    );
}

async fn guarantees(world: &World) -> GetGuaranteesResponse {
    let request = GetGuaranteesRequest {
        vehicle_id: vehicle(VIN).to_string(),
        ..GetGuaranteesRequest::default()
    };
    let answer = world.scoring().get_guarantees(world.hq(request)).await;
    answer.unwrap().into_inner()
}

/// Three-guarantees period of so many months or 80,000 km, repair period of six years or 150,000 km.
fn promise(model: &str, sold_from: &str, period_months: u32) -> GuaranteeTerms {
    GuaranteeTerms {
        vehicle_id: String::new(),
        model: model.into(),
        sold_from: sold_from.into(),
        period_months,
        period_km: 80_000,
        repair_months: 72,
        repair_km: 150_000,
        ..GuaranteeTerms::default()
    }
}

async fn put(world: &World, terms: GuaranteeTerms) -> Result<GuaranteeTerms, tonic::Status> {
    let request = PutGuaranteeTermsRequest {
        terms: Some(terms),
        only_new: false,
    };
    let put = world.scoring().put_guarantee_terms(world.hq(request)).await;
    Ok(put?.into_inner().terms.unwrap())
}

async fn a_promise_above_the_law_lengthens_the_terms(db: TestDb) {
    let world = World::start(db).await;
    world.vehicles.deliver([sold(1, VIN, "2023-12-01")]).await;
    // Five weeks in the workshop, after the law's two years.
    *world.repair_orders.lock().unwrap() = vec![Visit {
        id: format!("vis_{:032}", 1),
        dealer: "D1".into(),
        order_number: "R1".into(),
        vin: VIN.into(),
        kind: "warranty".into(),
        opened_at: Some(to_proto_time(day("2026-03-01"))),
        closed_at: Some(to_proto_time(day("2026-04-05"))),
        odometer_km: 30_000,
        ..Visit::default()
    }];
    let seen = |counted: GetGuaranteesResponse| {
        let days = counted
            .counters
            .iter()
            .find(|each| each.rule == "repair_days");
        let level = days.map(|days| days.level.clone());
        (counted.terms_by, counted.period_end, level)
    };
    let law = ("law".to_owned(), "2025-12-01".to_owned(), None);
    assert_eq!(seen(guarantees(&world).await), law);
    // For another model, and for cars sold later: not for this one.
    put(&world, promise("S7", "2020-01-01", 60)).await.unwrap();
    put(&world, promise("S5 Plus", "2023-12-02", 60))
        .await
        .unwrap();
    assert_eq!(seen(guarantees(&world).await), law);
    put(&world, promise("", "", 30)).await.unwrap();
    put(&world, promise("S5 Plus", "2023-12-01", 36))
        .await
        .unwrap();
    let reached = Some("reached".to_owned());
    let by_model = ("model".to_owned(), "2026-12-01".to_owned(), reached.clone());
    assert_eq!(seen(guarantees(&world).await), by_model);
    let own = GuaranteeTerms {
        vehicle_id: vehicle(VIN).to_string(),
        ..promise("", "", 48)
    };
    let kept = put(&world, own).await.unwrap();
    assert_eq!(kept.vehicle_id, vehicle(VIN).to_string());
    let by_car = ("car".to_owned(), "2027-12-01".to_owned(), reached);
    assert_eq!(seen(guarantees(&world).await), by_car);
    let list = world.hq(ListGuaranteeTermsRequest {});
    let list = world.scoring().list_guarantee_terms(list).await.unwrap();
    let list: Vec<_> = list
        .into_inner()
        .terms
        .into_iter()
        .map(|each| (each.model, each.sold_from))
        .collect();
    let line = |model: &str, sold_from: &str| (model.to_owned(), sold_from.to_owned());
    let expected = [
        line("", "1900-01-01"),
        line("S5 Plus", "2023-12-02"),
        line("S5 Plus", "2023-12-01"),
        line("S7", "2020-01-01"),
    ];
    assert_eq!(list, expected);
    let request = GetDueDatesRequest {
        vehicle_id: vehicle(VIN).to_string(),
        ..GetDueDatesRequest::default()
    };
    let due = world.scoring().get_due_dates(world.hq(request)).await;
    let dates = due.unwrap().into_inner().cars.remove(0).dates;
    let warranty = dates.iter().find(|due| due.kind == "warranty").unwrap();
    assert_eq!(warranty.at_km, Some(150_000.0));
    assert!(warranty.date.as_str() > "2026-12-01", "{warranty:?}");
    assert!(warranty.reason_en.contains("certificate"), "{warranty:?}");
}

async fn new_terms_are_put_where_there_are_none(db: TestDb) {
    let world = World::start(db).await;
    let new = async |model: &str, sold_from: &str| {
        let request = PutGuaranteeTermsRequest {
            terms: Some(promise(model, sold_from, 36)),
            only_new: true,
        };
        world.scoring().put_guarantee_terms(world.hq(request)).await
    };
    for (model, sold_from) in [("S5 Plus", ""), ("S5 Plus", "2026-01-01"), ("", "")] {
        new(model, sold_from).await.unwrap();
        let again = new(model, sold_from).await.unwrap_err();
        assert_eq!(again.code(), tonic::Code::AlreadyExists);
    }
}

async fn a_promise_below_the_law_is_refused(db: TestDb) {
    let world = World::start(db).await;
    let refused = async |terms| Problem::from(put(&world, terms).await.unwrap_err());
    let short = refused(promise("S5 Plus", "", 23)).await;
    let fields: Vec<&str> = short
        .violations
        .iter()
        .map(|each| each.field.as_str())
        .collect();
    assert_eq!((short.status, fields), (400, vec!["period_months"]));
    assert!(short.violations[0].message.contains("24"), "{short:?}");
    let undated = refused(promise("S5 Plus", "soon", 36)).await;
    assert_eq!(undated.violations[0].field, "sold_from");
    let unknown = GuaranteeTerms {
        vehicle_id: vehicle(VIN).to_string(),
        ..promise("", "", 36)
    };
    assert_eq!(refused(unknown).await.status, 404);
    let request = PutGuaranteeTermsRequest {
        terms: Some(promise("S5 Plus", "", 36)),
        only_new: false,
    };
    let dealers = world.manager("D1", request);
    let denied = world.scoring().put_guarantee_terms(dealers).await;
    assert_eq!(denied.unwrap_err().code(), tonic::Code::PermissionDenied);
}

fn taken_back(terms: &GuaranteeTerms) -> GuaranteeTerms {
    GuaranteeTerms {
        vehicle_id: terms.vehicle_id.clone(),
        model: terms.model.clone(),
        sold_from: terms.sold_from.clone(),
        withdrawn: true,
        ..GuaranteeTerms::default()
    }
}

async fn a_promise_that_is_taken_back_leaves_the_one_before_it(db: TestDb) {
    let world = World::start(db).await;
    world.vehicles.deliver([sold(1, VIN, "2023-12-01")]).await;
    let earlier = promise("S5 Plus", "2023-01-01", 36);
    let later = promise("S5 Plus", "2023-06-01", 48);
    let own = GuaranteeTerms {
        vehicle_id: vehicle(VIN).to_string(),
        ..promise("", "", 60)
    };
    for each in [&earlier, &later, &own] {
        put(&world, each.clone()).await.unwrap();
    }
    let mut ends = Vec::new();
    for each in [&own, &later, &earlier] {
        let was = put(&world, taken_back(each)).await.unwrap();
        assert_eq!(
            (was.withdrawn, was.period_months),
            (true, each.period_months),
            "what is taken back is shown as it was"
        );
        let counted = guarantees(&world).await;
        ends.push((counted.terms_by, counted.period_end));
    }
    let end = |by: &str, end: &str| (by.to_owned(), end.to_owned());
    let expected = [
        end("model", "2027-12-01"),
        end("model", "2026-12-01"),
        end("law", "2025-12-01"),
    ];
    assert_eq!(ends, expected);
    let never = promise("S5 Plus", "2024-01-01", 36);
    let unknown = Problem::from(put(&world, taken_back(&never)).await.unwrap_err());
    assert_eq!(
        (unknown.status, unknown.reason.as_str()),
        (404, "GUARANTEE_TERMS_UNKNOWN")
    );
    // Whoever did not hear the answer asks again.
    let again = put(&world, taken_back(&later)).await.unwrap();
    assert_eq!(
        (again.withdrawn, again.period_months),
        (true, later.period_months)
    );
    let on_record = "SELECT count(*) FROM audit WHERE act = 'guarantee_terms_withdrawn'";
    assert_eq!(world.count(on_record).await, 3);
    assert_eq!(guarantees(&world).await.terms_by, "law");
    // And may promise it anew.
    put(&world, later).await.unwrap();
    assert_eq!(guarantees(&world).await.terms_by, "model");
}

async fn a_promise_that_one_release_takes_back_no_other_counts(db: TestDb) {
    let world = World::start(db).await;
    let terms = promise("S5 Plus", "2023-01-01", 36);
    // A release before counts whatever lies here.
    let counted = "SELECT count(*) FROM guarantee_terms";
    for by_an_older_one in [
        None,
        Some("DELETE FROM guarantee_terms"),
        Some("UPDATE guarantee_terms SET taken_back_at = 1"),
    ] {
        put(&world, terms.clone()).await.unwrap();
        assert_eq!(world.count(counted).await, 1);
        if let Some(sql) = by_an_older_one {
            let older = world.db.handle();
            let done = older.write(move |conn| conn.execute(sql, &[]));
            assert_eq!(done.await.unwrap(), 1);
        } else {
            put(&world, taken_back(&terms)).await.unwrap();
        }
        assert_eq!(world.count(counted).await, 0, "{by_an_older_one:?}");
        let again = put(&world, taken_back(&terms)).await.unwrap();
        assert_eq!(
            (again.withdrawn, again.period_months),
            (true, terms.period_months),
            "{by_an_older_one:?}"
        );
    }
}

async fn what_was_taken_back_before_the_upgrade_is_counted_by_no_release(db: TestDb) {
    let new = marque_migrations::SCORING;
    let mut names = new.migrations.iter().map(|known| known.name);
    let before = names.position(|name| name == "0131_withdrawn_terms");
    let old = Migrator {
        migrations: &new.migrations[..before.unwrap()],
        ..new
    };
    let db = db.migrated(&old).await;
    let marked = db.write(|conn| {
        let sql = "INSERT INTO guarantee_terms
                   (vin, model, sold_from, period_months, period_km, repair_months, repair_km, taken_back_at)
                   VALUES ('', 'S5 Plus', '2023-01-01', 48, 100000, 48, 100000, 5)";
        conn.execute(sql, &[])
    });
    marked.await.unwrap();
    let world = World::start(db).await;
    assert_eq!(world.count("SELECT count(*) FROM guarantee_terms").await, 0);
    let promised = promise("S5 Plus", "2023-01-01", 36);
    let again = put(&world, taken_back(&promised)).await.unwrap();
    assert_eq!((again.withdrawn, again.period_months), (true, 48));
}

async fn what_a_certificate_says_beside_its_periods_is_kept_and_shown(db: TestDb) {
    let world = World::start(db).await;
    world.vehicles.deliver([sold(1, VIN, "2023-12-01")]).await;
    let part = |name: &str, months, km| WearPart {
        name: name.into(),
        months,
        km,
    };
    let by_law = guarantees(&world).await.terms.unwrap();
    assert_eq!(
        (by_law.usage_fee_basis_points, by_law.battery_fade_percent),
        (Some(50), None)
    );
    assert_eq!(by_law.sold_from, "", "the law's least is of all times");
    let certificate = GuaranteeTerms {
        vehicle_id: vehicle(VIN).to_string(),
        usage_fee_basis_points: Some(30),
        battery_fade_percent: Some(20),
        wear_parts: vec![part("雨刮片", 6, 10_000), part("刹车片", 0, 20_000)],
        ..promise("", "", 36)
    };
    put(&world, certificate.clone()).await.unwrap();
    let shown = guarantees(&world).await.terms.unwrap();
    assert_eq!(
        (shown.usage_fee_basis_points, shown.battery_fade_percent),
        (Some(30), Some(20))
    );
    assert_eq!(shown.wear_parts, certificate.wear_parts);
    assert_eq!(
        shown.sold_from, "1900-01-01",
        "by it the certificate is taken back"
    );
    for (field, wrong) in [
        (
            "usage_fee_basis_points",
            GuaranteeTerms {
                usage_fee_basis_points: Some(51),
                ..certificate.clone()
            },
        ),
        (
            "battery_fade_percent",
            GuaranteeTerms {
                battery_fade_percent: Some(0),
                ..certificate.clone()
            },
        ),
        (
            "wear_parts",
            GuaranteeTerms {
                wear_parts: vec![part("雨刮片", 0, 0)],
                ..certificate.clone()
            },
        ),
    ] {
        let refused = Problem::from(put(&world, wrong).await.unwrap_err());
        let fields: Vec<&str> = refused
            .violations
            .iter()
            .map(|each| each.field.as_str())
            .collect();
        assert_eq!((refused.status, fields), (400, vec![field]));
    }
}

/// 39 days in the workshop, of a car that was sold on 2024-03-05.
fn five_weeks() -> Visit {
    Visit {
        id: format!("vis_{:032}", 1),
        dealer: "D1".into(),
        order_number: "R1".into(),
        vin: VIN.into(),
        kind: "warranty".into(),
        opened_at: Some(to_proto_time(day("2024-06-01"))),
        closed_at: Some(to_proto_time(day("2024-07-10"))),
        odometer_km: 5_000,
        ..Visit::default()
    }
}

/// On the third day after the sale.
fn an_engine_at_once() -> Visit {
    Visit {
        id: format!("vis_{:032}", 2),
        order_number: "R2".into(),
        opened_at: Some(to_proto_time(day("2024-03-08"))),
        closed_at: Some(to_proto_time(day("2024-03-08"))),
        odometer_km: 90,
        lines: vec![Line {
            kind: LineKind::Part.into(),
            name: "发动机总成".into(),
            quantity_milli: 1_000,
            ..Line::default()
        }],
        ..five_weeks()
    }
}

async fn a_demand_has_its_days_and_its_fee(db: TestDb) {
    let world = World::start(db).await;
    world.vehicles.deliver([sold(1, VIN, "2024-03-05")]).await;
    let ask = async |demanded_on: &str, price_minor, driven_km| {
        let request = GetGuaranteesRequest {
            vehicle_id: vehicle(VIN).to_string(),
            demand: Some(GuaranteeDemand {
                demanded_on: demanded_on.into(),
                price_minor,
                driven_km,
            }),
        };
        let answer = world.scoring().get_guarantees(world.hq(request)).await?;
        Ok::<_, tonic::Status>(answer.into_inner().demanded.unwrap())
    };
    let fee = async |price_minor, driven_km| {
        let demanded = ask("2024-04-22", price_minor, driven_km).await;
        demanded.unwrap().usage_fee_minor
    };
    assert_eq!(fee(15_000_000, 12_000).await, None, "nothing is reached");
    *world.repair_orders.lock().unwrap() = vec![five_weeks(), an_engine_at_once()];
    assert_eq!(
        fee(15_000_000, 12_000).await,
        None,
        "article 22 asks for none"
    );
    *world.repair_orders.lock().unwrap() = vec![an_engine_at_once()];
    assert_eq!(
        fee(15_000_000, 12_000).await,
        None,
        "article 22 asks for none"
    );
    *world.repair_orders.lock().unwrap() = vec![five_weeks()];
    // The vector of standards.md 4.7: over the days off in May.
    let demanded = ask("2024-04-22", 15_000_000, 12_000).await.unwrap();
    assert_eq!(
        (
            demanded.answer_by.as_str(),
            demanded.complete_by.as_str(),
            demanded.usage_fee_minor
        ),
        ("2024-05-08", "2024-05-21", Some(900_000))
    );
    assert!(!demanded.provisional);
    let promised = GuaranteeTerms {
        usage_fee_basis_points: Some(30),
        ..promise("S5 Plus", "", 36)
    };
    put(&world, promised).await.unwrap();
    assert_eq!(
        fee(15_000_000, 12_000).await,
        Some(540_000),
        "as the maker promised"
    );
    assert_eq!(fee(0, 12_000).await, None);
    assert_eq!(fee(15_000_000, 0).await, None, "nobody said how far");
    for (demanded_on, price, field) in [
        ("2024-03-04", 0, "demanded_on"),
        ("2026-06-16", 0, "demanded_on"),
        ("soon", 0, "demanded_on"),
        ("2024-04-22", -1, "price"),
    ] {
        let refused = Problem::from(ask(demanded_on, price, 12_000).await.unwrap_err());
        assert_eq!(
            (refused.status, refused.violations[0].field.as_str()),
            (400, field)
        );
    }
    let asked = guarantees(&world).await;
    assert!(asked.demanded.is_none(), "nobody told of a demand");
}
