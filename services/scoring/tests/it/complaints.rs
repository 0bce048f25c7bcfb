//! Complaints: reasons to stay away, and what was said of their handling.

use marque_api::{
    complaint::v1::{CaseChange, CasesChanged},
    events::v1::Event,
    scoring::v1::{FactColumns, GetLoyaltyRequest, Loyalty},
};
use marque_core::ComplaintId;
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};
use uuid::Uuid;

use crate::world::{
    World, again, assessment, customer, day, event, link, linked, record_of, visit, visited,
};

store_test_suite!(
    an_open_complaint_is_a_reason_until_it_ends,
    repeated_complaints_are_a_reason_of_their_own,
    neither_a_first_complaint_nor_a_first_contact_lowers_a_score,
    what_he_says_of_the_handling_is_his_satisfaction,
    what_he_says_when_he_is_called_counts_too,
    an_older_word_on_a_case_changes_nothing,
);

async fn ann(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10))];
    world.customers.deliver([linked(1, links)]).await;
    let visits = ["2025-09-15", "2025-12-15", "2026-03-15", "2026-06-01"];
    let visits = (1..).zip(visits).map(|(n, date)| visit("D1", n, "A", date));
    world.visits.deliver([visited(1, visits.collect())]).await;
    world
}

fn case(n: u128, opened: &str, version: i64) -> CaseChange {
    CaseChange {
        id: ComplaintId::from(Uuid::from_u128(0xC000 + n)).to_string(),
        dealer: "D1".into(),
        source_record_id: record_of("D1", "A").to_string(),
        category: "repair_quality".into(),
        severity: "normal".into(),
        state: "received".into(),
        at: Some(to_proto_time(day(opened))),
        opened_at: Some(to_proto_time(day(opened))),
        version,
        ..CaseChange::default()
    }
}

fn ended(opened: CaseChange, on: &str, answers: [i32; 2]) -> CaseChange {
    CaseChange {
        state: "closed".into(),
        ended_at: Some(to_proto_time(day(on))),
        satisfaction_resolution: answers[0],
        satisfaction_handling: answers[1],
        version: opened.version + 1,
        ..opened
    }
}

fn told(position: i64, what: &str, change: CaseChange) -> Event {
    let message = CasesChanged {
        changes: vec![change],
    };
    event(
        position,
        &format!("marque.complaint.cases.{what}"),
        &message,
    )
}

async fn loyalty(world: &World) -> Loyalty {
    let request = GetLoyaltyRequest {
        customer_id: customer(10).to_string(),
    };
    let answer = world.scoring().get_loyalty(world.hq(request)).await;
    answer.unwrap().into_inner().loyalty.unwrap()
}

fn reasons(loyalty: &Loyalty) -> Vec<&str> {
    loyalty
        .reasons
        .iter()
        .map(|each| each.key.as_str())
        .collect()
}

async fn an_open_complaint_is_a_reason_until_it_ends(db: TestDb) {
    let world = ann(db).await;
    let before = loyalty(&world).await;
    assert!(!reasons(&before).contains(&"open_complaint"));
    let opened = case(1, "2026-06-05", 1);
    world
        .complaints
        .deliver([told(1, "opened", opened.clone())])
        .await;
    let open = loyalty(&world).await;
    assert!(reasons(&open).contains(&"open_complaint"), "{open:?}");
    assert_eq!(open.trust, "half_trusting");
    assert!(open.churn.unwrap() >= before.churn.unwrap());
    let explained = format!("{:?}", world.score(customer(10)).await);
    assert!(explained.contains("complaint_count"), "{explained}");
    let closed = told(2, "moved", ended(opened, "2026-06-10", [0, 0]));
    world.complaints.deliver([closed.clone()]).await;
    let settled = loyalty(&world).await;
    assert!(!reasons(&settled).contains(&"open_complaint"));
    for _ in 0..2 {
        world.complaints.deliver([again(&closed)]).await;
    }
    assert_eq!(loyalty(&world).await, settled, "again");
}

