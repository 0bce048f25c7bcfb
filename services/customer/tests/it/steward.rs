//! Merge, split, undo, and the steward's desk.

use std::time::Duration;

use marque_api::customer::v1::{
    DecideDuplicateRequest, Duplicate, MergeRequest, SplitRequest, SplitResponse,
};
use marque_auth::{Role, Scope};
use marque_testkit::{Rig, TestDb, a_customer, id_number, phone, store_test_suite};
use tonic::{Code, Status};

use crate::common::{HQ, acts, duplicates, get, left_behind, merge, put, reason, undo};

store_test_suite!(
    a_merged_id_answers_with_the_one_that_stays,
    a_merge_can_be_taken_back,
    whoever_read_a_customer_before_he_became_another_writes_nothing,
    the_later_move_is_taken_back_first,
    a_split_can_be_taken_back,
    a_split_is_shown_before_it_is_made,
    a_chain_of_moves_is_taken_back_to_its_beginning,
    what_a_steward_joined_stays_joined,
    what_a_steward_parted_stays_parted,
    a_pair_is_decided_once,
    a_person_and_an_organization_are_not_merged,
    a_regions_steward_merges_in_his_region_only,
    a_regions_steward_takes_his_records_from_a_customer_of_others,
);

async fn split(rig: &Rig, id: &str, records: &[&str]) -> Result<SplitResponse, Status> {
    rig.clock().advance(Duration::from_secs(1));
    let message = SplitRequest {
        customer_id: id.to_owned(),
        source_record_ids: records.iter().map(|record| (*record).to_owned()).collect(),
        reason: "father and son".to_owned(),
        preview: false,
        expected_version: 0,
    };
    Ok(rig
        .customer()
        .split(rig.ask(Role::Steward, HQ, message))
        .await?
        .into_inner())
}

/// Customers with nothing in common.
async fn strangers(rig: &Rig, count: u32) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 1..=count {
        let person = a_customer()
            .named("王小明")
            .with_phone(phone(n))
            .put("D1", &format!("K{n}"));
        ids.push(put(rig, person).await.customer_id);
    }
    ids
}

async fn a_merged_id_answers_with_the_one_that_stays(db: TestDb) {
    let rig = Rig::new(db).await;
    let ids = strangers(&rig, 3).await;
    merge(&rig, &ids[0], &ids[1]).await.unwrap();
    merge(&rig, &ids[1], &ids[2]).await.unwrap();
    for id in &ids {
        let customer = get(&rig, id).await;
        assert_eq!((&customer.id, customer.source_records), (&ids[2], 3));
    }
    let again = merge(&rig, &ids[0], &ids[2]).await.unwrap_err();
    assert_eq!(reason(again), "SAME_CUSTOMER");
    // What is written to a record of the one that went is written to the one that stays.
    let changed = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .who_likes("fishing")
            .put("D1", "1"),
    )
    .await;
    assert_eq!(changed.customer_id, ids[2]);
    let newcomer = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .put("D2", "9"),
    )
    .await;
    assert_eq!(newcomer.customer_id, ids[2]);
}

async fn a_merge_can_be_taken_back(db: TestDb) {
    let rig = Rig::new(db).await;
    let ids = strangers(&rig, 2).await;
    let (before, stays_before) = (get(&rig, &ids[0]).await, get(&rig, &ids[1]).await);
    let merged = merge(&rig, &ids[0], &ids[1]).await.unwrap();
    let back = undo(&rig, &merged.merge_id).await.unwrap();
    assert_eq!(back.customers.len(), 2);
    for (id, before) in [(&ids[0], before), (&ids[1], stays_before)] {
        let mut after = get(&rig, id).await;
        assert!(
            after.version > before.version,
            "the ETag does not come back"
        );
        (after.version, after.updated_at) = (before.version, before.updated_at);
        assert_eq!(after, before);
        assert_eq!(
            acts(&rig, id)
                .await
                .iter()
                .filter(|act| ["merged", "undone"].contains(&act.as_str()))
                .count(),
            2
        );
    }
    assert_eq!(
        reason(undo(&rig, &merged.merge_id).await.unwrap_err()),
        "UNDONE_ALREADY"
    );
    let unknown = undo(&rig, "mrg_00000000000070008000000000000000")
        .await
        .unwrap_err();
    assert_eq!(
        (unknown.code(), reason(unknown)),
        (Code::NotFound, "MERGE_UNKNOWN".to_owned())
    );
}

