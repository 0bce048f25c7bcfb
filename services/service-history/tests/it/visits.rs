//! Dealers' live rows, corrections and lists.

use marque_api::{
    intake::v1::RowOutcome,
    service_history::v1::{
        ExportVisitsRequest, GetVisitRequest, LineKind, ListVehicleVisitsRequest,
        ListVisitVersionsRequest, Money, PutVisitRequest, Visit, VisitColumns,
    },
};
use marque_auth::{Role, Scope};
use marque_core::CustomerId;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{World, customer, link, linked, record_of, vin, visit, wordy_visit};

store_test_suite!(
    the_same_row_changes_nothing_and_a_correction_keeps_the_earlier_version,
    lines_keep_quantities_prices_and_who_did_what,
    who_pays_is_read_in_the_words_of_workshops_and_told,
    a_line_without_a_price_has_none_and_one_that_costs_nothing_says_so,
    what_is_no_list_of_lines_is_remarked_and_the_visit_kept,
    what_article_17_wants_kept_is_kept_and_missed_where_it_is_not,
    an_odometer_that_cannot_be_is_a_finding_whichever_came_first,
    a_correction_tells_who_brought_which_car_no_more,
    whatever_was_typed_as_text_is_sealed,
    a_word_that_is_not_understood_is_kept_as_it_was_typed,
    a_long_history_is_read_in_pages,
    a_row_without_an_order_number_is_refused,
    a_visit_that_must_be_new_or_in_a_version_changes_nothing_else,
    an_idempotency_key_gives_the_same_answer,
    a_customer_is_handed_every_version_that_was_his_with_the_dealers_own_columns,
);

async fn the_same_row_changes_nothing_and_a_correction_keeps_the_earlier_version(db: TestDb) {
    let world = World::start(db).await;
    let (first, outcome) = world
        .put("D1", visit("R1", &vin(1), "K1", "03-05", "5000"))
        .await;
    assert_eq!(
        (first.version, first.first_visit, outcome),
        (1, true, RowOutcome::Accepted as i32)
    );
    let (same, outcome) = world
        .put("D1", visit("R1", &vin(1), "K1", "03-05", "5000"))
        .await;
    assert_eq!((&same, outcome), (&first, RowOutcome::Unchanged as i32));

    let corrected = VisitColumns {
        diagnosis: "更换刹车盘".into(),
        ..visit("R1", &vin(1), "K1", "03-05", "5100")
    };
    let (second, _) = world.put("D1", corrected).await;
    assert_eq!(
        (second.id.as_str(), second.version, second.odometer_km),
        (first.id.as_str(), 2, 5_100)
    );
    let request = world.desk(
        "D1",
        ListVisitVersionsRequest {
            id: first.id.clone(),
            strangers: Vec::new(),
        },
    );
    let versions = world
        .history()
        .list_visit_versions(request)
        .await
        .unwrap()
        .into_inner()
        .versions;
    let seen: Vec<_> = versions
        .iter()
        .map(|one| (one.version, one.odometer_km, one.diagnosis.as_str()))
        .collect();
    assert_eq!(seen, [(2, 5_100, "更换刹车盘"), (1, 5_000, "更换刹车片")]);
    assert_eq!(versions[1].complaint_text, "刹车有异响");
    assert_eq!(world.count("SELECT count(*) FROM outbox").await, 2);
    // The same order number of another dealer is another visit.
    let (other, _) = world
        .put("D2", visit("R1", &vin(1), "K1", "03-05", "5000"))
        .await;
    assert_ne!(other.id, first.id);
}

