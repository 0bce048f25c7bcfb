//! Consents: a purpose each, and they outlive a merge.

use std::time::Duration;

use marque_api::customer::v1::{
    ListWithdrawnRequest, PutConsentRequest, consent_service_client::ConsentServiceClient,
    lookup_request::Key,
};
use marque_auth::{Role, Scope};
use marque_rpc::RoleName;
use marque_testkit::{Rig, TestDb, a_customer, phone, store_test_suite};
use tonic::{Code, Status};

use crate::common::{acts, count, dealer, get, get_as, lookup_as, merge, put, undo};

store_test_suite!(
    a_consent_counts_from_the_next_call,
    the_newest_word_of_merged_customers_counts,
    a_consent_needs_a_purpose_and_a_notice,
    a_first_word_that_is_not_the_first_is_refused,
    a_no_said_while_merged_outlives_the_undo,
    peers_learn_at_once_who_withdrew_consent,
    who_withdraws_consent_to_sharing_is_shown_to_nobody_who_has_no_record_of_him,
    a_file_that_was_opened_shuts_when_he_is_merged_with_who_withdrew_consent,
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
        expected_version: 0,
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

async fn a_first_word_that_is_not_the_first_is_refused(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = a_customer().named("王小明").with_phone(phone(1));
    let id = put(&rig, person.put("D1", "1")).await.customer_id;
    let first = async |given| {
        let message = PutConsentRequest {
            customer_id: id.clone(),
            purpose: "marketing".to_owned(),
            given,
            notice_version: "2026-01".to_owned(),
            channel: "counter".to_owned(),
            expected_version: -1,
        };
        let request = rig.ask(Role::Sales, dealer("D1"), message);
        rig.customer().put_consent(request).await
    };
    first(false).await.unwrap();
    let again = first(true).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    assert_eq!(given(&rig, &id).await, [("marketing".to_owned(), false)]);
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

async fn a_no_said_while_merged_outlives_the_undo(db: TestDb) {
    let rig = Rig::new(db).await;
    let mut ids = Vec::new();
    for n in 1..=2 {
        let person = a_customer().named("王小明").with_phone(phone(n));
        let record = put(&rig, person.put("D1", &n.to_string())).await;
        ids.push(record.customer_id);
    }
    let [from, into] = [&ids[0], &ids[1]];
    let say = async |purpose: &str, given: bool| {
        rig.clock().advance(Duration::from_secs(1));
        // Whoever serves him knows him by the number that stays.
        consent(&rig, dealer("D1"), into, purpose, given)
            .await
            .unwrap();
    };
    consent(&rig, dealer("D1"), from, "marketing", true)
        .await
        .unwrap();
    say("sharing", false).await;
    rig.clock().advance(Duration::from_secs(1));
    let merged = merge(&rig, from, into).await.unwrap();
    say("marketing", false).await;
    say("care", true).await;
    undo(&rig, &merged.merge_id).await.unwrap();
    assert_eq!(
        given(&rig, from).await,
        [("marketing".to_owned(), false)],
        "whoever of the two said no; a yes is nobody else's, nor is what was said before"
    );
    assert_eq!(
        given(&rig, into).await,
        [
            ("care".to_owned(), true),
            ("marketing".to_owned(), false),
            ("sharing".to_owned(), false)
        ]
    );
    let sql = "SELECT count(*) FROM outbox WHERE kind = 'marque.customer.consents.changed'";
    assert_eq!(count(&rig, sql).await, 5, "four words, and one for both");
}

/// The ids, of those asked about, whose person is to be left out of what is done for care.
async fn withdrawn(rig: &Rig, ids: &[String]) -> Vec<String> {
    let request = ListWithdrawnRequest {
        customer_ids: ids.to_vec(),
        purposes: vec!["care".to_owned()],
    };
    let transport = rig.process().transport(RoleName::Customer);
    let answer = ConsentServiceClient::new(transport)
        .list_withdrawn(rig.ask_as_peer(request))
        .await;
    let mut found = answer.unwrap().into_inner().customer_ids;
    found.sort_by_key(|id| ids.iter().position(|asked| asked == id));
    found
}

async fn peers_learn_at_once_who_withdrew_consent(db: TestDb) {
    let rig = Rig::new(db).await;
    let mut ids = Vec::new();
    for n in 1..=3 {
        let person = a_customer().named("王小明").with_phone(phone(n));
        let record = put(&rig, person.put("D1", &n.to_string())).await;
        ids.push(record.customer_id);
    }
    consent(&rig, dealer("D1"), &ids[0], "care", true)
        .await
        .unwrap();
    consent(&rig, dealer("D1"), &ids[1], "marketing", false)
        .await
        .unwrap();
    assert!(withdrawn(&rig, &ids).await.is_empty());
    rig.clock().advance(Duration::from_secs(1));
    consent(&rig, dealer("D1"), &ids[0], "care", false)
        .await
        .unwrap();
    assert_eq!(withdrawn(&rig, &ids).await, ids[..1]);
    // Whoever he becomes, and under whichever id he is asked after.
    merge(&rig, &ids[0], &ids[1]).await.unwrap();
    assert_eq!(withdrawn(&rig, &ids).await, ids[..2]);
    rig.clock().advance(Duration::from_secs(1));
    consent(&rig, dealer("D1"), &ids[1], "care", true)
        .await
        .unwrap();
    assert!(withdrawn(&rig, &ids).await.is_empty());
    // It is for services alone.
    let transport = rig.process().transport(RoleName::Customer);
    let message = ListWithdrawnRequest::default();
    let refused = ConsentServiceClient::new(transport)
        .list_withdrawn(rig.ask(Role::HqAdmin, Scope::Headquarters, message))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
}

async fn who_withdraws_consent_to_sharing_is_shown_to_nobody_who_has_no_record_of_him(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = a_customer().named("王小明").with_phone(phone(7));
    let id = put(&rig, person.put("D1", "1")).await.customer_id;
    let found = async |code: &str| {
        let found = lookup_as(&rig, Role::Service, dealer(code), Key::Phone(phone(7))).await;
        found.unwrap().customers.len()
    };
    assert_eq!(found("D2").await, 1, "received");
    let himself = || Scope::Customer(id.parse().unwrap());
    consent(&rig, himself(), &id, "sharing", false)
        .await
        .unwrap();
    let shut = get_as(&rig, Role::Service, dealer("D2"), &id).await;
    assert_eq!(shut.unwrap_err().code(), Code::NotFound);
    assert_eq!((found("D1").await, found("D2").await), (1, 0));
    consent(&rig, himself(), &id, "sharing", true)
        .await
        .unwrap();
    assert_eq!(found("D2").await, 1);
}

/// A dealer received the one, and the other withdrew consent: they are one person.
async fn a_file_that_was_opened_shuts_when_he_is_merged_with_who_withdrew_consent(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = a_customer().named("王小明").with_phone(phone(7));
    let received = put(&rig, person.put("D1", "1")).await.customer_id;
    let person = a_customer().named("李雪松").with_phone(phone(8));
    let withdrawn = put(&rig, person.put("D1", "2")).await.customer_id;
    let found = lookup_as(&rig, Role::Service, dealer("D2"), Key::Phone(phone(7))).await;
    assert!(found.unwrap().reception);
    let himself = Scope::Customer(withdrawn.parse().unwrap());
    consent(&rig, himself, &withdrawn, "sharing", false)
        .await
        .unwrap();
    let seen = async || get_as(&rig, Role::Service, dealer("D2"), &received).await;
    assert!(seen().await.is_ok(), "as long as they are two");
    merge(&rig, &received, &withdrawn).await.unwrap();
    assert_eq!(seen().await.unwrap_err().code(), Code::NotFound);
    assert_eq!(count(&rig, "SELECT count(*) FROM receptions").await, 0);
}
