//! Dealers' live rows.

use marque_api::{
    intake::v1::RowOutcome,
    vehicle::v1::{ExportRowsRequest, ExportedRow, PutVehicleRequest, Vehicle, VehicleColumns},
};
use marque_auth::{Role, Scope};
use marque_core::CustomerId;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{World, customer, day, link, linked, record_of, vin};

store_test_suite!(
    a_later_row_amends_field_by_field_and_the_same_row_changes_nothing,
    a_row_without_a_model_year_leaves_the_one_that_was_typed,
    a_sale_is_corrected_by_the_row_that_named_it,
    what_the_vehicle_licence_says_is_kept_and_told,
    an_owner_the_row_no_longer_names_has_ended,
    who_bought_his_car_back_owns_it_and_nobody_with_him,
    who_bought_his_car_back_and_sold_it_on_owns_it_no_more_when_his_record_is_sent_again,
    a_row_without_a_vin_is_refused_with_the_way_to_mend_it,
    an_idempotency_key_gives_the_same_answer_and_refuses_another_request,
    a_write_over_another_version_than_the_one_read_changes_nothing,
    a_condition_tells_nothing_of_a_car_that_others_told_of,
    a_dealer_cannot_write_for_another,
    a_customer_is_handed_the_rows_that_name_him_and_of_his_own_cars_all_columns,
);

fn row(n: u32) -> VehicleColumns {
    VehicleColumns {
        vin: vin(n),
        brand: "Marque".into(),
        model: "M5".into(),
        color: "white".into(),
        sale_date: "2025-03-05".into(),
        selling_dealer: "D1".into(),
        ..VehicleColumns::default()
    }
}

async fn a_later_row_amends_field_by_field_and_the_same_row_changes_nothing(db: TestDb) {
    let world = World::start(db).await;
    let (first, outcome) = world.put("D1", row(1)).await;
    assert_eq!((first.version, outcome), (1, RowOutcome::Accepted as i32));
    let (same, outcome) = world.put("D1", row(1)).await;
    assert_eq!((&same, outcome), (&first, RowOutcome::Unchanged as i32));

    let later = VehicleColumns {
        vin: vin(1),
        color: "black".into(),
        sale_date: "2025-04-09".into(),
        insurance_expiry: "2026年3月4日".into(),
        ..VehicleColumns::default()
    };
    let (amended, _) = world.put("D2", later).await;
    assert_eq!(
        (amended.id.as_str(), amended.version),
        (first.id.as_str(), 2)
    );
    assert_eq!(
        (amended.color.as_str(), amended.insurance_expiry.as_str()),
        ("black", "2026-03-04")
    );
    assert_eq!(
        (amended.sale_date.as_str(), amended.selling_dealer.as_str()),
        ("2025-03-05", "D1")
    );
    assert_eq!(amended.definition.unwrap().model, "M5");
    // One event for each change, none for the row that said the same.
    assert_eq!(world.count("SELECT count(*) FROM outbox").await, 2);
    assert_eq!(
        world
            .count("SELECT count(*) FROM audit WHERE act = 'vehicle_put'")
            .await,
        2
    );
}

async fn a_row_without_a_model_year_leaves_the_one_that_was_typed(db: TestDb) {
    let world = World::start(db).await;
    let said = |model_year: &str, color: &str| VehicleColumns {
        model_year: model_year.into(),
        color: color.into(),
        ..row(1)
    };
    let year = |vehicle: &Vehicle| vehicle.definition.as_ref().unwrap().model_year;
    let (by_vin, _) = world.put("D1", said("", "white")).await;
    assert_eq!(year(&by_vin), 2024, "R in the VIN");
    let (typed, _) = world.put("D1", said("2023款", "white")).await;
    assert_eq!(year(&typed), 2023);
    let (painted, _) = world.put("D1", said("", "black")).await;
    assert_eq!((year(&painted), painted.color.as_str()), (2023, "black"));
}

async fn a_sale_is_corrected_by_the_row_that_named_it(db: TestDb) {
    let world = World::start(db).await;
    let sold = |on: &str, by: &str| VehicleColumns {
        sale_date: on.into(),
        selling_dealer: by.into(),
        ..row(1)
    };
    world.put("D1", sold("2025-03-05", "D1")).await;
    world.put("D2", sold("2025-04-09", "D2")).await;
    let (other, _) = world.put("D2", sold("2025-05-09", "D2")).await;
    assert_eq!(
        (other.sale_date.as_str(), other.selling_dealer.as_str()),
        ("2025-03-05", "D1")
    );
    let (corrected, _) = world.put("D1", sold("2024-03-05", "D3")).await;
    assert_eq!(
        (
            corrected.sale_date.as_str(),
            corrected.selling_dealer.as_str()
        ),
        ("2024-03-05", "D3")
    );
}

