//! Files of visits.

use std::time::Duration;

use marque_api::intake::v1::{
    GetImportRequest, Import, ImportRequest, ImportRow, ImportStart, ImportState,
    ListImportRowsRequest, RowOutcome, import_request::Part,
};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, vin, visit};

store_test_suite!(
    a_file_taken_in_twice_changes_nothing_the_second_time,
    an_order_that_two_systems_of_a_dealer_send_is_one,
    an_order_whose_rows_stand_apart_is_not_taken_in_by_halves,
    an_order_with_a_faulty_row_waits_for_it_wherever_it_stands,
    only_the_row_with_another_dealers_code_is_told_of_it,
    what_stands_under_a_table_keeps_no_order_waiting,
    rows_of_one_order_that_name_two_cars_or_customers_are_no_order,
    what_is_wrong_with_a_line_is_said_of_its_row,
    a_payer_that_nobody_knows_is_said_of_its_row,
    a_fault_that_no_line_answers_is_kept_with_the_visit,
    a_list_of_objects_under_the_name_of_a_line_is_the_lines_of_the_order,
    a_file_that_came_before_a_live_visit_does_not_undo_it,
);

/// Bytes a message.
const CHUNK: usize = 256 * 1024;

pub(crate) async fn import(world: &World, file: &str) -> Import {
    import_of(world, "dms", file).await
}

