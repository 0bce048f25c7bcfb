//! Complaints and visits: their events are noted once, their evidence is counted, signs of invention become findings.

use chrono::{Days, NaiveDate};
use marque_api::{
    complaint::v1::{CaseChange, CasesChanged},
    evidence::v1::{Evidence, EvidenceFinding},
    quality::v1 as pb,
    service_history::v1::{RecordedVisit, VisitsRecorded},
};
use marque_quality::falsification::VisitEntry;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{Owner, World, event, record};

store_test_suite!(
    findings_of_complaints_open_and_close_with_their_events,
    visits_without_work_become_findings_of_their_dealer,
);

async fn findings(world: &World, kind: &str, state: &str) -> Vec<pb::Finding> {
    let request = world.hq(pb::ListFindingsRequest {
        kind: kind.into(),
        state: state.into(),
        page_size: 1000,
        ..pb::ListFindingsRequest::default()
    });
    let found = world.quality().list_findings(request).await.unwrap();
    found.into_inner().findings
}

fn complaint(n: u32, version: i64, is_flawed: bool) -> Evidence {
    let filled = ["complaint_key", "vin", "opened_at", "category", "text"];
    let flaw = EvidenceFinding {
        field: "severity".into(),
        rule: "choice_unknown".into(),
        severity: 3,
        ..EvidenceFinding::default()
    };
    Evidence {
        id: format!("cmp_{:032x}", u128::from(n) + 1),
        kind: "complaints".into(),
        version,
        clerk: String::new(),
        party: String::new(),
        filled: filled.map(str::to_owned).to_vec(),
        findings: if is_flawed { vec![flaw] } else { Vec::new() },
        ..record(n, 2, version)
    }
}

async fn findings_of_complaints_open_and_close_with_their_events(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let (owner, feed) = &world.complaints;
    let tell = |position, kind: &str, cases: &[Evidence]| {
        owner.put(cases);
        let changes = cases.iter().map(|case| CaseChange {
            id: case.id.clone(),
            ..CaseChange::default()
        });
        let changed = CasesChanged {
            changes: changes.collect(),
        };
        event(position, kind, &changed)
    };
    let opened: Vec<Evidence> = (0..10).map(|n| complaint(n, 1, n < 4)).collect();
    let first = tell(1, "marque.complaint.cases.opened", &opened);
    feed.put([first.clone()]);
    let open = world
        .wait_for(async || {
            let open = findings(&world, "complaints", "open").await;
            (open.len() == 4).then_some(open)
        })
        .await;
    assert!(
        open.iter()
            .all(|one| one.rule == "choice_unknown" && one.record_id.starts_with("cmp_"))
    );

    // Two are corrected; the first event comes once more.
    let amended: Vec<Evidence> = (0..2).map(|n| complaint(n, 2, false)).collect();
    feed.put([tell(2, "marque.complaint.cases.amended", &amended)]);
    feed.put([first]);
    world
        .wait_for(async || {
            let mended = findings(&world, "complaints", "mended").await;
            (mended.len() == 2).then_some(())
        })
        .await;
    assert_eq!(findings(&world, "complaints", "open").await.len(), 2);
    let request = world.hq(pb::ListScorecardsRequest {
        kind: "complaints".into(),
        ..pb::ListScorecardsRequest::default()
    });
    let cards = world.quality().list_scorecards(request).await.unwrap();
    let cards = cards.into_inner().scorecards;
    let counted: i64 = cards
        .iter()
        .map(|card| card.means.as_ref().unwrap().records)
        .sum();
    assert_eq!(counted, 10);
    assert_eq!(world.recount().await.differing, 0);
}

async fn visits_without_work_become_findings_of_their_dealer(db: TestDb) {
    let world = World::start(db, Owner::default(), 6).await;
    let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    let visits: Vec<Evidence> = (0..360_u32)
        .map(|n| {
            let is_bare = if n % 6 == 3 {
                n / 6 % 2 == 0
            } else {
                n / 6 % 40 == 0
            };
            let date = first + Days::new(u64::from(n * 7919 % 300));
            let km = 1_000 + n * 104_729 % 90_000;
            let entry = VisitEntry::new(&format!("V{n}"), Some(date), 0, Some(km), is_bare);
            Evidence {
                id: format!("vis_{:032x}", u128::from(n) + 1),
                kind: "visits".into(),
                filled: vec!["order_number".into(), "vin".into()],
                findings: Vec::new(),
                entry: entry.to_bytes(),
                ..record(n, 6, 1)
            }
        })
        .collect();
    let (owner, feed) = &world.visits;
    owner.put(&visits);
    let recorded = VisitsRecorded {
        visits: visits
            .iter()
            .map(|visit| RecordedVisit {
                id: visit.id.clone(),
                ..RecordedVisit::default()
            })
            .collect(),
    };
    feed.put([event(
        1,
        "marque.service_history.visits.recorded",
        &recorded,
    )]);
    let open = world
        .wait_for(async || {
            let open = findings(&world, "visits", "open").await;
            (open.len() == 30).then_some(open)
        })
        .await;
    let of_it = |one: &pb::Finding| {
        (one.dealer.as_str(), one.rule.as_str(), one.field.as_str())
            == ("D003", "bare_visit", "lines")
    };
    assert!(open.iter().all(of_it));
}