/// Versions are small numbers, and an id leads to another customer after a merge and to its own after the undo.
async fn whoever_read_a_customer_before_he_became_another_writes_nothing(db: TestDb) {
    let rig = Rig::new(db).await;
    let ids = strangers(&rig, 3).await;
    // A second record makes the one that goes the older in versions.
    let second = a_customer().named("王小明").with_phone(phone(1));
    put(&rig, second.put("D2", "K1")).await;
    let write = async |expected_version: i64| {
        let message = MergeRequest {
            customer_id: ids[0].clone(),
            into: ids[2].clone(),
            reason: "the same person".to_owned(),
            preview: true,
            expected_version,
        };
        let request = rig.ask(Role::Steward, HQ, message);
        rig.customer().merge(request).await.map(drop)
    };
    let before = get(&rig, &ids[0]).await.version;
    let merged = merge(&rig, &ids[0], &ids[1]).await.unwrap().merge_id;
    let as_another = get(&rig, &ids[0]).await.version;
    let refused = write(before).await.unwrap_err();
    assert_eq!(reason(refused), "CUSTOMER_CHANGED");
    write(as_another).await.unwrap();
    undo(&rig, &merged).await.unwrap();
    for version in [before, as_another] {
        let refused = write(version).await.unwrap_err();
        assert_eq!(reason(refused), "CUSTOMER_CHANGED");
    }
    write(get(&rig, &ids[0]).await.version).await.unwrap();
}

async fn the_later_move_is_taken_back_first(db: TestDb) {
    let rig = Rig::new(db).await;
    let ids = strangers(&rig, 3).await;
    let first = merge(&rig, &ids[0], &ids[1]).await.unwrap().merge_id;
    rig.clock().advance(Duration::from_micros(1));
    let second = merge(&rig, &ids[1], &ids[2]).await.unwrap().merge_id;
    let refused = undo(&rig, &first).await.unwrap_err();
    assert!(refused.message().contains(&second), "{}", refused.message());
    assert_eq!(reason(refused), "SUPERSEDED");
    undo(&rig, &second).await.unwrap();
    undo(&rig, &first).await.unwrap();
    for id in &ids {
        assert_eq!(get(&rig, id).await.source_records, 1);
    }
}

async fn a_split_can_be_taken_back(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("王小明").with_phone(phone(1));
    let one = put(&rig, person().put("D1", "1")).await;
    let two = put(&rig, person().put("D2", "2")).await;
    assert_eq!(one.customer_id, two.customer_id);
    for bad in [
        vec![],
        vec![one.source_record_id.as_str(), two.source_record_id.as_str()],
    ] {
        assert_eq!(
            reason(split(&rig, &one.customer_id, &bad).await.unwrap_err()),
            "NOTHING_TO_SPLIT"
        );
    }
    let stranger = put(&rig, a_customer().named("欧阳修").put("D1", "3")).await;
    let foreign = [two.source_record_id.as_str(), &stranger.source_record_id];
    assert_eq!(
        reason(split(&rig, &one.customer_id, &foreign).await.unwrap_err()),
        "INVALID_ARGUMENT"
    );
    // One that is named twice leaves once.
    let leaving = [two.source_record_id.as_str(); 2];
    let parted = split(&rig, &one.customer_id, &leaving).await.unwrap();
    let new = parted.customer.unwrap();
    assert_ne!(new.id, one.customer_id);
    assert_eq!(
        (
            new.source_records,
            get(&rig, &one.customer_id).await.source_records
        ),
        (1, 1)
    );
    undo(&rig, &parted.merge_id).await.unwrap();
    assert_eq!(
        get(&rig, &new.id).await.id,
        one.customer_id,
        "the id of the part answers with the whole"
    );
    assert_eq!(get(&rig, &one.customer_id).await.source_records, 2);
}

