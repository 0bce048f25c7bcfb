//! Live writes: versions, keys, refusals.

use std::{collections::BTreeMap, time::Duration};

use marque_api::{
    customer::v1::{PutSourceRecordRequest, SourceRecordsLinked},
    intake::v1::RowOutcome,
};
use marque_auth::Role;
use marque_core::{Clock as _, Timestamp};
use marque_events::from_proto_time;
use marque_testkit::{ImportFile, Rig, TestDb, a_customer, phone, store_test_suite, vin};
use prost::Message as _;
use tonic::Code;

use crate::common::{HQ, acts, dealer, get, put, reason};

store_test_suite!(
    the_version_grows_with_each_change_and_only_then,
    a_correction_that_bears_the_time_of_the_first_row_is_told_as_of_when_it_came,
    a_key_twice_in_a_file_is_told_as_two_versions_of_its_car,
    a_write_over_another_version_than_the_one_read_changes_nothing,
    a_write_with_a_key_happens_once,
    a_dealer_writes_for_himself_alone,
    a_record_without_name_or_key_is_refused,
    a_key_is_the_same_in_every_width_and_with_control_characters,
    a_file_that_came_before_a_live_write_does_not_undo_it,
);

async fn the_version_grows_with_each_change_and_only_then(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("王小明").with_phone(phone(1));
    let first = put(&rig, person().put("D1", "1")).await;
    assert_eq!((first.outcome(), first.version), (RowOutcome::Accepted, 1));
    let version = get(&rig, &first.customer_id).await.version;
    let same = put(&rig, person().put("D1", "1")).await;
    assert_eq!((same.outcome(), same.version), (RowOutcome::Unchanged, 1));
    assert_eq!(get(&rig, &first.customer_id).await.version, version);
    let changed = put(&rig, person().who_likes("fishing").put("D1", "1")).await;
    assert_eq!(changed.version, 2);
    assert_eq!(get(&rig, &first.customer_id).await.version, version + 1);
    put(&rig, person().put("D2", "1")).await;
    assert_eq!(
        get(&rig, &first.customer_id).await.version,
        version + 2,
        "another dealer's record is a change too"
    );
}

async fn a_correction_that_bears_the_time_of_the_first_row_is_told_as_of_when_it_came(db: TestDb) {
    let rig = Rig::new(db).await;
    let driving = |n: u32| a_customer().named("王小明").driving(vin(n));
    let begun = "2025-03-05";
    put(&rig, driving(1).typed_at(begun).put("D1", "1")).await;
    rig.clock().advance(Duration::from_hours(24));
    let came = rig.clock().now();
    put(&rig, driving(2).typed_at(begun).put("D1", "1")).await;
    // He mends the phone, and says nothing new of the car: it is his since it came.
    rig.clock().advance(Duration::from_hours(24));
    let mended = driving(2).with_phone(phone(7)).typed_at(begun);
    put(&rig, mended.put("D1", "1")).await;
    put(&rig, driving(4).typed_at(begun).put("D1", "2")).await;
    put(&rig, driving(5).typed_at("2025-03-09").put("D1", "2")).await;

    let told = told(&rig).await;
    assert_eq!((told[1].1, told[2].1), (came, came));
    assert!(told.iter().all(|(recorded, _)| *recorded < came));
    for at in [0, 3, 4] {
        let (recorded, said) = told[at];
        assert_eq!(said, recorded, "the row itself says when");
    }
}

/// The vehicle service gets to know the first owner, and since when, from what is told.
async fn a_key_twice_in_a_file_is_told_as_two_versions_of_its_car(db: TestDb) {
    let rig = Rig::new(db).await;
    let row = |key: &str, n: u32, typed: &str| format!("{key},王小明,{},{typed}\r\n", vin(n));
    let file = [
        "客户编号,姓名,车架号,建档日期\r\n",
        &row("K1", 1, "2021-05-01"),
        &row("K1", 2, "2023-05-01"),
        &row("K2", 3, "2022-05-01"),
    ];
    let import = ImportFile::of_customers("D1", file.concat());
    assert_eq!(rig.import(import).await.received, 3);
    let told = told(&rig).await;
    assert!(told.iter().all(|(recorded, said)| recorded == said));
    let [first, other, second] = told[..] else {
        panic!("three versions: {told:?}")
    };
    assert!(first.0 < other.0 && other.0 < second.0, "{told:?}");
}

async fn a_file_that_came_before_a_live_write_does_not_undo_it(db: TestDb) {
    let mut rig = Rig::new(db).await;
    let person = |n| a_customer().named("王小明").with_phone(phone(n));
    for key in ["said again", "not written since"] {
        put(&rig, person(1).put("D1", key)).await;
    }
    rig.clock().advance(Duration::from_hours(1));
    rig.crash().await;
    let mut text = String::from("客户编号,姓名,手机,建档日期\r\n");
    for (key, typed) in [
        ("said again", ""),
        ("not written since", ""),
        ("new", ""),
        ("typed later", "2025-03-09"),
    ] {
        text.push_str(&format!("{key},王小明,{},{typed}\r\n", phone(9)));
    }
    let file = ImportFile::of_customers("D1", text);
    let queued = rig.send_as(Role::HqAdmin, HQ, file).await.unwrap();
    rig.clock().advance(Duration::from_hours(1));
    let before = || person(3).typed_at("2025-03-05").put("D1", "typed later");
    put(&rig, person(1).put("D1", "said again")).await;
    put(&rig, person(2).put("D1", "new")).await;
    put(&rig, before()).await;
    rig.crash_and_restart().await;
    rig.wait_for_import(&queued.id).await;

    let passed_over = rig.import_rows(&queued.id, RowOutcome::Unchanged).await;
    let lines: Vec<i64> = passed_over.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 4]);
    for (again, outcome, version) in [
        (person(1).put("D1", "said again"), RowOutcome::Unchanged, 1),
        (person(2).put("D1", "new"), RowOutcome::Unchanged, 1),
        (
            person(1).put("D1", "not written since"),
            RowOutcome::Accepted,
            3,
        ),
        (before(), RowOutcome::Accepted, 3),
    ] {
        let key = again.key.clone();
        let put = put(&rig, again).await;
        assert_eq!((put.outcome(), put.version), (outcome, version), "{key}");
    }
}