/// A file of one of the dealer's systems.
async fn import_of(world: &World, source: &str, file: &str) -> Import {
    let start = ImportStart {
        kind: "visits".into(),
        dealer: "D1".into(),
        source: source.into(),
        ..ImportStart::default()
    };
    let bytes = file.as_bytes().to_vec();
    let chunks = (0..bytes.len())
        .step_by(CHUNK)
        .map(|at| bytes[at..bytes.len().min(at + CHUNK)].to_vec());
    let parts: Vec<ImportRequest> = std::iter::once(Part::Start(start))
        .chain(chunks.map(|chunk| Part::Chunk(chunk.into())))
        .map(|part| ImportRequest { part: Some(part) })
        .collect();
    let role = marque_auth::Role::Manager;
    let scope = marque_auth::Scope::Dealer("D1".parse().unwrap());
    let request = world.ask(role, scope.clone(), tokio_stream::iter(parts));
    let id = world
        .imports()
        .import(request)
        .await
        .unwrap()
        .into_inner()
        .import
        .unwrap()
        .id;
    for _ in 0..2_000 {
        let request = world.ask(role, scope.clone(), GetImportRequest { id: id.clone() });
        let import = world
            .imports()
            .get_import(request)
            .await
            .unwrap()
            .into_inner()
            .import
            .unwrap();
        match import.state() {
            ImportState::Succeeded => return import,
            ImportState::Failed => panic!("{}: {}", import.problem_reason, import.problem_detail),
            _ => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
    panic!("the import does not end");
}

async fn rows(world: &World, import: &Import) -> Vec<ImportRow> {
    let message = ListImportRowsRequest {
        import_id: import.id.clone(),
        ..ListImportRowsRequest::default()
    };
    let scope = marque_auth::Scope::Dealer("D1".parse().unwrap());
    let request = world.ask(marque_auth::Role::Manager, scope, message);
    world
        .imports()
        .list_import_rows(request)
        .await
        .unwrap()
        .into_inner()
        .rows
}

async fn a_file_taken_in_twice_changes_nothing_the_second_time(db: TestDb) {
    let world = World::start(db).await;
    let file = format!(
        "工单号,车架号,客户编号,进厂时间,里程,明细类型,项目名称,数量,单价,技师\n\
         R1,{one},K1,2025-03-05 09:00,5000,工时,更换机油,1,100,T1\n\
         R1,{one},K1,2025-03-05 09:00,5000,配件,机油,4,55.5,T1\n\
         R2,{two},K2,2025-03-06 09:00,8000,工时,检查,1,50,T2\n\
         ,{two},K2,2025-03-07 09:00,8100,工时,检查,1,50,T2\n",
        one = vin(1),
        two = vin(2),
    );
    let first = import(&world, &file).await;
    assert_eq!(
        (first.received, first.accepted, first.quarantined),
        (4, 3, 1),
        "{:?}",
        rows(&world, &first).await
    );
    let visit = world.of_vehicle("D1", &vin(1)).await.pop().unwrap();
    let lines: Vec<_> = visit
        .lines
        .iter()
        .map(|line| (line.quantity_milli, line.name.as_str()))
        .collect();
    assert_eq!(lines, [(1_000, "更换机油"), (4_000, "机油")]);
    let taken = rows(&world, &first).await;
    assert_eq!(
        taken[0].record_id, taken[1].record_id,
        "two rows, one visit"
    );
    assert_eq!(taken[3].outcome(), RowOutcome::Quarantined);

    let second = import(&world, &file).await;
    assert_eq!(
        (second.received, second.unchanged, second.quarantined),
        (4, 3, 1)
    );
    assert_eq!(
        world.count("SELECT count(*) FROM outbox").await,
        1,
        "one event a batch, none for what is the same"
    );
    assert_eq!(world.count("SELECT count(*) FROM visit_versions").await, 0);
}

const HEADER: &str = "工单号,车架号,客户编号,进厂时间,里程,明细类型,项目名称,数量,单价,技师\n";

async fn an_order_that_two_systems_of_a_dealer_send_is_one(db: TestDb) {
    let world = World::start(db).await;
    let file = format!(
        "工单号,车架号,进厂时间,里程\nR20,{},2024-01-01,1000\n",
        vin(1)
    );
    for (source, unchanged) in [("dms", 0), ("erp", 1), ("dms", 1)] {
        let taken = import_of(&world, source, &file).await;
        assert_eq!(
            (taken.received, taken.unchanged),
            (1, unchanged),
            "{source}"
        );
    }
    // Whose keys they are counts where it names a customer.
    let named = file
        .replace("里程\n", "里程,客户编号\n")
        .replace("1000\n", "1000,K1\n");
    for source in ["dms", "erp"] {
        assert_eq!(import_of(&world, source, &named).await.unchanged, 0);
    }
}

async fn an_order_whose_rows_stand_apart_is_not_taken_in_by_halves(db: TestDb) {
    let world = World::start(db).await;
    let row = |order: &str, car: u32, line: &str| {
        let car = vin(car);
        format!("{order},{car},K1,2025-03-05 09:00,5000,工时,{line},1,100,T1\n")
    };
    let faulty = "R3,too short\n";
    let file = [
        HEADER,
        &row("R1", 1, "更换机油"),
        &row("R2", 2, "检查"),
        &row("R1", 1, "更换刹车片"),
        &row("R3", 3, "检查"),
        faulty,
        &row("R3", 3, "洗车"),
    ];
    let import_of = import(&world, &file.concat()).await;
    assert_eq!(
        (
            import_of.received,
            import_of.accepted,
            import_of.quarantined
        ),
        (6, 1, 5)
    );
    let rows = rows(&world, &import_of).await;
    for at in [0, 2, 3, 5] {
        assert_eq!(rows[at].outcome(), RowOutcome::Quarantined, "row {at}");
        let rules: Vec<&str> = rows[at].findings.iter().map(|it| &*it.rule).collect();
        assert!(rules.contains(&"rows_apart"), "row {at}: {rules:?}");
    }
    assert!(world.of_vehicle("D1", &vin(1)).await.is_empty());
    // Put together, it is taken in whole.
    let sorted = [
        HEADER,
        &row("R1", 1, "更换机油"),
        &row("R1", 1, "更换刹车片"),
    ];
    let again = import(&world, &sorted.concat()).await;
    assert_eq!((again.accepted, again.quarantined), (2, 0));
    let visit = world.of_vehicle("D1", &vin(1)).await.pop().unwrap();
    assert_eq!((visit.lines.len(), visit.version), (2, 1));
}

async fn an_order_with_a_faulty_row_waits_for_it_wherever_it_stands(db: TestDb) {
    let world = World::start(db).await;
    let head = "车架号,工单号,进厂时间,明细类型,项目名称,数量,单价\n";
    let row = |order: &str, line: &str| {
        let car = vin(1);
        format!("{car},{order},2025-03-05 09:00,配件,{line},1,100\n")
    };
    let without_price = |order: &str| row(order, "机油").replace(",100\n", "\n");
    let without_car = |order: &str| row(order, "机油").replace(&format!("{},", vin(1)), "");
    let never_closed = |order: &str| format!("\"{}", row(order, "机油"));
    let file = [
        head,
        &row("LAST", "机滤"),
        &without_price("LAST"),
        &without_price("FIRST"),
        &row("FIRST", "机滤"),
        // What is missing stands before the number of the order, which is found a cell further on.
        &row("SHIFTED", "机滤"),
        &without_car("SHIFTED"),
        &row("WHOLE", "机滤"),
        &never_closed("QUOTED"),
        &row("QUOTED", "机滤"),
        &row("ALONE", "机滤"),
        // Cells that a spreadsheet program joined: only the first row has what is the order's.
        &row("JOINED", "机滤"),
        ",,,配件,机油,1,100\n",
        &without_price("BAD"),
        &row("NEXT", "机滤"),
    ];
    let import_of = import(&world, &file.concat()).await;
    let outcomes: Vec<bool> = rows(&world, &import_of)
        .await
        .iter()
        .map(|row| row.outcome() == RowOutcome::Quarantined)
        .collect();
    let (waits, is_taken) = (true, false);
    assert_eq!(
        outcomes,
        [
            waits, waits, waits, waits, waits, waits, is_taken, waits, waits, is_taken, waits,
            waits, waits, is_taken
        ]
    );
    let mended = [head, &row("LAST", "机滤"), &row("LAST", "机油")];
    let again = import(&world, &mended.concat()).await;
    assert_eq!((again.accepted, again.quarantined), (2, 0));
    let visits = world.of_vehicle("D1", &vin(1)).await;
    let last = visits.iter().find(|visit| visit.order_number == "LAST");
    let last = last.expect("the order that was mended");
    assert_eq!((last.lines.len(), last.version), (2, 1));
}

async fn only_the_row_with_another_dealers_code_is_told_of_it(db: TestDb) {
    let world = World::start(db).await;
    let row = |order: &str, dealer: &str| {
        let car = vin(1);
        format!("{order},{car},2025-03-05 09:00,检查,{dealer}\n")
    };
    let file = [
        "工单号,车架号,进厂时间,项目名称,经销商代码\n",
        &row("OURS", "D1"),
        &row("BOTH", "D1"),
        &row("BOTH", "D2"),
        &row("BOTH", ""),
        &row("THEIRS", "D2"),
        // One whose rows stand apart besides.
        &row("APART", "D2"),
        &row("APART", "D1"),
        &row("LAST", "D1"),
        &row("APART", "D1"),
    ];
    let import_of = import(&world, &file.concat()).await;
    assert_eq!((import_of.accepted, import_of.quarantined), (2, 7));
    let rows = rows(&world, &import_of).await;
    let told: Vec<Vec<&str>> = rows.iter().map(rules).collect();
    let (differs, apart) = (vec!["dealer_differs"], vec!["rows_apart"]);
    for (at, expected) in [
        (1, &apart),
        (2, &differs),
        (3, &apart),
        (4, &differs),
        (5, &differs),
        (6, &apart),
        (8, &apart),
    ] {
        assert_eq!(&told[at], expected, "row {at}");
    }
}

async fn what_stands_under_a_table_keeps_no_order_waiting(db: TestDb) {
    let world = World::start(db).await;
    let row = |order: &str, car: u32| {
        let car = vin(car);
        format!("1,{order},{car},2025-03-05 09:00,机滤,1,100,100\n")
    };
    let file = [
        "序号,工单号,车架号,进厂时间,项目名称,数量,单价,结算金额\n",
        &row("R1", 1),
        "小 计：,,,,,1,,100\n",
        &row("R2", 2),
        "Total,,,,,1,,100\n",
        &row("R3", 3),
        "合计,,,,,3,,300\n",
        ",本页小计,,,,3,,300\n",
        ",本页小计,,,,3,,300\n",
        ",制表人：王芳,,2025-03-31,,,,\n",
        "制表人：王芳\n",
        "\u{1a}",
    ];
    let import_of = import(&world, &file.concat()).await;
    let refused: Vec<usize> = rows(&world, &import_of)
        .await
        .iter()
        .enumerate()
        .filter(|(_, row)| row.outcome() == RowOutcome::Quarantined)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(
        refused,
        [1, 3, 5, 6, 7, 8, 9, 10],
        "what is no order, alone"
    );
    for car in [1, 2, 3] {
        assert_eq!(world.of_vehicle("D1", &vin(car)).await.len(), 1);
    }
}

fn rules(row: &ImportRow) -> Vec<&str> {
    row.findings.iter().map(|it| &*it.rule).collect()
}

async fn rows_of_one_order_that_name_two_cars_or_customers_are_no_order(db: TestDb) {
    let world = World::start(db).await;
    let row = |order: &str, car: u32, customer: &str, day: &str| {
        let car = vin(car);
        format!("{order},{car},{customer},2025-03-{day} 09:00,5000,工时,检查,1,100,T1\n")
    };
    let file = [
        HEADER,
        &row("CAR", 1, "K1", "05"),
        &row("CAR", 2, "K1", "05"),
        &row("WHO", 3, "K1", "05"),
        &row("WHO", 3, "K2", "05"),
        &row("WHEN", 4, "K1", "05"),
        &row("WHEN", 4, "K1", "06"),
    ];
    let import_of = import(&world, &file.concat()).await;
    assert_eq!((import_of.received, import_of.quarantined), (6, 4));
    let rows = rows(&world, &import_of).await;
    for row in &rows[..4] {
        assert_eq!(rules(row), ["rows_contradict"], "line {}", row.line);
    }
    for row in &rows[4..] {
        assert_eq!(row.outcome(), RowOutcome::AcceptedWithFindings);
        assert_eq!(rules(row), ["rows_differ"], "line {}", row.line);
    }
    for car in [1, 2, 3] {
        assert!(world.of_vehicle("D1", &vin(car)).await.is_empty());
    }
}

async fn what_is_wrong_with_a_line_is_said_of_its_row(db: TestDb) {
    let world = World::start(db).await;
    let row = |quantity: &str| {
        let car = vin(1);
        format!("R1,{car},K1,2025-03-05 09:00,5000,配件,机油,{quantity},100,T1\n")
    };
    let file = [HEADER, &row("一套"), &row("2"), &row("0"), &row("-1")];
    let import_of = import(&world, &file.concat()).await;
    let rows = rows(&world, &import_of).await;
    let found: Vec<_> = rows.iter().map(rules).collect();
    let nothing: [&str; 0] = [];
    assert_eq!(
        found,
        [
            &["number_form"][..],
            &nothing,
            &nothing,
            &["amount_negative"]
        ]
    );
    assert_eq!(rows[1].outcome(), RowOutcome::Accepted);
    let visit = world.of_vehicle("D1", &vin(1)).await.pop().unwrap();
    let quantities: Vec<_> = visit
        .lines
        .iter()
        .map(|line| (line.quantity_milli, line.quantity_assumed))
        .collect();
    assert_eq!(
        quantities,
        [(1_000, true), (2_000, false), (0, false), (-1_000, false)],
        "what was typed is kept: none at all, and a part that was taken back"
    );
}

async fn a_payer_that_nobody_knows_is_said_of_its_row(db: TestDb) {
    let world = World::start(db).await;
    let row = |payer: &str| {
        let car = vin(1);
        format!("R1,{car},K1,2025-03-05 09:00,5000,配件,机油,1,100,T1,{payer}\n")
    };
    let header = HEADER.replace('\n', ",付款方\n");
    let file = [header, row("厂家"), row("老板"), row("无")];
    let import_of = import(&world, &file.concat()).await;
    let rows = rows(&world, &import_of).await;
    let found: Vec<_> = rows.iter().map(rules).collect();
    let nothing: [&str; 0] = [];
    assert_eq!(found, [&nothing[..], &["payer_unknown"], &nothing]);
    let visit = world.of_vehicle("D1", &vin(1)).await.pop().unwrap();
    let payers: Vec<_> = visit.lines.iter().map(|line| line.payer.as_str()).collect();
    assert_eq!(payers, ["warranty", "老板", ""]);
}

async fn a_fault_that_no_line_answers_is_kept_with_the_visit(db: TestDb) {
    let world = World::start(db).await;
    let file = format!(
        "工单号,车架号,进厂时间,业务类型,故障代码,项目名称,结算金额\n\
         R1,{one},2025-03-05 09:00,保修,P0300,,0\n\
         R2,{two},2025-03-05 09:00,保修,P0300,更换点火线圈,0\n",
        one = vin(1),
        two = vin(2),
    );
    import(&world, &file).await;
    let [bare, with_line] = [
        world.of_vehicle("D1", &vin(1)).await.pop().unwrap(),
        world.of_vehicle("D1", &vin(2)).await.pop().unwrap(),
    ];
    assert_eq!(
        (bare.fault_codes, bare.lines.len()),
        (vec!["P0300".to_owned()], 0)
    );
    assert_eq!(
        (
            with_line.fault_codes.len(),
            with_line.lines[0].fault_code.as_str()
        ),
        (0, "P0300")
    );
    let amount = bare.amount.map(|amount| amount.minor);
    assert_eq!(amount, Some(0), "nothing to pay is an amount");
    assert_eq!(import(&world, &file).await.unchanged, 2);
}

async fn a_list_of_objects_under_the_name_of_a_line_is_the_lines_of_the_order(db: TestDb) {
    let world = World::start(db).await;
    let file = format!(
        "{{\"工单号\":\"R1\",\"车架号\":\"{car}\",\"进厂时间\":\"2025-03-05 09:00\",\"里程\":5000,\
         \"维修项目\":[{{\"类型\":\"工时\",\"名称\":\"更换机油\",\"数量\":1}},{{\"类型\":\"配件\",\"名称\":\"机油\",\"数量\":4}}]}}\n",
        car = vin(1),
    );
    let done = import(&world, &file).await;
    assert_eq!((done.accepted, done.quarantined), (1, 0));
    let visit = world.of_vehicle("D1", &vin(1)).await.pop().unwrap();
    let lines: Vec<_> = visit
        .lines
        .iter()
        .map(|line| (line.quantity_milli, line.name.as_str()))
        .collect();
    assert_eq!(lines, [(1_000, "更换机油"), (4_000, "机油")]);
}

async fn a_file_that_came_before_a_live_visit_does_not_undo_it(db: TestDb) {
    let world = World::start(db).await;
    let km = async || {
        let mut visits = world.of_vehicle("D1", &vin(1)).await;
        visits.pop().unwrap().odometer_km
    };
    let put = async || {
        let columns = visit("R1", &vin(1), "K1", "03-05", "1000");
        let (_, outcome) = world.put("D1", columns).await;
        // As if a file that comes now had come before it, and waited.
        let later = "UPDATE visits SET live_at = live_at + 3600000000 WHERE live_at > 0";
        world
            .db
            .write(move |conn| conn.execute(later, &[]))
            .await
            .unwrap();
        outcome
    };
    let file = format!(
        "工单号,车架号,客户编号,进厂时间,里程\nR1,{},K1,2025-03-05,2000\n",
        vin(1)
    );
    put().await;
    let waited = import(&world, &file).await;
    assert_eq!((waited.received, waited.unchanged), (1, 1));
    assert_eq!(km().await, 1000);
    // Said once more, live: that counts too.
    world.clock.advance(Duration::from_hours(2));
    assert_eq!(put().await, RowOutcome::Unchanged as i32);
    let waited = import(&world, &file).await;
    assert_eq!((waited.received, waited.unchanged), (1, 1));
    world.clock.advance(Duration::from_hours(2));
    let after = import(&world, &file).await;
    assert_eq!((after.received, after.unchanged), (1, 0));
    assert_eq!(km().await, 2000);
}
