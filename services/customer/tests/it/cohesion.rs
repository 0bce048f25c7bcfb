//! Why a customer's records are his.

use std::{fmt::Write as _, time::Duration};

use marque_api::customer::v1::{
    Bond, GetCohesionRequest, GetCohesionResponse, PutSourceRecordResponse, Resemblance,
    SplitRequest,
};
use marque_auth::{Role, Scope};
use marque_testkit::{
    ACustomer, ImportFile, Rig, TestDb, a_customer, id_number, phone, store_test_suite,
};
use tonic::{Code, Status};

use crate::common::{HQ, acts, dealer, merge, put, reason, undo};

store_test_suite!(
    what_linkage_linked_shows_its_reasons_the_weakest_first,
    what_late_evidence_joined_names_the_act,
    what_a_steward_joined_says_so,
    a_split_that_was_taken_back_is_peoples_word,
    an_only_record_is_bound_to_none,
    the_newest_fifty_records_are_looked_at,
    who_may_not_see_a_customer_learns_nothing_of_his_bonds,
    a_region_reads_of_its_dealers_records_alone,
    identifiers_are_masked,
);

async fn cohesion_as(
    rig: &Rig,
    role: Role,
    scope: Scope,
    id: &str,
) -> Result<GetCohesionResponse, Status> {
    let message = GetCohesionRequest {
        customer_id: id.to_owned(),
    };
    let answer = rig
        .customer()
        .get_cohesion(rig.ask(role, scope, message))
        .await?;
    Ok(answer.into_inner())
}

/// As a steward at headquarters.
async fn cohesion(rig: &Rig, id: &str) -> GetCohesionResponse {
    cohesion_as(rig, Role::Steward, HQ, id).await.unwrap()
}

fn person() -> ACustomer {
    a_customer().named("欧阳晓岚").with_phone(phone(1))
}

/// One customer of two dealers of two regions.
async fn of_two_dealers(rig: &Rig) -> [PutSourceRecordResponse; 2] {
    let with_number = || person().with_id_number(id_number(1));
    let one = put(rig, with_number().put("D1", "1")).await;
    let other = put(rig, with_number().put("D3", "2")).await;
    assert_eq!(one.customer_id, other.customer_id);
    [one, other]
}

fn record_of(bond: &Bond) -> &str {
    &bond.source_record.as_ref().unwrap().id
}

fn nearest(bond: &Bond) -> &Resemblance {
    bond.nearest.as_ref().unwrap()
}

async fn what_linkage_linked_shows_its_reasons_the_weakest_first(db: TestDb) {
    let rig = Rig::new(db).await;
    let [one, other] = of_two_dealers(&rig).await;
    let loose = put(&rig, person().put("D2", "3")).await;
    assert_eq!(loose.customer_id, one.customer_id);
    let found = cohesion(&rig, &one.customer_id).await;
    assert_eq!((found.bonds.len(), found.whole), (3, true));
    let weakest = &found.bonds[0];
    assert_eq!(record_of(weakest), loose.source_record_id);
    assert_eq!((weakest.held_by, weakest.stands_alone), (2, false));
    let near = nearest(weakest);
    let others = [&one.source_record_id, &other.source_record_id];
    assert!(others.contains(&&near.source_record_id));
    assert!(near.probability > 0.95);
    assert_eq!((near.brought_by.as_str(), &*near.merge_id), ("linkage", ""));
    let mut lines = near.evidence.iter();
    assert!(lines.any(|line| line.finding == "same phone" && line.bits > 0.0));
    // The look is on record.
    assert!(
        acts(&rig, &one.customer_id)
            .await
            .contains(&"explained".to_owned())
    );
}

async fn what_late_evidence_joined_names_the_act(db: TestDb) {
    let rig = Rig::new(db).await;
    let by_number = a_customer()
        .named("欧阳晓岚")
        .with_id_number(id_number(1))
        .put("D2", "2");
    let by_phone = put(&rig, person().put("D1", "1")).await;
    assert_ne!(put(&rig, by_number).await.customer_id, by_phone.customer_id);
    let both = person().with_id_number(id_number(1)).put("D3", "3");
    let joined = put(&rig, both).await;
    let found = cohesion(&rig, &joined.customer_id).await;
    assert_eq!(found.bonds.len(), 3);
    let mut brought = found.bonds.iter().map(nearest);
    assert!(brought.any(|near| {
        near.brought_by == "linkage"
            && near.reason.starts_with("late evidence")
            && !near.merge_id.is_empty()
            && near.brought_at.is_some()
    }));
}

