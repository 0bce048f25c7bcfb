//! Acts of stewards and counters that are sent twice with one key happen once.

use std::time::Duration;

use marque_api::customer::v1::{
    DecideDuplicateRequest, MergeRequest, PutConsentRequest, SplitRequest, UndoRequest,
    UnmaskRequest,
};
use marque_auth::Role;
use marque_testkit::{Rig, TestDb, a_customer, id_number, phone, store_test_suite};
use tonic::Request;

use crate::common::{HQ, count, dealer, duplicates, get, history_as, put, reason};

store_test_suite!(
    a_merge_and_its_undo_with_a_key_happen_once,
    a_write_on_another_version_is_refused_and_changes_nothing,
    a_split_with_a_key_happens_once,
    a_decision_with_a_key_is_one_word,
    a_consent_with_a_key_is_given_once,
    a_number_is_shown_again_under_its_key_and_kept_nowhere,
);

/// Something a steward sends with a key.
fn with_key<T>(rig: &Rig, key: &str, message: T) -> Request<T> {
    rig.clock().advance(Duration::from_secs(1));
    rig.ask_once(Role::Steward, HQ, key, message)
}

/// Two with nothing in common.
async fn strangers(rig: &Rig) -> [String; 2] {
    let one = a_customer().named("王小明").with_phone(phone(1));
    let other = a_customer().named("王小明").with_phone(phone(2));
    let one = put(rig, one.put("D1", "1")).await;
    let other = put(rig, other.put("D1", "2")).await;
    [one.customer_id, other.customer_id]
}