async fn a_split_is_shown_before_it_is_made(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("王小明").with_phone(phone(1));
    let one = put(&rig, person().put("D1", "1")).await;
    let two = put(&rig, person().who_likes("fishing").put("D2", "2")).await;
    let ask = |preview| SplitRequest {
        customer_id: one.customer_id.clone(),
        source_record_ids: vec![two.source_record_id.clone()],
        reason: "father and son".to_owned(),
        preview,
        expected_version: 0,
    };
    let mut answers = Vec::new();
    for preview in [true, false] {
        let whole = get(&rig, &one.customer_id).await;
        assert_eq!(whole.source_records, 2, "nothing was done yet");
        let request = rig.ask(Role::Steward, HQ, ask(preview));
        let answer = rig.customer().split(request).await.unwrap().into_inner();
        assert_eq!(answer.merge_id.is_empty(), preview);
        let (new, remaining) = (answer.customer.unwrap(), answer.remaining.unwrap());
        assert_eq!((new.source_records, remaining.source_records), (1, 1));
        assert_eq!(remaining.id, one.customer_id);
        answers.push((new.hobbies, remaining.hobbies));
    }
    assert_eq!(answers[0], answers[1], "it is as it was shown");
    assert_eq!(answers[0], ("fishing".to_owned(), String::new()));
}

async fn a_chain_of_moves_is_taken_back_to_its_beginning(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n| a_customer().named("王小明").with_phone(phone(n));
    let (mut ids, mut records) = (Vec::new(), Vec::new());
    for n in 1..=5 {
        let put = put(&rig, person(n).put("D1", &format!("K{n}"))).await;
        ids.push(put.customer_id);
        records.push(put.source_record_id);
    }
    let mut moves = Vec::new();
    for pair in ids.windows(2) {
        rig.clock().advance(Duration::from_secs(1));
        moves.push(merge(&rig, &pair[0], &pair[1]).await.unwrap().merge_id);
    }
    // One leaves, comes back, and leaves with another.
    let out = split(&rig, &ids[4], &[&records[2]]).await.unwrap();
    moves.push(out.merge_id);
    rig.clock().advance(Duration::from_secs(1));
    let back = merge(&rig, &out.customer.unwrap().id, &ids[4])
        .await
        .unwrap();
    moves.push(back.merge_id);
    let both = split(&rig, &ids[4], &[&records[2], &records[0]])
        .await
        .unwrap();
    moves.push(both.merge_id);
    for at in (0..moves.len()).rev() {
        for earlier in &moves[..at] {
            let refused = undo(&rig, earlier).await.unwrap_err();
            assert_eq!(reason(refused), "SUPERSEDED", "{at} moves stand");
        }
        undo(&rig, &moves[at]).await.unwrap();
    }
    for id in &ids {
        let customer = get(&rig, id).await;
        assert_eq!((&customer.id, customer.source_records), (id, 1));
    }
    assert_eq!(left_behind(&rig).await, 0);
}

async fn what_a_steward_joined_stays_joined(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n| {
        a_customer()
            .named("王小明")
            .with_phone(phone(n))
            .with_id_number(id_number(n))
    };
    let one = put(&rig, person(1).put("D1", "1")).await;
    let two = put(&rig, person(2).put("D2", "2")).await;
    merge(&rig, &one.customer_id, &two.customer_id)
        .await
        .unwrap();
    // A small change: the ID numbers differ as they did when the steward decided.
    let changed = put(&rig, person(1).who_likes("fishing").put("D1", "1")).await;
    assert_eq!(changed.customer_id, two.customer_id);
}

