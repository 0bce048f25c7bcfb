//! Cases that others make repeats, or repeats of another: they are told of in the version that they have by it.

use std::time::Duration;

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};
use tonic::Streaming;

use crate::{
    imports::{HEADER, import},
    world::{World, complaint},
};

store_test_suite!(
    a_case_that_another_one_makes_a_repeat_is_told_of,
    a_row_that_is_corrected_beside_what_it_repeats_is_told_in_the_version_it_has,
    a_case_that_repeats_one_which_is_handed_over_is_told_of,
);

/// What a dealer's desk hears from now on.
async fn watch(world: &World, dealer: &str) -> Streaming<pb::WatchComplaintsResponse> {
    let watch = world.desk(dealer, pb::WatchComplaintsRequest { after: -1 });
    let watched = world.complaints().watch_complaints(watch).await;
    let mut changes = watched.unwrap().into_inner();
    let begun = changes.message().await.unwrap().unwrap();
    assert!(begun.changes.is_empty(), "a sign of life");
    changes
}

/// What it hears next of a case: the event, the case and its version.
async fn heard(changes: &mut Streaming<pb::WatchComplaintsResponse>) -> (String, String, i64) {
    let told = tokio::time::timeout(Duration::from_secs(20), changes.message()).await;
    let told = told.unwrap().unwrap().unwrap();
    let [change] = told.changes.as_slice() else {
        panic!("{} changes at once", told.changes.len());
    };
    (told.kind, change.id.clone(), change.version)
}

async fn a_case_that_another_one_makes_a_repeat_is_told_of(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let of = |dealer: &str, opened_at: &str| pb::OpenComplaintRequest {
        opened_at: opened_at.into(),
        ..complaint(dealer, "c1")
    };
    let last = world.open(of("D2", "2026-02-28 10:00")).await;
    let mut changes = watch(&world, "D2").await;
    // At another dealer, and recorded later: D2 hears of its own case alone.
    let first = world.open(of("D1", "2026-02-10 10:00")).await;
    let marked = world.get(&last.id).await;
    assert_eq!(marked.repeat_of, first.id);
    assert_eq!(marked.version, last.version + 1);
    let told = ("amended".to_owned(), last.id.clone(), marked.version);
    assert_eq!(heard(&mut changes).await, told);
    // And when that one turns out to be of another car.
    let right = pb::AmendComplaintRequest {
        id: first.id.clone(),
        vin: "LMVCA1A60R1000002".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let right = world.desk("D1", right);
    world.complaints().amend_complaint(right).await.unwrap();
    let unmarked = world.get(&last.id).await;
    assert_eq!(unmarked.repeat_of, "");
    assert_eq!(unmarked.version, marked.version + 1);
    let told = ("amended".to_owned(), last.id, unmarked.version);
    assert_eq!(heard(&mut changes).await, told);
}

async fn a_row_that_is_corrected_beside_what_it_repeats_is_told_in_the_version_it_has(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let row = |key: &str, day: &str, said: &str| {
        format!("{key},c1,LJ1EEKRN7R4000001,{day},到店,收费争议,低,{said},售后\n")
    };
    let first = row("TS1", "2026-02-27", "结算比报价高");
    import(&world, &format!("{HEADER}{first}")).await;
    let mut changes = watch(&world, "D1").await;
    let earlier = row("TS0", "2026-02-20", "报价不清");
    let corrected = row("TS1", "2026-02-27", "结算比报价高一倍");
    import(&world, &format!("{HEADER}{earlier}{corrected}")).await;
    let list = pb::ListComplaintsRequest::default();
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    let listed = listed.unwrap().into_inner().complaints;
    let repeating = listed.iter().find(|case| case.complaint_key == "TS1");
    let repeating = repeating.unwrap();
    let mut versions = Vec::new();
    for _ in 0..3 {
        let (_, id, version) = heard(&mut changes).await;
        if id == repeating.id {
            versions.push(version);
        }
    }
    // Marked and corrected: two versions.
    assert_eq!(versions, [repeating.version - 1, repeating.version]);
}

async fn a_case_that_repeats_one_which_is_handed_over_is_told_of(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let first = world.open(complaint("D1", "c1")).await;
    world.pass(60);
    let second = world.open(complaint("D1", "c2")).await;
    assert_eq!(second.repeat_of, first.id);
    let mut changes = watch(&world, "D1").await;
    let there = pb::AmendComplaintRequest {
        id: first.id.clone(),
        dealer: "D2".into(),
        note: "their car".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let there = world.ask(Role::Manager, Scope::Region("north".into()), there);
    let there = world.complaints().amend_complaint(there).await.unwrap();
    let there = there.into_inner().complaint.unwrap();
    let get = pb::GetComplaintRequest {
        id: second.id.clone(),
        personal_data: false,
    };
    let seen = world
        .complaints()
        .get_complaint(world.desk("D1", get))
        .await;
    let seen = seen.unwrap().into_inner().complaint.unwrap();
    assert!(seen.repeats_elsewhere && seen.repeat_of.is_empty());
    assert_eq!(seen.version, second.version + 1, "it is not what was read");
    for (id, version) in [(first.id, there.version), (second.id, seen.version)] {
        let told = ("amended".to_owned(), id, version);
        assert_eq!(heard(&mut changes).await, told);
    }
}