async fn a_merge_and_its_undo_with_a_key_happen_once(db: TestDb) {
    let rig = Rig::new(db).await;
    let [from, into] = strangers(&rig).await;
    let message = MergeRequest {
        customer_id: from.clone(),
        into,
        reason: "the same person".to_owned(),
        preview: false,
        expected_version: 0,
    };
    let send = async |message: MergeRequest| {
        let request = with_key(&rig, "merge-1", message);
        let answer = rig.customer().merge(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let message = MergeRequest {
        expected_version: get(&rig, &from).await.version,
        ..message
    };
    let first = send(message.clone()).await.unwrap();
    assert_eq!(
        send(message.clone()).await.unwrap(),
        first,
        "though the version is another by now"
    );
    assert_eq!(count(&rig, "SELECT count(*) FROM moves").await, 1);
    let other = MergeRequest {
        reason: "perhaps the same".to_owned(),
        ..message
    };
    let refused = send(other).await.unwrap_err();
    assert_eq!(reason(refused), "IDEMPOTENCY_KEY_REUSED");

    let undo = async || {
        let message = UndoRequest {
            merge_id: first.merge_id.clone(),
            preview: false,
        };
        let request = with_key(&rig, "undo-1", message);
        rig.customer().undo(request).await.unwrap().into_inner()
    };
    let back = undo().await;
    assert_eq!(back.customers.len(), 2);
    assert_eq!(undo().await, back);
    assert_eq!(get(&rig, &from).await.id, from);
    let sql = "SELECT count(*) FROM audit WHERE act = 'undone'";
    assert_eq!(count(&rig, sql).await, 2, "once for each of the two");
}

async fn a_write_on_another_version_is_refused_and_changes_nothing(db: TestDb) {
    let rig = Rig::new(db).await;
    let [from, into] = strangers(&rig).await;
    let seen = get(&rig, &from).await.version;
    let merge = MergeRequest {
        customer_id: from.clone(),
        into,
        reason: "the same person".to_owned(),
        expected_version: seen + 1,
        ..MergeRequest::default()
    };
    let refused = rig
        .customer()
        .merge(rig.ask(Role::Steward, HQ, merge))
        .await;
    assert_eq!(reason(refused.unwrap_err()), "CUSTOMER_CHANGED");
    let split = SplitRequest {
        customer_id: from.clone(),
        reason: "father and son".to_owned(),
        expected_version: seen + 1,
        ..SplitRequest::default()
    };
    let refused = rig
        .customer()
        .split(rig.ask(Role::Steward, HQ, split))
        .await;
    assert_eq!(reason(refused.unwrap_err()), "CUSTOMER_CHANGED");
    let consent = |expected_version| {
        let consent = PutConsentRequest {
            customer_id: from.clone(),
            purpose: "marketing".to_owned(),
            given: true,
            notice_version: "1".to_owned(),
            channel: "app".to_owned(),
            expected_version,
        };
        rig.ask(Role::HqAdmin, HQ, consent)
    };
    let refused = rig.customer().put_consent(consent(seen + 1)).await;
    assert_eq!(reason(refused.unwrap_err()), "CUSTOMER_CHANGED");
    assert_eq!(get(&rig, &from).await.version, seen);
    rig.customer().put_consent(consent(seen)).await.unwrap();
}

async fn a_split_with_a_key_happens_once(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("王小明").with_phone(phone(1));
    let one = put(&rig, person().put("D1", "1")).await;
    let two = put(&rig, person().put("D2", "2")).await;
    put(&rig, person().put("D3", "3")).await;
    let split = async || {
        let message = SplitRequest {
            customer_id: one.customer_id.clone(),
            source_record_ids: vec![two.source_record_id.clone()],
            reason: "father and son".to_owned(),
            preview: false,
            expected_version: 0,
        };
        let request = with_key(&rig, "split-1", message);
        rig.customer().split(request).await.unwrap().into_inner()
    };
    let first = split().await;
    assert_eq!(split().await, first);
    assert_eq!(count(&rig, "SELECT count(*) FROM customers").await, 2);
    assert_eq!(get(&rig, &one.customer_id).await.source_records, 2);
}

async fn a_decision_with_a_key_is_one_word(db: TestDb) {
    let rig = Rig::new(db).await;
    for n in 1..=2 {
        let person = a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .with_id_number(id_number(n));
        put(&rig, person.put("D1", &n.to_string())).await;
    }
    let pair = duplicates(&rig, "open").await.remove(0);
    let decide = async || {
        let message = DecideDuplicateRequest {
            id: pair.id.clone(),
            decision: "same".to_owned(),
            reason: "asked him".to_owned(),
        };
        let request = with_key(&rig, "decide-1", message);
        let answer = rig.customer().decide_duplicate(request).await;
        answer.unwrap().into_inner()
    };
    let first = decide().await;
    assert_ne!(first.merge_id, "");
    assert_eq!(decide().await, first);
    let words = "SELECT count(*) FROM duplicate_decisions";
    assert_eq!(count(&rig, words).await, 1);
}

async fn a_consent_with_a_key_is_given_once(db: TestDb) {
    let rig = Rig::new(db).await;
    let [id, _] = strangers(&rig).await;
    let give = async || {
        let message = PutConsentRequest {
            customer_id: id.clone(),
            purpose: "care".to_owned(),
            given: true,
            notice_version: "2026-01".to_owned(),
            channel: "counter".to_owned(),
            expected_version: 0,
        };
        rig.clock().advance(Duration::from_secs(1));
        let request = rig.ask_once(Role::Sales, dealer("D1"), "consent-1", message);
        let answer = rig.customer().put_consent(request).await;
        answer.unwrap().into_inner()
    };
    let first = give().await;
    let version = get(&rig, &id).await.version;
    assert_eq!(give().await, first);
    assert_eq!(get(&rig, &id).await.version, version);
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.customer.consents.changed'";
    assert_eq!(count(&rig, told).await, 1);
}

async fn a_number_is_shown_again_under_its_key_and_kept_nowhere(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n| {
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .with_id_number(id_number(n))
    };
    let id = put(&rig, person(1).put("D1", "1")).await.customer_id;
    let show = async || {
        let message = UnmaskRequest {
            customer_id: id.clone(),
            reason: "for the insurance".to_owned(),
        };
        rig.clock().advance(Duration::from_secs(1));
        let request = rig.ask_once(Role::Manager, dealer("D1"), "unmask-1", message);
        rig.customer().unmask(request).await.unwrap().into_inner()
    };
    let looks = async || {
        let history = history_as(&rig, Role::Agent, HQ, &id).await.unwrap();
        let looks = history.iter().filter(|entry| entry.act == "unmasked");
        looks.count()
    };
    let first = show().await;
    assert_eq!(first.id_number, id_number(1));
    assert_eq!(show().await, first);
    assert_eq!(looks().await, 1);
    let kept: Option<Vec<u8>> = rig
        .customer_db()
        .read(|conn| {
            let sql = "SELECT answer FROM idempotency WHERE method = 'Unmask'";
            conn.query_opt(sql, &[], |row| row.get(0))
        })
        .await
        .unwrap();
    let number = id_number(1);
    let kept = kept.unwrap();
    assert!(!kept.windows(18).any(|part| part == number.as_bytes()));
    // Something else is seen: another look, under whatever key.
    put(&rig, person(2).put("D1", "1")).await;
    assert_eq!(show().await.id_number, id_number(2));
    assert_eq!(looks().await, 2);
}