async fn what_a_steward_joined_says_so(db: TestDb) {
    let rig = Rig::new(db).await;
    let of = |n| a_customer().named("王小明").with_phone(phone(n));
    let from = put(&rig, of(1).put("D1", "1")).await;
    let into = put(&rig, of(2).put("D2", "2")).await;
    let merged = merge(&rig, &from.customer_id, &into.customer_id)
        .await
        .unwrap();
    let found = cohesion(&rig, &from.customer_id).await;
    assert_eq!(
        found.customer_id, into.customer_id,
        "the id that went answers with the one that stays"
    );
    assert_eq!(found.bonds.len(), 2);
    for bond in &found.bonds {
        assert_eq!((bond.held_by, bond.stands_alone), (0, true));
        let near = nearest(bond);
        assert_eq!(
            (near.brought_by.as_str(), &near.merge_id, &*near.reason),
            ("people", &merged.merge_id, "the same person")
        );
        assert!(!["", "linkage"].contains(&near.actor.as_str()));
    }
}

async fn a_split_that_was_taken_back_is_peoples_word(db: TestDb) {
    let rig = Rig::new(db).await;
    let [one, other] = of_two_dealers(&rig).await;
    rig.clock().advance(Duration::from_secs(1));
    let message = SplitRequest {
        customer_id: one.customer_id.clone(),
        source_record_ids: vec![other.source_record_id],
        reason: "twins".to_owned(),
        preview: false,
        expected_version: 0,
    };
    let request = rig.ask(Role::Steward, HQ, message);
    let parted = rig.customer().split(request).await.unwrap().into_inner();
    undo(&rig, &parted.merge_id).await.unwrap();
    for bond in &cohesion(&rig, &one.customer_id).await.bonds {
        let near = nearest(bond);
        assert_eq!(
            (near.brought_by.as_str(), &near.merge_id),
            ("people", &parted.merge_id)
        );
        assert_ne!(near.reason, "twins", "that parted them");
        assert_eq!((bond.held_by, bond.stands_alone), (1, true));
    }
}

async fn an_only_record_is_bound_to_none(db: TestDb) {
    let rig = Rig::new(db).await;
    let only = put(&rig, person().put("D1", "1")).await;
    let found = cohesion(&rig, &only.customer_id).await;
    assert_eq!((found.bonds.len(), found.whole), (1, true));
    let bond = &found.bonds[0];
    assert_eq!(record_of(bond), only.source_record_id);
    assert!(bond.nearest.is_none());
    assert_eq!((bond.held_by, bond.stands_alone), (0, true));
}

async fn the_newest_fifty_records_are_looked_at(db: TestDb) {
    let rig = Rig::new(db).await;
    let with_number = person().with_id_number(id_number(1));
    let oldest = put(&rig, with_number.put("D1", "first")).await;
    let mut file = "客户编号,姓名,手机,身份证号\r\n".to_owned();
    for n in 1..=50 {
        write!(file, "{n},欧阳晓岚,{},{}\r\n", phone(1), id_number(1)).unwrap();
    }
    rig.import(ImportFile::of_customers("D1", file)).await;
    let found = cohesion(&rig, &oldest.customer_id).await;
    assert_eq!((found.bonds.len(), found.whole), (50, false));
    let mut records = found.bonds.iter().map(record_of);
    assert!(records.all(|record| record != oldest.source_record_id));
}

async fn who_may_not_see_a_customer_learns_nothing_of_his_bonds(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = put(&rig, person().put("D1", "1")).await.customer_id;
    for own in ["D1", "D2"] {
        let refused = cohesion_as(&rig, Role::Manager, dealer(own), &id).await;
        assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    }
    let nobody = "cus_00000000000070008000000000000000";
    for asked in [id.as_str(), nobody, "nonsense"] {
        let west = Scope::Region("west".into());
        let unknown = cohesion_as(&rig, Role::Steward, west, asked).await;
        let status = unknown.unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(reason(status), "CUSTOMER_UNKNOWN");
    }
    assert!(!acts(&rig, &id).await.contains(&"explained".to_owned()));
}

async fn a_region_reads_of_its_dealers_records_alone(db: TestDb) {
    let rig = Rig::new(db).await;
    let [one, _] = of_two_dealers(&rig).await;
    let east = Scope::Region("east".into());
    let found = cohesion_as(&rig, Role::Steward, east, &one.customer_id)
        .await
        .unwrap();
    let records: Vec<&str> = found.bonds.iter().map(record_of).collect();
    assert_eq!(records, [one.source_record_id]);
    // How like the other's is, and nothing by which it could be asked after.
    let near = nearest(&found.bonds[0]);
    assert!(near.probability > 0.95 && !near.evidence.is_empty());
    assert_eq!(near.brought_by, "linkage");
    for secret in [&near.source_record_id, &near.actor, &near.reason] {
        assert!(secret.is_empty(), "{secret}");
    }
}

async fn identifiers_are_masked(db: TestDb) {
    let rig = Rig::new(db).await;
    let [one, _] = of_two_dealers(&rig).await;
    for role in [Role::Steward, Role::HqAdmin] {
        let found = cohesion_as(&rig, role, HQ, &one.customer_id).await;
        for bond in found.unwrap().bonds {
            let columns = bond.source_record.unwrap().columns.unwrap();
            assert!(columns.phone.contains('*') && columns.id_number.contains('*'));
        }
    }
}
