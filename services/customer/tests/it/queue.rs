//! The steward's queue: each pair once, between customers as they are now, as long as it holds.

use std::time::Duration;

use marque_api::customer::v1::{
    CountCustomersRequest, DecideDuplicateRequest, Duplicate, SplitRequest,
};
use marque_auth::Role;
use marque_core::CustomerId;
use marque_db::{StoreError, Value};
use marque_testkit::{ACustomer, Rig, TestDb, id_number, phone, store_test_suite};

use crate::{
    common::{HQ, duplicates, get, merge, put, reason, undo},
    reconcile::{anna, bo, done, reconcile, start},
};

store_test_suite!(
    of_two_who_are_merged_a_pair_waits_once,
    a_pair_of_who_was_parted_goes_with_its_evidence,
    a_pair_that_a_correction_ends_leaves_the_queue_and_comes_back,
    what_a_pair_is_worth_is_weighed_anew,
    a_pair_is_weighed_when_a_record_of_it_changes,
    one_number_under_two_names_stays_a_question,
    pairs_of_an_earlier_release_are_called_home,
);

/// Three of whom each two may be one, and only a steward can tell.
async fn three(rig: &Rig) -> [String; 3] {
    let mut ids = [(); 3].map(|()| String::new());
    for (n, id) in (1_u32..).zip(&mut ids) {
        let person = anna().with_id_number(id_number(n));
        *id = put(rig, person.put(&format!("D{n}"), "1"))
            .await
            .customer_id;
    }
    ids
}

/// The customers of the pairs in a state. What is listed as open is what is counted.
async fn pairs(rig: &Rig, state: &str) -> Vec<[String; 2]> {
    let listed = duplicates(rig, state).await;
    if state == "open" {
        let request = rig.ask(Role::Steward, HQ, CountCustomersRequest {});
        let counted = rig.customer().count_customers(request).await.unwrap();
        assert_eq!(counted.into_inner().open_duplicates, listed.len() as i64);
    }
    let mut pairs: Vec<[String; 2]> = listed.into_iter().map(sides).collect();
    pairs.sort();
    pairs
}

fn sides(pair: Duplicate) -> [String; 2] {
    let mut ids = [pair.left, pair.right].map(|side| side.unwrap().id);
    ids.sort();
    ids
}

fn pair(one: &str, other: &str) -> [String; 2] {
    let mut ids = [one.to_owned(), other.to_owned()];
    ids.sort();
    ids
}

async fn reasons_of_closed(rig: &Rig) -> Vec<String> {
    let closed = duplicates(rig, "closed").await.into_iter();
    closed.map(|pair| pair.closed_because).collect()
}

async fn of_two_who_are_merged_a_pair_waits_once(db: TestDb) {
    let rig = Rig::new(db).await;
    let [one, two, three] = three(&rig).await;
    assert_eq!(pairs(&rig, "open").await.len(), 3);
    let merged = merge(&rig, &two, &one).await.unwrap();
    assert_eq!(pairs(&rig, "open").await, [pair(&one, &three)]);
    let reasons = reasons_of_closed(&rig).await;
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    for why in [
        "the two are one customer by now",
        "it is the same pair as dup_",
    ] {
        assert!(
            reasons.iter().any(|reason| reason.starts_with(why)),
            "{why}"
        );
    }
    let closed = duplicates(&rig, "closed").await;
    let mut closed = closed.iter();
    let one_by_now = closed
        .find(|pair| pair.closed_because.starts_with("the two"))
        .unwrap();
    let word = DecideDuplicateRequest {
        id: one_by_now.id.clone(),
        decision: "different".to_owned(),
        reason: "father and son".to_owned(),
    };
    let request = rig.ask(Role::Steward, HQ, word);
    let refused = rig.customer().decide_duplicate(request).await.unwrap_err();
    assert_eq!(reason(refused), "SAME_CUSTOMER", "first it is taken back");
    // Taken back: the one stays different, and whoever resembles the third is asked about again.
    undo(&rig, &merged.merge_id).await.unwrap();
    let mut both = [pair(&one, &three), pair(&two, &three)];
    both.sort();
    assert_eq!(pairs(&rig, "open").await, both);
    assert_eq!(pairs(&rig, "different").await, [pair(&one, &two)]);
    let parted = duplicates(&rig, "different").await.remove(0);
    assert!(
        parted.probability > 0.0 && !parted.reasons.is_empty(),
        "{parted:?}"
    );
    let again = reconcile(&rig).await;
    assert_eq!((again.asked, again.closed), (0, 0), "nothing is left to do");
}

async fn a_pair_of_who_was_parted_goes_with_its_evidence(db: TestDb) {
    for is_undone in [true, false] {
        let rig = Rig::new(db.sibling()).await;
        let hers = put(&rig, anna().put("D1", "1")).await.customer_id;
        let his = put(&rig, bo().put("D2", "2")).await;
        let twin = bo().with_id_number(id_number(4));
        let twin = put(&rig, twin.put("D3", "3")).await.customer_id;
        let merged = merge(&rig, &his.customer_id, &hers).await.unwrap();
        assert_eq!(pairs(&rig, "open").await, [pair(&hers, &twin)]);
        let parted = if is_undone {
            undo(&rig, &merged.merge_id).await.unwrap();
            his.customer_id
        } else {
            split(&rig, &hers, his.source_record_id).await
        };
        // At once: whoever decides on the pair that stood there would decide on nobody.
        assert_eq!(pairs(&rig, "open").await, [pair(&parted, &twin)]);
        let why = "their records do not resemble each other any more";
        assert!(reasons_of_closed(&rig).await.contains(&why.to_owned()));
        let looked = reconcile(&rig).await;
        assert_eq!((looked.asked, looked.closed), (0, 0), "nothing is left");
    }
}

