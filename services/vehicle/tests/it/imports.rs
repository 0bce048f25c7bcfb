//! Files of vehicles.

use std::time::Duration;

use marque_api::{
    intake::v1::{
        GetImportRequest, Import, ImportRequest, ImportRow, ImportStart, ImportState,
        ListImportRowsRequest, RowOutcome, import_request::Part,
    },
    vehicle::v1::VehicleColumns,
};
use marque_intake::ROWS_KEPT;
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Status};

use crate::world::{World, vin};

store_test_suite!(
    a_file_taken_in_twice_changes_nothing_the_second_time,
    rows_of_one_car_far_apart_are_the_same_again_too,
    rows_of_an_old_import_are_forgotten,
    a_file_that_came_before_a_live_row_does_not_undo_it,
);

/// Bytes a message.
const CHUNK: usize = 256 * 1024;

pub(crate) async fn import(world: &World, file: &str) -> Import {
    let start = ImportStart {
        kind: "vehicles".into(),
        dealer: "D1".into(),
        source: "dms".into(),
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
    for _ in 0..400 {
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
    try_rows(world, import).await.unwrap()
}

async fn try_rows(world: &World, import: &Import) -> Result<Vec<ImportRow>, Status> {
    let message = ListImportRowsRequest {
        import_id: import.id.clone(),
        ..ListImportRowsRequest::default()
    };
    let scope = marque_auth::Scope::Dealer("D1".parse().unwrap());
    let request = world.ask(marque_auth::Role::Manager, scope, message);
    let listed = world.imports().list_import_rows(request).await?;
    Ok(listed.into_inner().rows)
}

async fn a_file_taken_in_twice_changes_nothing_the_second_time(db: TestDb) {
    let world = World::start(db).await;
    let file = format!(
        "车架号,车牌号,车型,颜色,车主编号,备注\n{},京A12345,M5,白,K1,常来\n{},京A12346,M5,黑,K2,\nLMQ,京A12347,M5,灰,K3,\n{},,,红,,\n",
        vin(1),
        vin(2),
        vin(1),
    );
    let first = import(&world, &file).await;
    assert_eq!(
        (
            first.received,
            first.accepted + first.with_findings,
            first.quarantined
        ),
        (4, 3, 1)
    );
    let outcomes: Vec<_> = rows(&world, &first)
        .await
        .into_iter()
        .map(|row| row.outcome())
        .collect();
    assert_eq!(outcomes[2], RowOutcome::Quarantined);
    let held_back = rows(&world, &first).await.remove(2);
    let rules: Vec<_> = held_back.findings.iter().map(|each| &each.rule).collect();
    assert_eq!(rules, ["vin_length"], "it has a plate, and a VIN");
    let vehicle = world.find(&vin(1)).await.unwrap();
    assert_eq!(
        (
            vehicle.color.as_str(),
            vehicle.definition.unwrap().model.as_str()
        ),
        ("红", "M5")
    );
    let kinds = world.count("SELECT count(DISTINCT kind) FROM outbox").await;
    let outbox = world.count("SELECT count(*) FROM outbox").await;
    assert_eq!((kinds, outbox), (2, 2), "one event of a kind a batch");

    // The last row of a VIN is what the file says of it: the same file again ends as it did.
    let before = world.find(&vin(1)).await.unwrap();
    let second = import(&world, &file).await;
    assert_eq!(
        (second.received, second.quarantined, second.unchanged),
        (4, 1, 3)
    );
    assert_eq!(world.find(&vin(1)).await.unwrap(), before);
    // What one of the rows says anew counts, and what stands below it is newer still.
    let mended = file.replace("白", "银");
    let third = import(&world, &mended).await;
    assert_eq!(
        (third.accepted + third.with_findings, third.unchanged),
        (2, 1)
    );
    assert_eq!(world.find(&vin(1)).await.unwrap().color, "红");
    assert_eq!(import(&world, &mended).await.unchanged, 3);
    let once = format!("车架号,颜色\n{},蓝\n", vin(3));
    import(&world, &once).await;
    let same = import(&world, &once).await;
    assert_eq!((same.received, same.unchanged), (1, 1));
}

/// The world takes rows in by a few hundred: those of the first car lie in several transactions.
async fn rows_of_one_car_far_apart_are_the_same_again_too(db: TestDb) {
    let world = World::start(db).await;
    let mut file = "车架号,车牌号\n".to_owned();
    for n in 0..1_500_u32 {
        let car = if n % 700 == 0 { 1 } else { n + 10 };
        let plate = if car == 1 {
            format!("京A{:05}", 12_345 + n)
        } else {
            String::new()
        };
        file.push_str(&format!("{},{plate}\n", vin(car)));
    }
    let first = import(&world, &file).await;
    assert_eq!((first.received, first.unchanged), (1_500, 0));
    let before = world.find(&vin(1)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(import(&world, &file).await.unchanged, 1_500);
        assert_eq!(world.find(&vin(1)).await.unwrap(), before);
    }
}

async fn rows_of_an_old_import_are_forgotten(db: TestDb) {
    let world = World::start(db).await;
    let file = format!("车架号,颜色\n{},蓝\nLMQ,灰\n", vin(1));
    let old = import(&world, &file).await;
    world.clock.advance(ROWS_KEPT);
    let young = import(&world, &file).await;
    assert_eq!(rows(&world, &old).await.len(), 2, "to the last moment");
    world.clock.advance(Duration::from_secs(1));
    let refused = try_rows(&world, &old).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert!(refused.message().contains("no longer kept"), "{refused}");

    world.start_again();
    let held = "SELECT count(*) FROM import_quarantine";
    for _ in 0..400 {
        if world.count(held).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(world.count(held).await, 1, "of the young one");
    assert_eq!(rows(&world, &young).await.len(), 2);
}

async fn a_file_that_came_before_a_live_row_does_not_undo_it(db: TestDb) {
    let world = World::start(db).await;
    let color = async || world.find(&vin(1)).await.unwrap().color;
    let put = async |color: &str| {
        let columns = VehicleColumns {
            vin: vin(1),
            color: color.into(),
            ..VehicleColumns::default()
        };
        let (_, outcome) = world.put("D1", columns).await;
        // As if a file that comes now had come before it, and waited.
        let later = "UPDATE vehicle_rows SET live_at = live_at + 3600000000 WHERE live_at > 0";
        world
            .db
            .write(move |conn| conn.execute(later, &[]))
            .await
            .unwrap();
        outcome
    };
    let file = format!("车架号,颜色\n{},红\n{},黑\n", vin(1), vin(2));
    put("白").await;
    let waited = import(&world, &file).await;
    assert_eq!((waited.received, waited.unchanged), (2, 1));
    assert_eq!(color().await, "白");
    world.clock.advance(Duration::from_hours(2));
    let after = import(&world, &file).await;
    assert_eq!((after.received, after.unchanged), (2, 1));
    assert_eq!(color().await, "红");
    // Said once more, live: that counts too.
    assert_eq!(put("红").await, RowOutcome::Unchanged as i32);
    let waited = import(&world, &file.replace('红', "灰")).await;
    assert_eq!((waited.received, waited.unchanged), (2, 2));
    assert_eq!(color().await, "红");
}