async fn what_the_vehicle_licence_says_is_kept_and_told(db: TestDb) {
    let world = World::start(db).await;
    let with = |cells: [(&str, &str); 3]| VehicleColumns {
        extra: cells
            .map(|(header, cell)| (header.to_owned(), cell.to_owned()))
            .into(),
        ..row(1)
    };
    let said = |vehicle: &Vehicle| {
        let (class, vehicle_use) = (&vehicle.vehicle_class, &vehicle.vehicle_use);
        (class.clone(), vehicle_use.clone(), vehicle.seats)
    };
    let cells = [
        ("车辆类型", "小型面包车"),
        ("使用性质", "非营运"),
        ("核定载人数", "7人"),
    ];
    let (licensed, _) = world.put("D1", with(cells)).await;
    assert_eq!(said(&licensed), ("van".into(), "private".into(), 7));
    // Another dealer knows only of the use; what he cannot say takes nothing away.
    let cells = [("车辆类型", ""), ("使用性质", "出租客运"), ("seats", "?")];
    let (hired, _) = world.put("D2", with(cells)).await;
    assert_eq!(said(&hired), ("van".into(), "operating".into(), 7));
}

async fn an_owner_the_row_no_longer_names_has_ended(db: TestDb) {
    let world = World::start(db).await;
    let owned_by = |key: &str| VehicleColumns {
        owner_key: key.into(),
        ..row(2)
    };
    world.put("D1", owned_by("K1")).await;
    world.clock.advance(std::time::Duration::from_hours(1));
    let (vehicle, _) = world.put("D1", owned_by("K2")).await;
    let parties = world.parties(&vehicle.id).await;
    let seen: Vec<_> = parties
        .iter()
        .map(|party| (party.source_record_id.clone(), party.valid_to.is_some()))
        .collect();
    let expected = [
        (record_of("D1", "K2").to_string(), false),
        (record_of("D1", "K1").to_string(), true),
    ];
    assert_eq!(seen, expected);
}

async fn who_bought_his_car_back_owns_it_and_nobody_with_him(db: TestDb) {
    let world = World::start(db).await;
    let (one, two, other) = (customer(10), customer(20), customer(30));
    let links = [("D1", "K1", one), ("D1", "K2", two), ("D2", "K3", other)]
        .map(|(dealer, key, owner)| link(dealer, key, owner, "", "", day(0)));
    world.customers.deliver([linked(1, links.to_vec())]).await;
    let mut vehicle = None;
    for (dealer, key, color) in [
        ("D1", "K1", "white"),
        ("D1", "K2", "white"),
        ("D2", "K3", "white"),
        ("D1", "K1", "white"),
        // What else changes in a row says nothing of whose the car is.
        ("D2", "K3", "black"),
    ] {
        world.clock.advance(std::time::Duration::from_hours(1));
        let named = VehicleColumns {
            owner_key: key.into(),
            color: color.into(),
            ..row(7)
        };
        vehicle = Some(world.put(dealer, named).await.0);
    }
    let parties = world.parties(&vehicle.unwrap().id).await;
    let owners: Vec<_> = parties
        .iter()
        .map(|party| (party.customer_id.clone(), party.valid_to.is_some()))
        .collect();
    let expected = [(one, false), (other, true), (one, true), (two, true)];
    let mut expected = expected.map(|(owner, ended)| (owner.to_string(), ended));
    assert_eq!(owners[..2], expected[..2]);
    // The two that are left were last said at the same moment: in the order of their records.
    expected[2..].sort();
    let mut rest = owners[2..].to_vec();
    rest.sort();
    assert_eq!(rest, expected[2..]);
    let mut ends = parties.iter().filter_map(|party| party.valid_to.as_ref());
    let starts: Vec<_> = parties
        .iter()
        .filter_map(|party| party.valid_from.as_ref())
        .collect();
    assert!(
        ends.all(|end| starts.contains(&end)),
        "where one ends the next begins: {parties:?}"
    );
}