async fn split(rig: &Rig, from: &str, record: String) -> String {
    rig.clock().advance(Duration::from_secs(1));
    let message = SplitRequest {
        customer_id: from.to_owned(),
        source_record_ids: vec![record],
        reason: "two people".to_owned(),
        preview: false,
        expected_version: 0,
    };
    let request = rig.ask(Role::Steward, HQ, message);
    let parted = rig.customer().split(request).await.unwrap().into_inner();
    parted.customer.unwrap().id
}

async fn a_pair_that_a_correction_ends_leaves_the_queue_and_comes_back(db: TestDb) {
    let rig = Rig::new(db).await;
    let hers = put(&rig, anna().put("D1", "1")).await.customer_id;
    let twin = || anna().with_id_number(id_number(3));
    let other = put(&rig, twin().put("D2", "2")).await.customer_id;
    assert_eq!(pairs(&rig, "open").await, [pair(&hers, &other)]);
    let corrected: ACustomer = bo().with_phone(phone(9)).with_id_number(id_number(3));
    put(&rig, corrected.put("D2", "2")).await;
    // At once: whoever comes to the desk would begin with what the record does not say any more.
    assert!(pairs(&rig, "open").await.is_empty());
    assert_eq!(pairs(&rig, "closed").await, [pair(&hers, &other)]);
    let looked = reconcile(&rig).await;
    assert_eq!((looked.closed, looked.asked), (0, 0), "{looked:?}");

    put(&rig, twin().who_likes("fishing").put("D2", "2")).await;
    assert_eq!(pairs(&rig, "open").await, [pair(&hers, &other)]);
    let found = duplicates(&rig, "open").await.remove(0);
    assert_eq!(found.closed_because, "");
    assert!(pairs(&rig, "closed").await.is_empty());
}

async fn what_a_pair_is_worth_is_weighed_anew(db: TestDb) {
    let rig = Rig::new(db).await;
    put(&rig, anna().put("D1", "1")).await;
    put(&rig, anna().with_id_number(id_number(3)).put("D2", "2")).await;
    let found = duplicates(&rig, "open").await.remove(0);
    rig.customer_db()
        .write(|conn| conn.execute("UPDATE duplicates SET gain = 77, reasons = ''", &[]))
        .await
        .unwrap();
    reconcile(&rig).await;
    let weighed = duplicates(&rig, "open").await.remove(0);
    assert_eq!(weighed.id, found.id);
    assert!((weighed.gain - found.gain).abs() < 0.1, "{weighed:?}");
    assert!(!weighed.reasons.is_empty());
}

async fn a_pair_is_weighed_when_a_record_of_it_changes(db: TestDb) {
    let rig = Rig::new(db).await;
    put(&rig, anna().put("D1", "1")).await;
    let twin = || anna().with_id_number(id_number(3));
    put(&rig, twin().put("D2", "2")).await;
    let found = duplicates(&rig, "open").await.remove(0);
    rig.customer_db()
        .write(|conn| conn.execute("UPDATE duplicates SET gain = 77, probability = 1", &[]))
        .await
        .unwrap();
    put(&rig, twin().who_likes("fishing").put("D2", "2")).await;
    let weighed = duplicates(&rig, "open").await.remove(0);
    assert_eq!(weighed.id, found.id);
    assert!((weighed.gain - found.gain).abs() < 0.1, "{weighed:?}");
    assert!(weighed.probability < 1.0, "{weighed:?}");
}

async fn one_number_under_two_names_stays_a_question(db: TestDb) {
    let rig = Rig::new(db).await;
    let hers = put(&rig, anna().put("D1", "1")).await.customer_id;
    let his = bo().with_id_number(id_number(1));
    let his = put(&rig, his.put("D2", "2")).await.customer_id;
    assert_eq!(pairs(&rig, "open").await, [pair(&hers, &his)]);
    assert_eq!(
        reconcile(&rig).await.closed,
        0,
        "people must tell whose it is"
    );
    assert_eq!(pairs(&rig, "open").await, [pair(&hers, &his)]);
}

async fn pairs_of_an_earlier_release_are_called_home(db: TestDb) {
    let hour = Duration::from_secs(3601);
    let rig = Rig::new(db).await;
    let [one, two, three] = three(&rig).await;
    rig.clock().advance(hour);
    reconcile(&rig).await;
    // Merged as it was done then: what waited stayed where it was.
    let numbers = [&two, &one].map(|id| id.parse::<CustomerId>().unwrap().uuid());
    rig.customer_db()
        .write(move |conn| {
            for sql in [
                "UPDATE source_records SET customer = (SELECT number FROM customers WHERE id = ?2)
                 WHERE customer = (SELECT number FROM customers WHERE id = ?1)",
                "UPDATE customers SET merged_into = (SELECT number FROM customers WHERE id = ?2) WHERE id = ?1",
            ] {
                conn.execute(sql, &numbers.map(Value::from))?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(get(&rig, &two).await.id, one);
    rig.clock().advance(hour);
    start(&rig, false).await;
    done(&rig).await;
    assert_eq!(pairs(&rig, "open").await, [pair(&one, &three)]);
    assert_eq!(pairs(&rig, "closed").await.len(), 2);
}
