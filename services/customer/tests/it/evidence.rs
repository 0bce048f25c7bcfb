//! What the data-quality service is told of records: years and ages, and no day on which anybody was born.

use marque_api::evidence::v1::{
    Evidence, ListEvidenceRequest, evidence_service_client::EvidenceServiceClient,
};
use marque_rpc::RoleName;
use marque_testkit::{Rig, TestDb, a_customer, store_test_suite};

use crate::common::put;

store_test_suite!(
    of_a_birth_the_year_and_the_age_are_measured_and_no_day,
    of_two_records_of_one_customer_at_one_dealer_each_names_the_other,
);

/// What is told of records.
async fn told(rig: &Rig, ids: &[String]) -> Vec<Evidence> {
    let transport = rig.process().transport(RoleName::Customer);
    let ask = rig.ask_as_peer(ListEvidenceRequest { ids: ids.to_vec() });
    let answer = EvidenceServiceClient::new(transport)
        .list_evidence(ask)
        .await;
    answer.unwrap().into_inner().records
}

async fn of_two_records_of_one_customer_at_one_dealer_each_names_the_other(db: TestDb) {
    let rig = Rig::new(db).await;
    let mut ids = Vec::new();
    for (dealer, key) in [("D1", "1"), ("D1", "2"), ("D2", "1")] {
        let request = a_customer()
            .named("孟晓岚")
            .with_id_number("11010519491231002X")
            .put(dealer, key);
        ids.push(put(&rig, request).await.source_record_id);
    }
    let records = told(&rig, &ids).await;
    for (id, other) in [(0, Some(1)), (1, Some(0)), (2, None)] {
        let record = records.iter().find(|record| record.id == ids[id]).unwrap();
        let other = other.map_or("", |other: usize| ids[other].as_str());
        assert_eq!(record.repeats, other);
        let mut rules = record.findings.iter().map(|finding| &finding.rule);
        assert_eq!(rules.any(|rule| rule == "entered_twice"), !other.is_empty());
    }
}

async fn of_a_birth_the_year_and_the_age_are_measured_and_no_day(db: TestDb) {
    let rig = Rig::new(db).await;
    let mut request = a_customer()
        .named("孟晓岚")
        .with_id_number("11010519491231002X")
        .typed_at("2025-12-30 10:00")
        .put("D1", "1");
    request.columns.as_mut().unwrap().birthday = "1949-12-31".to_owned();
    let record = put(&rig, request).await.source_record_id;
    let records = told(&rig, &[record]).await;
    assert_eq!(records.len(), 1);
    let measures = records[0].measures.iter();
    let measured: Vec<(&str, &str)> = measures
        .map(|one| (one.field.as_str(), one.measure.as_str()))
        .collect();
    assert_eq!(
        measured,
        [
            ("id_number", "age"),
            ("birthday", "year"),
            ("birthday", "age"),
            ("recorded_at", "day"),
        ]
    );
    let is_of_birth = |field: &str| ["birthday", "id_number"].contains(&field);
    let mut days = measured.iter().filter(|(_, measure)| *measure == "day");
    assert!(days.all(|(field, _)| !is_of_birth(field)));
    let year = records[0].measures.iter().find(|one| one.measure == "year");
    assert_eq!(year.map(|one| one.value), Some(1949));
}
