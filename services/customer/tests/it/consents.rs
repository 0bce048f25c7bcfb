//! Consents: a purpose each, and they outlive a merge.

use std::time::Duration;

use marque_api::customer::v1::PutConsentRequest;
use marque_auth::{Role, Scope};
use marque_testkit::{Rig, TestDb, a_customer, phone, store_test_suite};
use tonic::{Code, Status};

use crate::common::{acts, dealer, get, merge, put};

store_test_suite!(
    a_consent_counts_from_the_next_call,
    the_newest_word_of_merged_customers_counts,
    a_consent_needs_a_purpose_and_a_notice,
);

async fn consent(
    rig: &Rig,
    scope: Scope,
    id: &str,
    purpose: &str,
    given: bool,
) -> Result<(), Status> {
    let role = if matches!(scope, Scope::Customer(_)) {
        Role::Customer
    } else {
        Role::Sales
    };
    let message = PutConsentRequest {
        customer_id: id.to_owned(),
        purpose: purpose.to_owned(),
        given,
        notice_version: if given { "2026-01" } else { "" }.to_owned(),
        channel: "counter".to_owned(),
    };
    rig.customer()
        .put_consent(rig.ask(role, scope, message))
        .await
        .map(drop)
}

async fn given(rig: &Rig, id: &str) -> Vec<(String, bool)> {
    get(rig, id)
        .await
        .consents
        .into_iter()
        .map(|consent| (consent.purpose, consent.given))
        .collect()
}

async fn a_consent_counts_from_the_next_call(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .put("D1", "1"),
    )
    .await
    .customer_id;
    let before = get(&rig, &id).await.version;
    consent(&rig, dealer("D1"), &id, "marketing", true)
        .await
        .unwrap();
    assert_eq!(given(&rig, &id).await, [("marketing".to_owned(), true)]);
    consent(
        &rig,
        Scope::Customer(id.parse().unwrap()),
        &id,
        "marketing",
        false,
    )
    .await
    .unwrap();
    assert_eq!(given(&rig, &id).await, [("marketing".to_owned(), false)]);
    assert_eq!(get(&rig, &id).await.version, before + 2);
    let acts = acts(&rig, &id).await;
    assert!(
        acts.contains(&"consent_given".to_owned())
            && acts.contains(&"consent_withdrawn".to_owned())
    );
}

async fn the_newest_word_of_merged_customers_counts(db: TestDb) {
    let rig = Rig::new(db).await;
    let one = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .put("D1", "1"),
    )
    .await
    .customer_id;
    let two = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(2))
            .put("D1", "2"),
    )
    .await
    .customer_id;
    consent(&rig, dealer("D1"), &two, "marketing", true)
        .await
        .unwrap();
    consent(&rig, dealer("D1"), &two, "care", true)
        .await
        .unwrap();
    rig.clock().advance(Duration::from_secs(1));
    consent(&rig, dealer("D1"), &one, "marketing", false)
        .await
        .unwrap();
    merge(&rig, &one, &two).await.unwrap();
    assert_eq!(
        given(&rig, &two).await,
        [("care".to_owned(), true), ("marketing".to_owned(), false)]
    );
}

async fn a_consent_needs_a_purpose_and_a_notice(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .put("D1", "1"),
    )
    .await
    .customer_id;
    assert_eq!(
        consent(&rig, dealer("D1"), &id, "anything", true)
            .await
            .unwrap_err()
            .code(),
        Code::InvalidArgument
    );
    let message = PutConsentRequest {
        customer_id: id.clone(),
        purpose: "care".into(),
        given: true,
        ..Default::default()
    };
    let unread = rig
        .customer()
        .put_consent(rig.ask(Role::Sales, dealer("D1"), message))
        .await
        .unwrap_err();
    assert_eq!(unread.code(), Code::InvalidArgument);
    assert_eq!(
        consent(&rig, dealer("D2"), &id, "care", true)
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
    assert!(given(&rig, &id).await.is_empty());
}