async fn lines_keep_quantities_prices_and_who_did_what(db: TestDb) {
    let world = World::start(db).await;
    let lines = r#"[{"line_kind":"工时","code":"L1","name":"更换","quantity":1.5,"unit_price":"120.50","technician":"T7"},
        {"kind":"part","code":"P9","name":"刹车片","quantity":"2","unit_price":{"amount":"88.00","currency":"CNY"},"payer":"warranty","fault_code":"C1201"},
        {"kind":"拖车","name":"拖车","unit_price":"300"}]"#;
    let (put, outcome) = world
        .put(
            "D1",
            VisitColumns {
                lines: lines.into(),
                ..visit("R1", &vin(1), "K1", "03-05", "5000")
            },
        )
        .await;
    assert_eq!(outcome, RowOutcome::Accepted as i32, "{:?}", put.findings);
    let [labour, part, other] = &put.lines[..] else {
        panic!("three lines")
    };
    let overview = ListVehicleVisitsRequest {
        vin: vin(1),
        headers_only: true,
        ..ListVehicleVisitsRequest::default()
    };
    let overview = world
        .history()
        .list_vehicle_visits(world.desk("D1", overview))
        .await
        .unwrap()
        .into_inner();
    assert!(overview.visits[0].lines.is_empty() && overview.visits[0].id == put.id);
    assert_eq!(
        (
            labour.kind(),
            labour.quantity_milli,
            labour.technician.as_str()
        ),
        (LineKind::Labour, 1_500, "T7")
    );
    assert_eq!(
        labour.unit_price,
        Some(Money {
            minor: 12_050,
            currency: "CNY".into()
        })
    );
    assert_eq!(
        (part.kind(), part.payer.as_str(), part.fault_code.as_str()),
        (LineKind::Part, "warranty", "C1201")
    );
    let of_part = part.unit_price.as_ref().map(|price| price.minor);
    assert_eq!(of_part, Some(8_800), "money as answers have it");
    assert_eq!(
        (other.kind(), other.quantity_milli),
        (LineKind::Other, 1_000)
    );
    let assumed = [labour, part, other].map(|line| line.quantity_assumed);
    assert_eq!(assumed, [false, false, true], "nobody typed a quantity");
}

async fn who_pays_is_read_in_the_words_of_workshops_and_told(db: TestDb) {
    let world = World::start(db).await;
    let order = |order: &str, payers: [&str; 2], of_order: &str| VisitColumns {
        kind: "维修".into(),
        amount: "5000.00".into(),
        lines: format!(
            r#"[{{"kind":"part","name":"发动机总成","unit_price":"4800","payer":"{}"}},
                {{"kind":"labour","name":"更换","unit_price":"200","payer":"{}"}}]"#,
            payers[0], payers[1]
        ),
        extra: [("付款方".to_owned(), of_order.to_owned())].into(),
        ..visit(order, &vin(1), "K1", "03-05", "5000")
    };
    for (row, payers, rules, customer_minor) in [
        (
            order("R1", ["厂家付费", "客户"], ""),
            ["warranty", "customer"],
            vec![],
            Some(20_000),
        ),
        (
            order("R2", ["", ""], "索赔"),
            ["warranty", "warranty"],
            vec![],
            Some(0),
        ),
        (
            order("R3", ["保险公司", ""], "内部"),
            ["insurance", "internal"],
            vec![],
            Some(0),
        ),
        (
            order("R4", ["自费", ""], ""),
            ["customer", ""],
            vec![],
            None,
        ),
        (
            order("R5", ["老板", ""], ""),
            ["老板", ""],
            vec!["payer_unknown"],
            None,
        ),
    ] {
        let (put, _) = world.put("D1", row).await;
        let shown: Vec<&str> = put.lines.iter().map(|line| line.payer.as_str()).collect();
        assert_eq!(shown, payers);
        let found: Vec<&str> = put.findings.iter().map(|each| each.rule.as_str()).collect();
        assert_eq!(found, rules, "{payers:?}");
        let told = world.told().await.visits.remove(0);
        assert_eq!(
            (told.amount_minor, told.customer_minor),
            (500_000, customer_minor),
            "{payers:?}"
        );
    }
    let without_lines = VisitColumns {
        lines: String::new(),
        ..order("R6", ["", ""], "索赔")
    };
    world.put("D1", without_lines).await;
    let told = world.told().await.visits.remove(0);
    assert_eq!(
        (told.amount_minor, told.customer_minor),
        (500_000, Some(0)),
        "the order has a payer of its own"
    );
}

async fn a_line_without_a_price_has_none_and_one_that_costs_nothing_says_so(db: TestDb) {
    let world = World::start(db).await;
    let lines = r#"[{"kind":"part","name":"机油","quantity":4},
        {"kind":"part","name":"刹车片","quantity":1,"unit_price":"0.00","payer":"warranty"},
        {"kind":"part","name":"滤芯","quantity":1,"unit_price":"请询价"}]"#;
    let row = VisitColumns {
        lines: lines.into(),
        ..visit("R1", &vin(1), "K1", "03-05", "5000")
    };
    let (put, _) = world.put("D1", row).await;
    let get = GetVisitRequest {
        id: put.id,
        ..GetVisitRequest::default()
    };
    let kept = world.history().get_visit(world.desk("D1", get)).await;
    let kept = kept.unwrap().into_inner().visit.unwrap();
    for shown in [put.lines, kept.lines] {
        let prices: Vec<Option<i64>> = shown
            .iter()
            .map(|line| line.unit_price.as_ref().map(|price| price.minor))
            .collect();
        assert_eq!(prices, [None, Some(0), None]);
    }
}

