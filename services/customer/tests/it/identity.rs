//! Who is joined with whom, and who is not.

use std::fmt::Write as _;

use marque_api::intake::v1::ImportState;
use marque_auth::Role;
use marque_testkit::{
    ImportFile, Rig, TestDb, a_customer, id_number, phone, store_test_suite, vin,
};

use crate::common::{HQ, duplicates, get, history_as, left_behind, put, undo};

store_test_suite!(
    an_imported_and_a_live_record_are_one_by_document,
    phone_and_name_or_vin_and_name_join,
    contradictions_wait_for_the_steward,
    a_pair_has_one_weight_in_words_and_in_the_evidence,
    a_changed_record_leaves_whom_it_now_contradicts,
    a_changed_record_goes_to_whom_it_now_is,
    a_persons_records_in_one_file_are_one_customer,
);

async fn an_imported_and_a_live_record_are_one_by_document(db: TestDb) {
    let rig = Rig::new(db).await;
    let file = format!(
        "客户编号,姓名,身份证号,手机\r\nC1,王小明,{},{}\r\n",
        id_number(1),
        phone(1)
    );
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!(
        (import.state(), import.accepted),
        (ImportState::Succeeded, 1)
    );
    let live = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_id_number(id_number(1))
            .put("D2", "K9"),
    )
    .await;
    let customer = get(&rig, &live.customer_id).await;
    assert_eq!(
        (customer.source_records, customer.dealers),
        (2, vec!["D1".to_owned(), "D2".to_owned()])
    );
    assert_eq!(customer.name, "王小明");
}

async fn phone_and_name_or_vin_and_name_join(db: TestDb) {
    let rig = Rig::new(db).await;
    let first = put(
        &rig,
        a_customer()
            .named("李小红")
            .with_phone(phone(2))
            .put("D1", "1"),
    )
    .await;
    let by_phone = put(
        &rig,
        a_customer()
            .named("李 小红")
            .with_second_phone(phone(2))
            .driving(vin(2))
            .put("D2", "2"),
    )
    .await;
    let by_vin = put(
        &rig,
        a_customer().named("李小红").driving(vin(2)).put("D3", "3"),
    )
    .await;
    assert_eq!(by_phone.customer_id, first.customer_id);
    assert_eq!(by_vin.customer_id, first.customer_id);
    let phone_alone = put(
        &rig,
        a_customer()
            .named("赵大力")
            .with_phone(phone(2))
            .put("D2", "4"),
    )
    .await;
    let name_alone = put(
        &rig,
        a_customer()
            .named("李小红")
            .with_phone(phone(3))
            .put("D2", "5"),
    )
    .await;
    assert_ne!(phone_alone.customer_id, first.customer_id);
    assert_ne!(name_alone.customer_id, first.customer_id);
}

async fn contradictions_wait_for_the_steward(db: TestDb) {
    let rig = Rig::new(db).await;
    let one = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_id_number(id_number(1))
            .with_phone(phone(1))
            .put("D1", "1"),
    )
    .await;
    let two = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_id_number(id_number(2))
            .with_phone(phone(1))
            .put("D2", "2"),
    )
    .await;
    let three = put(
        &rig,
        a_customer()
            .named("陈建国")
            .with_id_number(id_number(1))
            .put("D3", "3"),
    )
    .await;
    assert_ne!(one.customer_id, two.customer_id);
    assert_ne!(one.customer_id, three.customer_id);
    let pairs = duplicates(&rig, "open").await;
    let reasons: Vec<&str> = pairs
        .iter()
        .filter_map(|pair| pair.reasons.first())
        .map(String::as_str)
        .collect();
    assert_eq!(pairs.len(), 2);
    assert!(reasons[0].starts_with("two different valid identity numbers"));
    assert!(reasons[1].starts_with("same identity number"));
    assert!(pairs[0].gain >= pairs[1].gain, "what is worth most first");
    let waterfall: Vec<(&str, f64)> = pairs[0]
        .evidence
        .iter()
        .map(|line| (line.finding.as_str(), line.bits))
        .collect();
    assert!(
        waterfall
            .iter()
            .any(|(finding, bits)| *finding == "same phone" && *bits > 5.0)
            && waterfall.iter().any(|(_, bits)| *bits <= -99.0),
        "{waterfall:?}"
    );
}