async fn neither_a_first_complaint_nor_a_first_contact_lowers_a_score(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10))];
    world.customers.deliver([linked(1, links)]).await;
    let paid = FactColumns {
        kind: "payment".into(),
        key: "P1".into(),
        customer_key: "A".into(),
        amount: "3000".into(),
        date: "2026-04-01".into(),
        paid_date: "2026-04-01".into(),
        ..FactColumns::default()
    };
    world.put("D1", paid).await;
    let contact = |key: &str| assessment(key, "A", "contact", "");
    let before = world.score(customer(10)).await.hundredths;
    let complaint = told(1, "opened", case(1, "2026-06-05", 1));
    world.complaints.deliver([complaint]).await;
    assert_eq!(world.score(customer(10)).await.hundredths, before);
    world.put("D1", contact("1")).await;
    let score = world.score(customer(10)).await;
    assert_eq!(score.hundredths, before, "nobody knows over what time");
    // Since he came there is a time to count over, and each contact is one more.
    let came = visit("D1", 1, "A", "2026-06-01");
    world.visits.deliver([visited(1, vec![came])]).await;
    let since_he_came = world.score(customer(10)).await.hundredths;
    world.put("D1", contact("2")).await;
    assert!(world.score(customer(10)).await.hundredths > since_he_came);
}

async fn repeated_complaints_are_a_reason_of_their_own(db: TestDb) {
    let world = ann(db).await;
    let first = ended(case(1, "2026-05-20", 1), "2026-05-22", [0, 0]);
    let second = ended(case(2, "2026-06-01", 1), "2026-06-02", [0, 0]);
    world
        .complaints
        .deliver([told(1, "moved", first), told(2, "moved", second)])
        .await;
    let loyalty = loyalty(&world).await;
    assert!(
        reasons(&loyalty).contains(&"repeated_complaint"),
        "{loyalty:?}"
    );
}

async fn what_he_says_of_the_handling_is_his_satisfaction(db: TestDb) {
    let world = ann(db).await;
    let satisfaction = |loyalty: &Loyalty| loyalty.degrees.unwrap().satisfaction;
    let content = ended(case(1, "2026-05-20", 1), "2026-05-22", [5, 4]);
    world.complaints.deliver([told(1, "moved", content)]).await;
    // 4.5 of 5 are 87.5, less five for a complaint that was settled.
    assert_eq!(satisfaction(&loyalty(&world).await), Some(82.5));
    let bitter = CaseChange {
        version: 3,
        ..ended(case(1, "2026-05-20", 1), "2026-05-22", [1, 2])
    };
    world.complaints.deliver([told(2, "amended", bitter)]).await;
    // 1.5 of 5 are 12.5; a complaint that ended so takes fifteen.
    assert_eq!(satisfaction(&loyalty(&world).await), Some(0.0));
}

async fn what_he_says_when_he_is_called_counts_too(db: TestDb) {
    let world = ann(db).await;
    let closed = ended(case(1, "2026-05-20", 1), "2026-05-22", [0, 0]);
    let called = CaseChange {
        version: 3,
        satisfaction_resolution: 5,
        satisfaction_handling: 4,
        ..closed.clone()
    };
    world
        .complaints
        .deliver([told(1, "moved", closed), told(2, "tasked", called)])
        .await;
    let degrees = loyalty(&world).await.degrees.unwrap();
    assert_eq!(degrees.satisfaction, Some(82.5));
}

async fn an_older_word_on_a_case_changes_nothing(db: TestDb) {
    let world = ann(db).await;
    let opened = case(1, "2026-06-05", 1);
    let closed = ended(opened.clone(), "2026-06-10", [0, 0]);
    world.complaints.deliver([told(2, "moved", closed)]).await;
    world.complaints.deliver([told(1, "opened", opened)]).await;
    assert!(!reasons(&loyalty(&world).await).contains(&"open_complaint"));
    assert_eq!(
        world
            .count("SELECT count(*) FROM facts WHERE kind = 'complaint'")
            .await,
        1
    );
}