async fn what_is_no_list_of_lines_is_remarked_and_the_visit_kept(db: TestDb) {
    let world = World::start(db).await;
    let broken = VisitColumns {
        lines: "[{".into(),
        ..visit("R2", &vin(1), "K1", "03-06", "5010")
    };
    let (kept, outcome) = world.put("D1", broken).await;
    assert_eq!(
        (kept.lines.len(), outcome),
        (0, RowOutcome::AcceptedWithFindings as i32)
    );
    assert_eq!(kept.findings[0].rule, "lines_form");
}

async fn what_article_17_wants_kept_is_kept_and_missed_where_it_is_not(db: TestDb) {
    let world = World::start(db).await;
    let mut whole = VisitColumns {
        kind: "三包".into(),
        ..visit("R1", &vin(1), "K1", "03-05", "5000")
    };
    for (header, value) in [
        ("拖车", "是"),
        ("代步车", "提供3天"),
        ("配件运输时间", "2天"),
        ("签字", "双方已签"),
        ("next_advice", "检查轮胎"),
    ] {
        whole.extra.insert(header.into(), value.into());
    }
    let (kept, outcome) = world.put("D1", whole).await;
    assert_eq!(outcome, RowOutcome::Accepted as i32, "{:?}", kept.findings);
    let shown = [
        &kept.towing,
        &kept.substitute,
        &kept.signatures,
        &kept.next_advice,
    ]
    .map(String::as_str);
    assert_eq!(shown, ["是", "提供3天", "双方已签", "检查轮胎"]);
    assert_eq!(kept.transport_minutes, 2 * 24 * 60);

    let bare = VisitColumns {
        order_number: "R2".into(),
        vin: vin(1),
        kind: "三包".into(),
        opened_at: "2025-03-09".into(),
        ..VisitColumns::default()
    };
    let (kept, _) = world.put("D1", bare).await;
    let missed: Vec<_> = kept
        .findings
        .iter()
        .map(|finding| finding.field.as_str())
        .collect();
    assert_eq!(
        missed,
        ["closed_at", "odometer_km", "complaint_text", "diagnosis"]
    );
}

async fn an_odometer_that_cannot_be_is_a_finding_whichever_came_first(db: TestDb) {
    let world = World::start(db).await;
    world
        .put("D1", visit("R1", &vin(1), "K1", "03-05", "50000"))
        .await;
    let (less, outcome) = world
        .put("D2", visit("R2", &vin(1), "K1", "04-05", "4000"))
        .await;
    assert_eq!(
        (less.odometer_km, outcome),
        (4_000, RowOutcome::AcceptedWithFindings as i32)
    );
    assert_eq!(less.findings[0].rule, "odometer_backwards");
    let (far, _) = world
        .put("D1", visit("R3", &vin(2), "K1", "03-05", "1000"))
        .await;
    assert!(far.findings.is_empty());
    let (fast, _) = world
        .put("D1", visit("R4", &vin(2), "K1", "03-08", "9001"))
        .await;
    assert_eq!(fast.findings[0].rule, "odometer_too_fast");
    // Asked again, the first is doubted too: of two that do not fit, nobody knows which is wrong.
    let get = GetVisitRequest {
        id: far.id,
        ..GetVisitRequest::default()
    };
    let request = world.desk("D1", get);
    let far = world
        .history()
        .get_visit(request)
        .await
        .unwrap()
        .into_inner()
        .visit
        .unwrap();
    assert_eq!(far.findings[0].rule, "odometer_too_fast");
}

