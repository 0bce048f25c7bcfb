//! Ways to reach a customer, and for how long each was his.

use std::time::Duration;

use marque_api::{customer::v1::lookup_request::Key, intake::v1::RowOutcome};
use marque_auth::Role;
use marque_core::Clock as _;
use marque_testkit::{ImportFile, Rig, TestDb, a_customer, id_number, phone, store_test_suite};

use crate::common::{HQ, get, lookup_as, put};

store_test_suite!(
    a_changed_phone_ends_the_old_one,
    a_phone_is_his_since_it_was_first_said,
    a_phone_that_is_mended_under_the_old_date_is_the_newest,
    a_phone_that_came_live_is_his_since_then_whatever_the_nightly_file_bears,
    a_phone_that_is_put_right_again_is_told_with_the_time_before,
    a_key_twice_in_a_file_is_told_as_from_two_files,
    a_key_twice_in_a_file_is_told_as_from_two_files_wherever_a_batch_ends,
);

async fn a_changed_phone_ends_the_old_one(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n| a_customer().named("王小明").with_phone(phone(n));
    let id = put(&rig, person(1).put("D1", "1")).await.customer_id;
    rig.clock().advance(Duration::from_secs(3600));
    assert_eq!(put(&rig, person(2).put("D1", "1")).await.customer_id, id);
    let points = get(&rig, &id).await.contact_points;
    let shown: Vec<(&str, bool)> = points
        .iter()
        .map(|point| (point.value.as_str(), point.valid_to.is_some()))
        .collect();
    assert_eq!(
        shown,
        [
            (format!("+86{}", phone(2)).as_str(), false),
            (format!("+86{}", phone(1)).as_str(), true)
        ]
    );
    let (from, to) = (
        points[1].valid_from.unwrap().seconds,
        points[1].valid_to.unwrap().seconds,
    );
    assert_eq!(to - from, 3600);
    let find = async |n| {
        lookup_as(&rig, Role::Agent, HQ, Key::Phone(phone(n)))
            .await
            .unwrap()
            .customers
            .len()
    };
    assert_eq!(
        (find(1).await, find(2).await),
        (0, 1),
        "nobody is found by a number that he has given up"
    );
    // He has it again: it is current, and stands once beside the time before.
    rig.clock().advance(Duration::from_secs(3600));
    put(&rig, person(1).put("D1", "1")).await;
    let points = get(&rig, &id).await.contact_points;
    let current: Vec<&str> = points
        .iter()
        .filter(|p| p.valid_to.is_none())
        .map(|p| p.value.as_str())
        .collect();
    assert_eq!(
        (points.len(), current),
        (3, vec![format!("+86{}", phone(1)).as_str()])
    );
    assert_eq!((find(1).await, find(2).await), (1, 0));
}

async fn a_phone_is_his_since_it_was_first_said(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |name: &str| a_customer().named(name).with_phone(phone(1));
    let id = put(&rig, person("王小明").put("D1", "1")).await.customer_id;
    let since = async || get(&rig, &id).await.contact_points[0].valid_from;
    let first = since().await;
    for name in ["王晓明", "王小明", "王晓明"] {
        rig.clock().advance(Duration::from_secs(3600));
        put(&rig, person(name).put("D1", "1")).await;
        assert_eq!(since().await, first, "another name is no other phone");
    }
}

/// Many systems say only when a file was begun, however often it changes.
async fn a_phone_that_is_mended_under_the_old_date_is_the_newest(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n, begun: &str| {
        let person = a_customer().named("王小明").with_phone(phone(n));
        person.with_id_number(id_number(1)).typed_at(begun)
    };
    let id = put(&rig, person(1, "2020-01-01").put("D1", "1")).await;
    put(&rig, person(2, "2022-01-01").put("D2", "1")).await;
    let shown = async || shown(&rig, &id.customer_id).await;
    let before = shown().await;
    assert_eq!(before[0].0, format!("+86{}", phone(2)));
    let begun = before[1].1;
    rig.clock().advance(Duration::from_secs(3600));
    let came = Some(rig.clock().now().as_micros() / 1_000_000);
    put(&rig, person(3, "2020-01-01").put("D1", "1")).await;
    let mended = [
        (format!("+86{}", phone(3)), came, None),
        before[0].clone(),
        (format!("+86{}", phone(1)), begun, came),
    ];
    assert_eq!(shown().await, mended);
    // Something else is mended: the phone is his since then.
    rig.clock().advance(Duration::from_secs(3600));
    let other = person(3, "2020-01-01").who_likes("fishing");
    put(&rig, other.put("D1", "1")).await;
    assert_eq!(shown().await, mended);
    // The other dealer says once more what he said, and when: today.
    put(&rig, person(2, "2026-01-01").put("D2", "1")).await;
    assert_eq!(shown().await[0].0, format!("+86{}", phone(3)));
}