async fn who_bought_his_car_back_and_sold_it_on_owns_it_no_more_when_his_record_is_sent_again(
    db: TestDb,
) {
    let world = World::start(db).await;
    let (one, two, other) = (customer(10), customer(20), customer(30));
    let links = [("D1", "K1", one), ("D1", "K2", two), ("D2", "K3", other)]
        .map(|(dealer, key, owner)| link(dealer, key, owner, "", "", day(0)));
    world.customers.deliver([linked(1, links.to_vec())]).await;
    let mut vehicle = None;
    for (dealer, key) in [("D1", "K1"), ("D1", "K2"), ("D1", "K1"), ("D2", "K3")] {
        world.clock.advance(std::time::Duration::from_hours(1));
        let named = VehicleColumns {
            owner_key: key.into(),
            ..row(7)
        };
        vehicle = Some(world.put(dealer, named).await.0);
    }
    // His dealer's system stamps his record anew with whatever is changed in it.
    for (position, at) in [(2, 5_000), (3, 5_001)] {
        let sent = link("D1", "K1", one, &vin(7), "", day(at));
        world
            .customers
            .deliver([linked(position, vec![sent])])
            .await;
    }
    let parties = world.parties(&vehicle.unwrap().id).await;
    let owners: Vec<_> = parties
        .iter()
        .map(|party| (party.customer_id.clone(), party.valid_to.is_some()))
        .collect();
    let had = |owner: CustomerId| {
        owners
            .iter()
            .filter(|(id, _)| *id == owner.to_string())
            .count()
    };
    assert_eq!(owners[0], (other.to_string(), false));
    assert!(
        owners[1..].iter().all(|(_, has_ended)| *has_ended),
        "{owners:?}"
    );
    assert_eq!((had(one), had(two), had(other)), (2, 1, 1), "{owners:?}");
}

async fn a_row_without_a_vin_is_refused_with_the_way_to_mend_it(db: TestDb) {
    let world = World::start(db).await;
    let columns = VehicleColumns {
        vin: "LMQCA1A60R1".into(),
        plate: "京A12345".into(),
        ..VehicleColumns::default()
    };
    let request = PutVehicleRequest {
        dealer: "D1".into(),
        source: "dms".into(),
        columns: Some(columns),
        expected_version: 0,
    };
    let refused = world
        .vehicles()
        .put_vehicle(world.desk("D1", request))
        .await
        .unwrap_err();
    let problem = marque_errors::Problem::from(refused);
    assert_eq!(problem.status, 400);
    assert!(
        problem
            .violations
            .iter()
            .all(|violation| violation.field == "vin"),
        "{:?}",
        problem.violations
    );
    assert!(
        problem
            .violations
            .iter()
            .any(|violation| violation.reason == "VIN_LENGTH")
    );
    assert_eq!(world.count("SELECT count(*) FROM vehicles").await, 0);
}

async fn an_idempotency_key_gives_the_same_answer_and_refuses_another_request(db: TestDb) {
    let world = World::start(db).await;
    let put = |columns| {
        let request = PutVehicleRequest {
            dealer: "D1".into(),
            source: "dms".into(),
            columns: Some(columns),
            expected_version: 0,
        };
        let mut request = world.desk("D1", request);
        request
            .metadata_mut()
            .insert("idempotency-key", "k-1".parse().unwrap());
        request
    };
    // Columns nobody knows come in a map: the same request is the same bytes, however often it is made.
    let with_extras = || VehicleColumns {
        extra: (0..6).map(|n| (format!("列{n}"), n.to_string())).collect(),
        ..row(3)
    };
    let mut first = None;
    for _ in 0..20 {
        let answered = world.vehicles().put_vehicle(put(with_extras())).await;
        let answered = answered.unwrap().into_inner();
        assert_eq!(first.get_or_insert_with(|| answered.clone()), &answered);
    }
    let other = world.vehicles().put_vehicle(put(row(4))).await.unwrap_err();
    assert_eq!(other.code(), Code::FailedPrecondition);
    assert!(world.find(&vin(4)).await.is_none());
}