async fn a_correction_tells_who_brought_which_car_no_more(db: TestDb) {
    let world = World::start(db).await;
    for order in ["R1", "R2"] {
        world
            .put("D1", visit(order, &vin(1), "K1", "03-05", "5000"))
            .await;
    }
    let unsaid = async |order: &str, car: u32, key: &str| -> Vec<(String, String)> {
        world
            .put("D1", visit(order, &vin(car), key, "03-05", "5000"))
            .await;
        let told = world.told().await.unsaid.into_iter();
        told.map(|one| (one.vin, one.source_record_id)).collect()
    };
    let nothing: Vec<(String, String)> = Vec::new();
    // The second order still says so.
    assert_eq!(unsaid("R1", 2, "K1").await, nothing);
    assert_eq!(
        unsaid("R2", 1, "K2").await,
        [(vin(1), record_of("D1", "K1").to_string())]
    );
    assert_eq!(
        unsaid("R1", 3, "K1").await,
        [(vin(2), record_of("D1", "K1").to_string())]
    );
}

async fn whatever_was_typed_as_text_is_sealed(db: TestDb) {
    let world = World::start(db).await;
    let typed = wordy_visit("CANARY");
    let (first, _) = world.put("D1", typed.clone()).await;
    let line = &first.lines[0];
    let shown = [
        &first.adviser,
        &first.complaint_text,
        &first.diagnosis,
        &first.towing,
        &first.substitute,
        &first.signatures,
        &first.next_advice,
        &line.code,
        &line.name,
        &line.technician,
        &line.payer,
        &line.fault_code,
    ];
    for (at, text) in shown.into_iter().enumerate() {
        assert_eq!(text, "CANARY", "{at}");
    }
    // A correction, sent under a key, and its earlier version.
    let mut request = world.desk(
        "D1",
        PutVisitRequest {
            dealer: "D1".into(),
            source: "dms".into(),
            columns: Some(VisitColumns {
                odometer_km: "5100".into(),
                ..typed
            }),
            expected_version: 0,
        },
    );
    request
        .metadata_mut()
        .insert("idempotency-key", "k-1".parse().unwrap());
    world.history().put_visit(request).await.unwrap();
    assert!(!world.lies_in_the_clear("CANARY"));
    assert!(
        world.lies_in_the_clear(&vin(1)),
        "the search finds what does"
    );
}

async fn a_long_history_is_read_in_pages(db: TestDb) {
    let world = World::start(db).await;
    for month in 1..=7 {
        let km = (month * 1_000).to_string();
        world
            .put(
                "D1",
                visit(
                    &format!("R{month}"),
                    &vin(1),
                    "K1",
                    &format!("{month:02}-05"),
                    &km,
                ),
            )
            .await;
    }
    let (mut token, mut seen, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let message = ListVehicleVisitsRequest {
            vin: vin(1),
            page_size: 3,
            page_token: token,
            headers_only: false,
            strangers: Vec::new(),
        };
        let page = world
            .history()
            .list_vehicle_visits(world.desk("D1", message))
            .await
            .unwrap()
            .into_inner();
        seen.extend(
            page.visits
                .into_iter()
                .map(|visit| (visit.order_number, visit.first_visit)),
        );
        pages += 1;
        if page.next_page_token.is_empty() {
            break;
        }
        token = page.next_page_token;
    }
    let expected: Vec<_> = (1..=7)
        .rev()
        .map(|month| (format!("R{month}"), month == 1))
        .collect();
    assert_eq!((seen, pages), (expected, 3));
}

async fn a_visit_that_must_be_new_or_in_a_version_changes_nothing_else(db: TestDb) {
    let world = World::start(db).await;
    let put = async |km: &str, expected_version| {
        let request = PutVisitRequest {
            dealer: "D1".into(),
            source: "dms".into(),
            columns: Some(visit("R1", &vin(1), "K1", "03-05", km)),
            expected_version,
        };
        let put = world.history().put_visit(world.desk("D1", request)).await;
        put.map(|put| put.into_inner().visit.unwrap())
    };
    let new = put("5000", -1).await.unwrap();
    for expected in [-1, new.version + 1] {
        let refused = put("5100", expected).await.unwrap_err();
        let problem = marque_errors::Problem::from(refused);
        assert_eq!(problem.reason, "VISIT_CHANGED", "{expected}");
    }
    let corrected = put("5200", new.version).await.unwrap();
    assert_eq!(
        (corrected.odometer_km, corrected.version),
        (5200, new.version + 1)
    );
}