/// A live write that bears no time, and in the night a file that says when each file was begun.
async fn a_phone_that_came_live_is_his_since_then_whatever_the_nightly_file_bears(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n| {
        let person = a_customer().named("王小明").with_phone(phone(n));
        person.with_id_number(id_number(1))
    };
    let begun = "2020-01-01";
    let id = put(&rig, person(1).typed_at(begun).put("D1", "1")).await;
    put(&rig, person(2).typed_at("2022-01-01").put("D2", "1")).await;
    rig.clock().advance(Duration::from_secs(3600));
    put(&rig, person(3).put("D1", "1")).await;
    let live = shown(&rig, &id.customer_id).await;
    assert_eq!(live[0].0, format!("+86{}", phone(3)));
    rig.clock().advance(Duration::from_secs(3600));
    put(&rig, person(3).typed_at(begun).put("D1", "1")).await;
    assert_eq!(shown(&rig, &id.customer_id).await, live);
    // A row of a time between, which came after it: none of the phones was another's at one time.
    rig.clock().advance(Duration::from_secs(3600));
    let came = Some(rig.clock().now().as_micros() / 1_000_000);
    put(&rig, person(4).typed_at("2023-01-01").put("D1", "1")).await;
    let last = shown(&rig, &id.customer_id).await;
    assert_eq!(last[0], (format!("+86{}", phone(4)), came, None));
    let before = (live[0].0.clone(), live[0].1, came);
    assert!(
        last.contains(&before) && last.contains(&live[2]),
        "{last:?}"
    );
}

async fn a_phone_that_is_put_right_again_is_told_with_the_time_before(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n| a_customer().named("王小明").with_phone(phone(n));
    let mut times = Vec::new();
    let mut id = String::new();
    for n in [1, 2, 1] {
        rig.clock().advance(Duration::from_secs(3600));
        times.push(Some(rig.clock().now().as_micros() / 1_000_000));
        let taken = put(&rig, person(n).typed_at("2020-01-01").put("D1", "1")).await;
        id = taken.customer_id;
    }
    let told = shown(&rig, &id).await;
    let (mistaken, right) = (format!("+86{}", phone(2)), format!("+86{}", phone(1)));
    assert_eq!(told[0], (right.clone(), times[2], None));
    assert_eq!((&told[1].0, told[1].2), (&right, times[1]));
    assert_eq!(told[2], (mistaken, times[1], times[2]));
}

async fn a_key_twice_in_a_file_is_told_as_from_two_files(db: TestDb) {
    let rig = Rig::new(db).await;
    two_versions_are_told_alike(&rig).await;
    // What one date bears is one version, which the last row says.
    let rows = [row("K5", 5, "2021-05-01"), row("K5", 6, "2021-05-01")];
    let id = customer_of(&rig, &rows).await;
    let told = shown(&rig, &id).await;
    let since = shown(
        &rig,
        &customer_of(&rig, &[row("K6", 7, "2021-05-01")]).await,
    )
    .await[0]
        .1;
    assert_eq!(told, [(format!("+86{}", phone(6)), since, None)]);
    // The same file again changes nothing.
    let rows = [row("K7", 8, "2021-05-01"), row("K7", 9, "2023-05-01")];
    let id = customer_of(&rig, &rows).await;
    let (told, version) = (shown(&rig, &id).await, get(&rig, &id).await.version);
    rig.clock().advance(Duration::from_secs(3600));
    customer_of(&rig, &rows).await;
    assert_eq!(shown(&rig, &id).await, told);
    assert_eq!(get(&rig, &id).await.version, version);
}

async fn a_key_twice_in_a_file_is_told_as_from_two_files_wherever_a_batch_ends(db: TestDb) {
    let rig = Rig::with_batches_of(db, 1).await;
    two_versions_are_told_alike(&rig).await;
}

async fn two_versions_are_told_alike(rig: &Rig) {
    let versions = |key: &str, n| [row(key, n, "2021-05-01"), row(key, n + 1, "2023-05-01")];
    let of_one_file = customer_of(rig, &versions("K1", 1)).await;
    let mut of_two_files = String::new();
    for row in versions("K2", 3) {
        of_two_files = customer_of(rig, &[row]).await;
    }
    let (one, two) = (
        shown(rig, &of_one_file).await,
        shown(rig, &of_two_files).await,
    );
    let times = |told: &[(String, Option<i64>, Option<i64>)]| -> Vec<_> {
        told.iter().map(|(_, from, to)| (*from, *to)).collect()
    };
    assert_eq!(times(&one), times(&two));
    let values: Vec<&str> = one.iter().map(|(value, ..)| &value[3..]).collect();
    assert_eq!(values, [phone(2), phone(1)]);
    assert_eq!((one[0].1, one[0].2), (one[1].2, None));
}

/// A row of a file, which says when it was typed.
fn row(key: &str, n: u32, typed: &str) -> String {
    format!("{key},王小明,{},{typed}\r\n", phone(n))
}

/// Takes rows in as one file; whose the last of them is.
async fn customer_of(rig: &Rig, rows: &[String]) -> String {
    let file = format!("客户编号,姓名,手机,建档日期\r\n{}", rows.concat());
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    let rows = rig.import_rows(&import.id, RowOutcome::Unspecified).await;
    let last = rows.into_iter().max_by_key(|row| row.line);
    last.unwrap().customer_id
}

/// The ways to reach a customer: since when each was his, and until when, in seconds.
async fn shown(rig: &Rig, id: &str) -> Vec<(String, Option<i64>, Option<i64>)> {
    let seen = get(rig, id).await;
    let points = seen.contact_points.into_iter().map(|point| {
        let [from, to] = [point.valid_from, point.valid_to].map(|at| at.map(|at| at.seconds));
        (point.value, from, to)
    });
    points.collect()
}