async fn a_pair_has_one_weight_in_words_and_in_the_evidence(db: TestDb) {
    let rig = Rig::new(db).await;
    for (n, dealer) in [(1, "D1"), (2, "D2")] {
        let person = a_customer().named("王小明").with_phone(phone(1));
        let person = person.with_id_number(id_number(n));
        put(&rig, person.put(dealer, "1")).await;
    }
    // As it was weighed on the day it was found.
    rig.customer_db()
        .write(|conn| conn.execute("UPDATE duplicates SET reasons = 'same name +99.8'", &[]))
        .await
        .unwrap();
    let pair = duplicates(&rig, "open").await.remove(0);
    let weighed: Vec<String> = pair
        .evidence
        .iter()
        .map(|line| format!("{} {:+.1}", line.finding, line.bits))
        .collect();
    assert!(!weighed.is_empty());
    assert_eq!(pair.reasons, weighed);
}

async fn a_changed_record_leaves_whom_it_now_contradicts(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n| {
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .with_id_number(id_number(n))
    };
    let one = put(&rig, person(1).put("D1", "1")).await;
    let two = put(&rig, person(1).put("D2", "2")).await;
    assert_eq!(one.customer_id, two.customer_id);
    let corrected = put(&rig, person(2).put("D2", "2")).await;
    assert_ne!(corrected.customer_id, one.customer_id);
    assert_eq!(corrected.version, 2);
    assert_eq!(get(&rig, &one.customer_id).await.source_records, 1);
    assert_eq!(
        duplicates(&rig, "open").await.len(),
        1,
        "the steward is told"
    );
    // That it left is an act with its reason, which can be taken back.
    let history = history_as(&rig, Role::Steward, HQ, &one.customer_id).await;
    let left = history
        .unwrap()
        .into_iter()
        .find(|entry| entry.act == "split");
    let left = left.expect("it left for a customer of its own");
    assert!(
        left.reason
            .ends_with("two different valid identity numbers"),
        "{left:?}"
    );
    let merge_id = left.reason.split(' ').next().unwrap();
    undo(&rig, merge_id).await.unwrap();
    assert_eq!(get(&rig, &one.customer_id).await.source_records, 2);
    assert_eq!(
        get(&rig, &corrected.customer_id).await.id,
        one.customer_id,
        "the id it was given answers for ever"
    );
    assert_eq!(left_behind(&rig).await, 0);
}

async fn a_changed_record_goes_to_whom_it_now_is(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |name: &str, n| {
        a_customer()
            .named(name)
            .with_phone(phone(n))
            .with_id_number(id_number(n))
    };
    let one = put(&rig, person("王小明", 1).put("D1", "1")).await;
    put(&rig, person("王小明", 1).put("D2", "2")).await;
    let other = put(&rig, person("李小红", 2).put("D3", "3")).await;
    let changed = put(&rig, person("李小红", 2).put("D2", "2")).await;
    assert_eq!(changed.customer_id, other.customer_id);
    let history = history_as(&rig, Role::Steward, HQ, &other.customer_id).await;
    let came = history
        .unwrap()
        .into_iter()
        .find(|entry| entry.act == "moved");
    let merge_id = came.unwrap().reason.split(' ').next().unwrap().to_owned();
    undo(&rig, &merge_id).await.unwrap();
    for (id, records) in [(&one.customer_id, 2), (&other.customer_id, 1)] {
        let customer = get(&rig, id).await;
        assert_eq!((&customer.id, customer.source_records), (id, records));
    }
    // The steward's word stands: the same row again does not send it back.
    put(&rig, person("李小红", 2).who_likes("chess").put("D2", "2")).await;
    assert_eq!(get(&rig, &one.customer_id).await.source_records, 2);
    assert_eq!(left_behind(&rig).await, 0);
}

async fn a_persons_records_in_one_file_are_one_customer(db: TestDb) {
    let rig = Rig::with_batches_of(db, 7).await;
    let mut file = String::from("客户编号,姓名,手机\r\n");
    for n in 0..60 {
        let person = n % 6;
        let name = ["王小明", "李小红", "赵大力", "陈建国", "周晓燕", "吴志强"][person];
        let phone = phone(person as u32);
        writeln!(file, "C{n},{name},{phone}\r").unwrap();
    }
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!(import.accepted + import.with_findings, 60);
    let sql = "SELECT count(*) FROM customers";
    let customers: Option<i64> = rig
        .customer_db()
        .read(move |conn| conn.query_opt(sql, &[], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(customers, Some(6));
}
