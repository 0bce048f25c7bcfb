//! Whom a request to be forgotten is about when it is decided, and which decisions are none.

use std::time::Duration;

use marque_api::customer::v1::SplitRequest;
use marque_auth::Role;
use marque_testkit::{Rig, TestDb, a_customer, id_number, phone, store_test_suite};

use crate::{
    common::{HQ, get_as, merge, put, reason, undo},
    erasure::{NAME, decide, request, somebody},
};

store_test_suite!(
    a_request_follows_the_id_that_was_asked_for,
    who_lost_records_since_he_was_asked_for_is_not_erased,
    a_duty_has_begun_and_a_second_decision_says_the_same,
);

/// Two people with a record each, the second of whom was taken for the first; their ids, and the merge.
async fn two_taken_for_one(rig: &Rig) -> (String, String, String) {
    let id = somebody(rig).await;
    let other = a_customer().named("王小明").with_phone(phone(8));
    let other = put(rig, other.put("D1", "2")).await.customer_id;
    rig.clock().advance(Duration::from_secs(1));
    let merged = merge(rig, &other, &id).await.unwrap().merge_id;
    rig.clock().advance(Duration::from_secs(1));
    (id, other, merged)
}

async fn a_request_follows_the_id_that_was_asked_for(db: TestDb) {
    let rig = Rig::new(db).await;
    let (into, from, merged) = two_taken_for_one(&rig).await;
    let asked = request(&rig, Role::Agent, HQ, &from).await.unwrap();
    assert_eq!(asked.customer_id, from);
    // Headquarters sees that the merge was wrong.
    undo(&rig, &merged).await.unwrap();
    let erased = decide(&rig, &asked.id, "erase", &[]).await.unwrap();
    assert_eq!(
        (erased.state.as_str(), &erased.customer_id),
        ("erased", &from)
    );
    let gone = get_as(&rig, Role::HqAdmin, HQ, &from).await.unwrap_err();
    assert_eq!(reason(gone), "CUSTOMER_UNKNOWN");
    get_as(&rig, Role::Agent, HQ, &into)
        .await
        .expect("who never asked stays");
}

async fn who_lost_records_since_he_was_asked_for_is_not_erased(db: TestDb) {
    let rig = Rig::new(db).await;
    let (into, from, merged) = two_taken_for_one(&rig).await;
    // Under the id of both: whose wish it was nobody can tell once they are two again.
    let asked = request(&rig, Role::Agent, HQ, &into).await.unwrap();
    undo(&rig, &merged).await.unwrap();
    let today = marque_core::business_date(marque_core::Clock::now(rig.clock())).to_string();
    let duties = [("repair_record", today.as_str())];
    let none: &[(&str, &str)] = &[];
    for (decision, duties) in [("erase", none), ("restrict", &duties[..])] {
        let unclear = decide(&rig, &asked.id, decision, duties).await;
        assert_eq!(reason(unclear.unwrap_err()), "CUSTOMER_PARTED");
    }
    for stays in [&from, &into] {
        get_as(&rig, Role::Agent, HQ, stays).await.unwrap();
    }
    decide(&rig, &asked.id, "refuse", &[]).await.unwrap();
    // Asked for anew he is known, until records are split off him.
    rig.clock().advance(Duration::from_secs(1));
    let anew = request(&rig, Role::Agent, HQ, &into).await.unwrap();
    let more = a_customer()
        .named(NAME)
        .with_id_number(id_number(7))
        .with_phone(phone(7))
        .put("D2", "3");
    let more = put(&rig, more).await;
    assert_eq!(more.customer_id, into);
    rig.clock().advance(Duration::from_secs(1));
    let message = SplitRequest {
        customer_id: into.clone(),
        source_record_ids: vec![more.source_record_id],
        reason: "father and son".to_owned(),
        preview: false,
        expected_version: 0,
    };
    let request_to_split = rig.ask(Role::Steward, HQ, message);
    rig.customer().split(request_to_split).await.unwrap();
    let unclear = decide(&rig, &anew.id, "erase", &[]).await;
    assert_eq!(reason(unclear.unwrap_err()), "CUSTOMER_PARTED");
}

async fn a_duty_has_begun_and_a_second_decision_says_the_same(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    let asked = request(&rig, Role::Agent, HQ, &id).await.unwrap();
    let today = marque_core::business_date(marque_core::Clock::now(rig.clock()));
    let (day, later) = (
        today.to_string(),
        (today + chrono::Days::new(1)).to_string(),
    );
    let (day, later) = (day.as_str(), later.as_str());
    let slip = [("repair_record", day), ("first_owner", later)];
    let refused = decide(&rig, &asked.id, "restrict", &slip).await;
    assert_eq!(reason(refused.unwrap_err()), "INVALID_ARGUMENT");
    let duties = [("repair_record", day), ("first_owner", day)];
    let kept = decide(&rig, &asked.id, "restrict", &duties).await.unwrap();
    // The same again, in whatever order.
    let again = [duties[1], duties[0]];
    let again = decide(&rig, &asked.id, "restrict", &again).await.unwrap();
    assert_eq!(again, kept);
    let fewer = decide(&rig, &asked.id, "restrict", &duties[..1]).await;
    assert_eq!(reason(fewer.unwrap_err()), "ERASURE_DECIDED");
}