async fn a_row_without_an_order_number_is_refused(db: TestDb) {
    let world = World::start(db).await;
    let request = PutVisitRequest {
        dealer: "D1".into(),
        source: "dms".into(),
        columns: Some(visit(" ", &vin(1), "K1", "03-05", "5000")),
        expected_version: 0,
    };
    let refused = world
        .history()
        .put_visit(world.desk("D1", request))
        .await
        .unwrap_err();
    let problem = marque_errors::Problem::from(refused);
    assert_eq!(
        (problem.status, problem.violations[0].field.as_str()),
        (400, "order_number")
    );
}

async fn an_idempotency_key_gives_the_same_answer(db: TestDb) {
    let world = World::start(db).await;
    let put = |order: &str| {
        let columns = Some(visit(order, &vin(1), "K1", "03-05", "5000"));
        let mut request = world.desk(
            "D1",
            PutVisitRequest {
                dealer: "D1".into(),
                source: "dms".into(),
                columns,
                expected_version: 0,
            },
        );
        request
            .metadata_mut()
            .insert("idempotency-key", "k-1".parse().unwrap());
        request
    };
    let first = world
        .history()
        .put_visit(put("R1"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        world
            .history()
            .put_visit(put("R1"))
            .await
            .unwrap()
            .into_inner(),
        first
    );
    assert_eq!(
        world
            .history()
            .put_visit(put("R2"))
            .await
            .unwrap_err()
            .code(),
        Code::FailedPrecondition
    );
    assert_eq!(world.count("SELECT count(*) FROM visits").await, 1);
}

async fn a_word_that_is_not_understood_is_kept_as_it_was_typed(db: TestDb) {
    let world = World::start(db).await;
    let row = VisitColumns {
        kind: "喝茶".into(),
        ..visit("R1", &vin(1), "K1", "03-05", "5000")
    };
    let (kept, outcome) = world.put("D1", row.clone()).await;
    assert_eq!(
        (kept.kind.as_str(), kept.kind_typed.as_str(), outcome),
        ("", "喝茶", RowOutcome::AcceptedWithFindings as i32)
    );
    let known = VisitColumns {
        kind: "事故车维修".into(),
        ..row
    };
    let (corrected, outcome) = world.put("D1", known).await;
    assert_eq!(
        (
            corrected.kind.as_str(),
            corrected.kind_typed.as_str(),
            outcome
        ),
        ("accident", "", RowOutcome::Accepted as i32)
    );
}

/// What of customer 10 is handed out to a customer, the visits as they stand and the versions before, two a page.
async fn exported(world: &World, to: CustomerId) -> (Vec<Visit>, Vec<Visit>) {
    let (mut visits, mut earlier, mut token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let message = ExportVisitsRequest {
            customer_id: customer(10).to_string(),
            page_size: 2,
            page_token: token,
            held_rows: false,
        };
        let request = world.ask(Role::Customer, Scope::Customer(to), message);
        let page = world.history().export_visits(request).await.unwrap();
        let page = page.into_inner();
        visits.extend(page.visits);
        earlier.extend(page.earlier);
        token = page.next_page_token;
        if token.is_empty() {
            return (visits, earlier);
        }
    }
}

async fn a_customer_is_handed_every_version_that_was_his_with_the_dealers_own_columns(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(10), &vin(1)),
        link("D1", "B", customer(20), &vin(2)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let said = |order: &str, key: &str, words: &str| VisitColumns {
        complaint_text: words.into(),
        extra: [("车主备注".to_owned(), format!("{words}，下午来电"))].into(),
        ..visit(order, &vin(1), key, "03-05", "4000")
    };
    for row in [
        said("R1", "A", "第一次"),
        said("R1", "A", "第二次"),
        said("R2", "A", "第三次"),
        // It was another's.
        said("R2", "B", "第四次"),
        said("R3", "A", "第五次"),
    ] {
        world.put("D1", row).await;
    }
    let (visits, earlier) = exported(&world, customer(10)).await;
    let words = |visits: &[Visit]| -> Vec<(String, String)> {
        let of = |visit: &Visit| (visit.complaint_text.clone(), visit.extra[0].value.clone());
        let mut words: Vec<_> = visits.iter().map(of).collect();
        words.sort();
        words
    };
    let both = |words: &str| (words.to_owned(), format!("{words}，下午来电"));
    assert_eq!(words(&visits), [both("第二次"), both("第五次")]);
    assert_eq!(words(&earlier), [both("第一次"), both("第三次")]);
    let (visits, earlier) = exported(&world, customer(20)).await;
    assert!(visits.is_empty() && earlier.is_empty(), "of another");
}