/// When records were typed and when they came to say what they say, as it was told, in order.
async fn told(rig: &Rig) -> Vec<(Timestamp, Timestamp)> {
    let sql =
        "SELECT data FROM outbox WHERE kind = 'marque.customer.source_records.linked' ORDER BY seq";
    let read = rig
        .customer_db()
        .read(move |conn| conn.query(sql, &[], |row| row.get::<Vec<u8>>(0)));
    let links = read.await.unwrap().into_iter().flat_map(|data| {
        let told = SourceRecordsLinked::decode(data.as_slice()).unwrap();
        told.links
    });
    let times = links.map(|link| {
        let (recorded, said) = (link.recorded_at.unwrap(), link.said_at.unwrap());
        (from_proto_time(&recorded), from_proto_time(&said))
    });
    times.collect()
}

async fn a_write_over_another_version_than_the_one_read_changes_nothing(db: TestDb) {
    let rig = Rig::new(db).await;
    let send = async |hobby: &str, expected_version| {
        let person = a_customer().named("王小明").who_likes(hobby);
        let request = PutSourceRecordRequest {
            expected_version,
            ..person.put("D1", "1")
        };
        let put = rig
            .customer()
            .put_source_record(rig.ask(marque_auth::Role::Dms, dealer("D1"), request))
            .await;
        put.map(tonic::Response::into_inner)
    };
    assert_eq!(send("fishing", 0).await.unwrap().version, 1);
    assert_eq!(send("chess", 1).await.unwrap().version, 2);
    assert_eq!(reason(send("golf", 1).await.unwrap_err()), "RECORD_CHANGED");
    assert_eq!(
        reason(send("golf", -1).await.unwrap_err()),
        "RECORD_CHANGED",
        "it is there already"
    );
    let first = PutSourceRecordRequest {
        expected_version: -1,
        ..a_customer().named("李小红").put("D1", "2")
    };
    assert_eq!(put(&rig, first).await.version, 1);
    let now = send("chess", 2).await.unwrap();
    assert_eq!((now.outcome(), now.version), (RowOutcome::Unchanged, 2));
}

async fn a_write_with_a_key_happens_once(db: TestDb) {
    let rig = Rig::new(db).await;
    // Several unknown columns: a map, whose order on the wire is any.
    let with_extras = |hobby: &str| -> PutSourceRecordRequest {
        let mut person = a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .who_likes(hobby);
        person.columns.extra = (0..8)
            .map(|n| (format!("column {n}"), n.to_string()))
            .collect::<BTreeMap<_, _>>();
        person.put("D1", "1")
    };
    let send = async |hobby: &str| {
        let request = rig.ask_once(Role::Dms, dealer("D1"), "key-1", with_extras(hobby));
        rig.customer()
            .put_source_record(request)
            .await
            .map(tonic::Response::into_inner)
    };
    let first = send("fishing").await.unwrap();
    for _ in 0..10 {
        assert_eq!(send("fishing").await.unwrap(), first);
    }
    assert_eq!(
        acts(&rig, &first.customer_id)
            .await
            .iter()
            .filter(|act| *act == "linked")
            .count(),
        1
    );
    assert_eq!(
        reason(send("chess").await.unwrap_err()),
        "IDEMPOTENCY_KEY_REUSED"
    );
}

async fn a_dealer_writes_for_himself_alone(db: TestDb) {
    let rig = Rig::new(db).await;
    for foreign in ["D2", "D9", "no dealer"] {
        let request = rig.ask(
            Role::Dms,
            dealer("D1"),
            a_customer()
                .named("王小明")
                .with_phone(phone(1))
                .put(foreign, "1"),
        );
        let status = rig.customer().put_source_record(request).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(status)),
            (Code::NotFound, "DEALER_UNKNOWN".to_owned())
        );
    }
}

async fn a_record_without_name_or_key_is_refused(db: TestDb) {
    let rig = Rig::new(db).await;
    for bad in [
        a_customer().who_likes("fishing").put("D1", "1"),
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .put("D1", " "),
    ] {
        let status = rig
            .customer()
            .put_source_record(rig.ask(Role::Dms, dealer("D1"), bad))
            .await
            .unwrap_err();
        let problem = marque_errors::Problem::from(status);
        assert_eq!(problem.reason, "RECORD_REJECTED");
        assert!(!problem.violations.is_empty(), "it says what to mend");
    }
}

async fn a_key_is_the_same_in_every_width_and_with_control_characters(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("王小明").with_phone(phone(1));
    let plain = put(&rig, person().put("D1", "K1")).await;
    for odd in ["K\u{0}1\u{7}", "Ｋ１", "　K1 "] {
        let again = put(&rig, person().put("D1", odd)).await;
        assert_eq!(again.source_record_id, plain.source_record_id, "{odd:?}");
    }
}
