//! Ways to reach a customer, and for how long each was his.

use std::time::Duration;

use marque_api::customer::v1::lookup_request::Key;
use marque_auth::Role;
use marque_testkit::{Rig, TestDb, a_customer, phone, store_test_suite};

use crate::common::{HQ, get, lookup_as, put};

store_test_suite!(
    a_changed_phone_ends_the_old_one,
    a_phone_is_his_since_it_was_first_said,
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
    // He has it again: it is current, and stands once.
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
        (2, vec![format!("+86{}", phone(1)).as_str()])
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