async fn a_write_over_another_version_than_the_one_read_changes_nothing(db: TestDb) {
    let world = World::start(db).await;
    let put = async |color: &str, expected_version| {
        let request = PutVehicleRequest {
            dealer: "D1".into(),
            source: "dms".into(),
            columns: Some(VehicleColumns {
                color: color.into(),
                ..row(3)
            }),
            expected_version,
        };
        let put = world
            .vehicles()
            .put_vehicle(world.desk("D1", request))
            .await;
        put.map(|put| put.into_inner().vehicle.unwrap())
    };
    let read = put("白", -1).await.unwrap();
    let mine = put("黑", read.version).await.unwrap();
    assert!(mine.version > read.version);
    let late = put("红", read.version).await.unwrap_err();
    assert_eq!(marque_errors::Problem::from(late).reason, "VEHICLE_CHANGED");
    let again = put("红", -1).await.unwrap_err();
    assert_eq!(
        marque_errors::Problem::from(again).reason,
        "VEHICLE_CHANGED",
        "it is there already"
    );
    let kept = world.find(&vin(3)).await.unwrap();
    assert_eq!((kept.color.as_str(), kept.version), ("黑", mine.version));
}

async fn a_condition_tells_nothing_of_a_car_that_others_told_of(db: TestDb) {
    let world = World::start(db).await;
    world.put("D1", row(5)).await;
    let put = async |n: u32, expected_version| {
        let request = PutVehicleRequest {
            dealer: "D3".into(),
            source: "dms".into(),
            columns: Some(VehicleColumns {
                vin: vin(n),
                color: "黑".into(),
                ..VehicleColumns::default()
            }),
            expected_version,
        };
        let mut vehicles = world.vehicles();
        let put = vehicles.put_vehicle(world.desk("D3", request));
        put.await.map(drop).map_err(|refused| refused.code())
    };
    // One that D1 has and one that nobody has.
    for n in [5, 6] {
        for version in [1, 2] {
            assert_eq!(put(n, version).await, Err(Code::Aborted), "{n} {version}");
        }
        assert_eq!(put(n, -1).await, Ok(()), "{n}");
        assert_eq!(put(n, -1).await, Err(Code::Aborted), "he sees it now");
    }
}

async fn a_dealer_cannot_write_for_another(db: TestDb) {
    let world = World::start(db).await;
    for dealer in ["D2", "D99"] {
        let request = PutVehicleRequest {
            dealer: dealer.into(),
            source: "dms".into(),
            columns: Some(row(5)),
            expected_version: 0,
        };
        let refused = world
            .vehicles()
            .put_vehicle(world.desk("D1", request))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{dealer}");
    }
    assert_eq!(world.count("SELECT count(*) FROM vehicles").await, 0);
}

/// The rows that are handed out of one customer to another, one a page.
async fn exported(world: &World, of: CustomerId, to: CustomerId) -> Vec<ExportedRow> {
    let (mut rows, mut token) = (Vec::new(), String::new());
    loop {
        let message = ExportRowsRequest {
            customer_id: of.to_string(),
            page_size: 1,
            page_token: token,
            held_rows: false,
        };
        let request = world.ask(Role::Customer, Scope::Customer(to), message);
        let page = world.vehicles().export_rows(request).await.unwrap();
        let page = page.into_inner();
        rows.extend(page.rows);
        token = page.next_page_token;
        if token.is_empty() {
            return rows;
        }
    }
}

async fn a_customer_is_handed_the_rows_that_name_him_and_of_his_own_cars_all_columns(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(10), "", "", day(0)),
        link("D1", "B", customer(20), "", "", day(0)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    for n in [1, 2] {
        let driven = VehicleColumns {
            owner_key: "A".into(),
            plate: "京A12345".into(),
            extra: [("driver_key", "B"), ("车主备注", "下午来电")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..row(n)
        };
        world.put("D1", driven).await;
    }
    world.put("D1", row(3)).await;
    let (own, driven) = (customer(10), customer(20));
    let rows = exported(&world, own, own).await;
    let vins: Vec<&str> = rows.iter().map(|row| row.vin.as_str()).collect();
    let mut named = [vin(1), vin(2)];
    named.sort();
    assert_eq!(vins, named);
    assert_eq!(rows[0].roles, ["owner"]);
    let has = |row: &ExportedRow, text: &str| format!("{row:?}").contains(text);
    assert!(has(&rows[0], "下午来电") && has(&rows[0], "京A12345"));
    assert!(!has(&rows[0], "driver_key"), "by which another is known");
    let rows = exported(&world, driven, driven).await;
    assert_eq!(
        (rows.len(), rows[0].roles.as_slice()),
        (2, &["driver".to_owned()][..])
    );
    assert!(!has(&rows[0], "下午来电"), "the owner's");
    assert!(exported(&world, own, driven).await.is_empty());
}
