//! Two processes at the same customer at the same moment; on PostgreSQL only, for a SQLite file belongs to one process.

use std::{sync::mpsc, time::Duration};

use marque_api::customer::v1::{
    DecideDuplicateRequest, customer_service_client::CustomerServiceClient, lookup_request::Key,
};
use marque_auth::Role;
use marque_core::CustomerId;
use marque_db::{StoreError, lock_key};
use marque_rpc::RoleName;
use marque_testkit::{Rig, TestDb, a_customer, id_number, phone, store_test_suite};

use crate::{
    common::{HQ, count, dealer, duplicates, get, left_behind, lookup_as, merge, put},
    reconcile::{anna, bo, reconcile},
};

store_test_suite!(
    one_person_from_two_dealers_at_once_is_one_customer,
    a_merge_beside_writes_leaves_no_record_behind,
    stewards_who_disagree_at_once_come_to_light,
    a_live_write_waits_for_no_pair_that_another_writes,
    who_withdraws_consent_while_he_is_received_is_not,
);

/// A name of his own: of many who share one, a phone alone does not say whose a record is.
fn name(n: u32) -> String {
    let given: Vec<char> = "晓岚志强建国丽华文博海燕春梅玉兰明辉雪松".chars().collect();
    let at = n as usize;
    ['欧', '阳', given[at % 20], given[(at * 7 + at / 20) % 20]]
        .iter()
        .collect()
}

async fn one_person_from_two_dealers_at_once_is_one_customer(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let rig = Rig::new(db).await;
    let other = rig.another_process();
    let (mut here, mut there) = (
        rig.customer(),
        CustomerServiceClient::new(other.transport(RoleName::Customer)),
    );
    for n in 0..50 {
        let person = || match n % 3 {
            0 => a_customer().named("王小明").with_id_number(id_number(n)),
            1 => a_customer().named("王小明").with_phone(phone(n)),
            _ => a_customer()
                .named("王小明")
                .with_phone(phone(n))
                .with_id_number(id_number(n)),
        };
        let key = format!("K{n}");
        let (one, two) = tokio::join!(
            here.put_source_record(rig.ask(Role::Dms, dealer("D1"), person().put("D1", &key))),
            there.put_source_record(rig.ask(Role::Dms, dealer("D2"), person().put("D2", &key))),
        );
        let (one, two) = (one.unwrap().into_inner(), two.unwrap().into_inner());
        assert_eq!(one.customer_id, two.customer_id, "round {n}");
    }
}

async fn a_merge_beside_writes_leaves_no_record_behind(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let rig = Rig::new(db).await;
    let other = rig.another_process();
    let mut there = CustomerServiceClient::new(other.transport(RoleName::Customer));
    for n in 0..30 {
        let name = name(n);
        let (left, right) = (phone(2 * n), phone(2 * n + 1));
        let from = put(
            &rig,
            a_customer()
                .named(&name)
                .with_phone(&left)
                .put("D1", &format!("{n}a")),
        )
        .await
        .customer_id;
        let into = put(
            &rig,
            a_customer()
                .named(&name)
                .with_phone(&right)
                .put("D1", &format!("{n}b")),
        )
        .await
        .customer_id;
        let newcomer = a_customer()
            .named(&name)
            .with_phone(&left)
            .put("D2", &format!("{n}c"));
        let (merged, put) = tokio::join!(
            merge(&rig, &from, &into),
            there.put_source_record(rig.ask(Role::Dms, dealer("D2"), newcomer))
        );
        merged.unwrap();
        put.unwrap();
        assert_eq!(left_behind(&rig).await, 0, "round {n}");
        assert_eq!(get(&rig, &from).await.source_records, 3);
    }
}