async fn what_a_steward_parted_stays_parted(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("王小明").with_phone(phone(1));
    let one = put(&rig, person().put("D1", "1")).await;
    let two = put(&rig, person().put("D2", "2")).await;
    let new = split(&rig, &one.customer_id, &[&two.source_record_id])
        .await
        .unwrap()
        .customer
        .unwrap();
    let changed = put(&rig, person().who_likes("fishing").put("D2", "2")).await;
    assert_eq!(changed.customer_id, new.id);
    put(&rig, person().put("D3", "3")).await;
    let open = duplicates(&rig, "open").await;
    let is_of_both = |pair: &Duplicate| {
        let ids = [&pair.left, &pair.right].map(|side| side.as_ref().unwrap().id.clone());
        ids.contains(&one.customer_id) && ids.contains(&new.id)
    };
    assert!(
        !open.iter().any(is_of_both),
        "the steward is not asked again"
    );
    assert_eq!(
        open.len(),
        2,
        "whose the third record is only the steward can tell"
    );
}

async fn a_pair_is_decided_once(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = |n| {
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .with_id_number(id_number(n))
    };
    let one = put(&rig, person(1).put("D1", "1")).await;
    let two = put(&rig, person(2).put("D2", "2")).await;
    let pair = duplicates(&rig, "").await.remove(0);
    let decide = |decision: &str| DecideDuplicateRequest {
        id: pair.id.clone(),
        decision: decision.to_owned(),
        reason: "asked him".to_owned(),
    };
    let bad = rig
        .customer()
        .decide_duplicate(rig.ask(Role::Steward, HQ, decide("perhaps")))
        .await
        .unwrap_err();
    assert_eq!(bad.code(), Code::InvalidArgument);
    let done = rig
        .customer()
        .decide_duplicate(rig.ask(Role::Steward, HQ, decide("same")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(done.duplicate.unwrap().state, "same");
    assert_eq!(
        get(&rig, &two.customer_id).await.id,
        one.customer_id,
        "merged into the older"
    );
    assert!(duplicates(&rig, "open").await.is_empty());
    undo(&rig, &done.merge_id).await.unwrap();
    assert_ne!(get(&rig, &two.customer_id).await.id, one.customer_id);
    assert_eq!(
        duplicates(&rig, "different").await.len(),
        1,
        "taken back is a word too"
    );
}

async fn a_person_and_an_organization_are_not_merged(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .put("D1", "1"),
    )
    .await;
    let company = put(
        &rig,
        a_customer()
            .named("上海申通汽车租赁有限公司")
            .with_phone(phone(2))
            .put("D1", "2"),
    )
    .await;
    let refused = merge(&rig, &person.customer_id, &company.customer_id)
        .await
        .unwrap_err();
    assert_eq!(reason(refused), "KINDS_DIFFER");
}

async fn a_regions_steward_merges_in_his_region_only(db: TestDb) {
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
    let far = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(2))
            .put("D3", "2"),
    )
    .await
    .customer_id;
    let message = marque_api::customer::v1::MergeRequest {
        customer_id: one.clone(),
        into: far,
        reason: "the same person".to_owned(),
        preview: false,
        expected_version: 0,
    };
    let request = rig.ask(Role::Steward, Scope::Region("east".into()), message);
    assert_eq!(
        rig.customer().merge(request).await.unwrap_err().code(),
        Code::NotFound
    );
    assert_eq!(get(&rig, &one).await.source_records, 1);
}

async fn a_regions_steward_takes_his_records_from_a_customer_of_others(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("王小明").with_phone(phone(1));
    let his = put(&rig, person().put("D1", "1")).await;
    put(&rig, person().put("D3", "2")).await;
    let message = SplitRequest {
        customer_id: his.customer_id,
        source_record_ids: vec![his.source_record_id],
        reason: "another man".to_owned(),
        preview: false,
        expected_version: 0,
    };
    let request = rig.ask(Role::Steward, Scope::Region("east".into()), message);
    let parted = rig.customer().split(request).await.unwrap().into_inner();
    assert_eq!(parted.customer.unwrap().source_records, 1);
    assert_eq!(parted.remaining, None, "he sees him no more");
}