async fn stewards_who_disagree_at_once_come_to_light(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let rig = Rig::new(db).await;
    let other = rig.another_process();
    let (mut here, mut there) = (
        rig.customer(),
        CustomerServiceClient::new(other.transport(RoleName::Customer)),
    );
    for n in 0..20 {
        for (dealer, number) in [("D1", 2 * n), ("D2", 2 * n + 1)] {
            let person = a_customer()
                .named(name(n))
                .with_phone(phone(n))
                .with_id_number(id_number(number));
            put(&rig, person.put(dealer, &format!("K{n}"))).await;
        }
    }
    // All of them first: what stewards say teaches what is asked of them.
    let pairs = duplicates(&rig, "open").await;
    assert!(pairs.len() >= 10, "{} pairs", pairs.len());
    for (n, pair) in pairs.iter().enumerate() {
        let word = |who: &str, decision: &str| {
            let message = DecideDuplicateRequest {
                id: pair.id.clone(),
                decision: decision.to_owned(),
                reason: "asked him".to_owned(),
            };
            rig.ask_as(who, Role::Steward, HQ, message)
        };
        let (one, two) = tokio::join!(
            here.decide_duplicate(word("anna", "same")),
            there.decide_duplicate(word("boris", "different")),
        );
        one.unwrap();
        two.unwrap();
        let disputed = duplicates(&rig, "disputed").await.len();
        assert_eq!(disputed, n + 1, "round {n}");
    }
}

/// Each of two live writes holds its customer by then: if they waited for a pair too they might wait in a circle.
async fn a_live_write_waits_for_no_pair_that_another_writes(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let rig = Rig::new(db).await;
    let other = rig.another_process();
    let mut there = CustomerServiceClient::new(other.transport(RoleName::Customer));
    put(&rig, anna().put("D1", "1")).await;
    put(&rig, anna().with_id_number(id_number(3)).put("D2", "2")).await;
    assert_eq!(duplicates(&rig, "open").await.len(), 1);

    let (hold, mut is_held) = tokio::sync::mpsc::unbounded_channel();
    let (let_go, may_go) = mpsc::channel();
    let holding = rig.customer_db().write(move |conn| {
        conn.execute("UPDATE duplicates SET gain = gain", &[])?;
        hold.send(()).unwrap_or_default();
        Ok::<_, StoreError>(may_go.recv_timeout(Duration::from_secs(5)).is_ok())
    });
    let corrected = bo().with_phone(phone(9)).with_id_number(id_number(3));
    let corrected = rig.ask(Role::Dms, dealer("D2"), corrected.put("D2", "2"));
    let writing = async {
        is_held.recv().await;
        there.put_source_record(corrected).await.unwrap();
        let_go.send(()).unwrap_or_default();
    };
    let (was_written, ()) = tokio::join!(holding, writing);
    assert!(was_written.unwrap(), "it waited for the pair");
    let looked = reconcile(&rig).await;
    assert_eq!(looked.closed, 1, "what it passed over: {looked:?}");
}

/// His word is written, and heard once it is committed, by which time the dealer has found him.
async fn who_withdraws_consent_while_he_is_received_is_not(db: TestDb) {
    if !db.is_postgres() {
        return;
    }
    let rig = Rig::new(db).await;
    let person = a_customer().named("王小明").with_phone(phone(1));
    let id = put(&rig, person.put("D1", "1")).await.customer_id;
    let key = lock_key(id.parse::<CustomerId>().unwrap().uuid().as_bytes());

    let (hold, mut is_held) = tokio::sync::mpsc::unbounded_channel();
    let withdrawing = rig.customer_db().write(move |conn| {
        conn.lock_keys(&mut vec![key])?;
        let word =
            "INSERT INTO consents (customer, purpose, given, notice_version, channel, changed_at)
                    SELECT number, 'sharing', FALSE, '', 'counter', 1 FROM customers";
        conn.execute(word, &[])?;
        hold.send(()).unwrap_or_default();
        std::thread::sleep(Duration::from_millis(500));
        Ok::<_, StoreError>(())
    });
    let receiving = async {
        is_held.recv().await;
        lookup_as(&rig, Role::Sales, dealer("D2"), Key::Phone(phone(1))).await
    };
    let (withdrawn, found) = tokio::join!(withdrawing, receiving);
    withdrawn.unwrap();
    let found = found.unwrap();
    assert_eq!((found.customers.len(), found.reception), (0, false));
    assert_eq!(count(&rig, "SELECT count(*) FROM receptions").await, 0);
}
