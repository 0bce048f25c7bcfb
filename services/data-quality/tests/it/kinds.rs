//! Complaints and visits: their events are noted once, their evidence is counted, signs of invention become findings.

use chrono::{Days, NaiveDate};
use marque_api::{
    complaint::v1::{CaseChange, CasesChanged},
    events::v1::Event,
    evidence::v1::{Evidence, EvidenceFinding, EvidenceMeasure},
    quality::v1 as pb,
    service_history::v1::{RecordedVisit, VisitsRecorded},
};
use marque_quality::{RecordKind, falsification::VisitEntry, standard::built_in_texts};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{Owner, World, event, record};

store_test_suite!(
    findings_of_complaints_open_and_close_with_their_events,
    a_case_that_is_handed_over_is_counted_and_found_where_it_is,
    visits_without_work_become_findings_of_their_dealer,
    visits_without_work_of_one_adviser_of_ten_become_findings_of_his_alone,
    a_narrower_range_is_tried_and_then_finds_what_it_said,
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

/// The event that tells of cases as their owner has them from now on.
fn told(owner: &Owner, position: i64, kind: &str, cases: &[Evidence]) -> Event {
    owner.put(cases);
    let changes = cases.iter().map(|case| CaseChange {
        id: case.id.clone(),
        ..CaseChange::default()
    });
    let changed = CasesChanged {
        changes: changes.collect(),
    };
    event(position, kind, &changed)
}

/// How many complaints are counted of each dealer, by his code; of whom none are left he is not in it.
async fn counted(world: &World) -> Vec<(String, i64)> {
    let request = world.hq(pb::ListScorecardsRequest {
        kind: "complaints".into(),
        ..pb::ListScorecardsRequest::default()
    });
    let cards = world.quality().list_scorecards(request).await.unwrap();
    let cards = cards.into_inner().scorecards.into_iter();
    let mut counted: Vec<(String, i64)> = cards
        .map(|card| (card.dealer, card.means.unwrap_or_default().records))
        .filter(|(_, records)| *records != 0)
        .collect();
    counted.sort_unstable();
    counted
}

async fn a_case_that_is_handed_over_is_counted_and_found_where_it_is(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let (owner, feed) = &world.complaints;
    let case = complaint(0, 1, true);
    assert_eq!(case.dealer, "D000");
    let opened = [case.clone()];
    feed.put([told(owner, 1, "marque.complaint.cases.opened", &opened)]);
    let wait_for_one_of = async |dealer: &str| {
        let expected = [(dealer.to_owned(), 1)];
        world
            .wait_for(async || (counted(&world).await == expected).then_some(()))
            .await;
    };
    wait_for_one_of("D000").await;
    // There, and back: each time it leaves the sums of whoever had it.
    for (position, dealer) in [(2, "D001"), (3, "D000")] {
        let handed_over = [Evidence {
            dealer: dealer.into(),
            version: position,
            ..case.clone()
        }];
        let kind = "marque.complaint.cases.amended";
        feed.put([told(owner, position, kind, &handed_over)]);
        wait_for_one_of(dealer).await;
        let open = findings(&world, "complaints", "open").await;
        let dealers: Vec<&str> = open.iter().map(|one| one.dealer.as_str()).collect();
        assert_eq!(dealers, [dealer]);
        assert_eq!(world.recount().await.differing, 0);
    }
}

async fn findings_of_complaints_open_and_close_with_their_events(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let (owner, feed) = &world.complaints;
    let tell = |position, kind: &str, cases: &[Evidence]| told(owner, position, kind, cases);
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

/// Their owner has them, and tells so.
fn record_visits(world: &World, visits: &[Evidence]) {
    let (owner, feed) = &world.visits;
    owner.put(visits);
    let recorded = VisitsRecorded {
        visits: visits
            .iter()
            .map(|visit| RecordedVisit {
                id: visit.id.clone(),
                ..RecordedVisit::default()
            })
            .collect(),
        ..VisitsRecorded::default()
    };
    feed.put([event(
        1,
        "marque.service_history.visits.recorded",
        &recorded,
    )]);
}

async fn visits_without_work_of_one_adviser_of_ten_become_findings_of_his_alone(db: TestDb) {
    let world = World::start(db, Owner::default(), 6).await;
    let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    let visits: Vec<Evidence> = (0..960_u32)
        .map(|n| {
            // Of the sixteen visits of S3 at D003 ten.
            let of_dealer = n / 6;
            let is_bare = if n % 6 == 3 && of_dealer % 10 == 3 {
                of_dealer / 10 % 8 < 5
            } else {
                of_dealer.is_multiple_of(53)
            };
            let date = first + Days::new(u64::from(n * 7919 % 300));
            let entry = VisitEntry::new(&format!("V{n}"), Some(date), 0, None, is_bare);
            Evidence {
                id: format!("vis_{:032x}", u128::from(n) + 1),
                kind: "visits".into(),
                clerk: format!("S{}", of_dealer % 10),
                filled: vec!["order_number".into(), "vin".into()],
                findings: Vec::new(),
                entry: entry.to_bytes(),
                ..record(n, 6, 1)
            }
        })
        .collect();
    record_visits(&world, &visits);
    let open = world
        .wait_for(async || {
            let open = findings(&world, "visits", "open").await;
            (open.len() == 10).then_some(open)
        })
        .await;
    let of_it = |one: &pb::Finding| {
        (one.dealer.as_str(), one.clerk.as_str(), one.rule.as_str()) == ("D003", "S3", "bare_visit")
    };
    assert!(open.iter().all(of_it));
    world
        .wait_for(async || {
            let request = world.hq(pb::ListSuspectsRequest::default());
            let named = world.quality().list_suspects(request).await.unwrap();
            let named = named.into_inner().suspects;
            let named: Vec<(&str, &str)> = named
                .iter()
                .map(|one| (one.dealer.as_str(), one.clerk.as_str()))
                .collect();
            (named == [("D003", "S3")]).then_some(())
        })
        .await;
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
    record_visits(&world, &visits);
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

/// A visit whose meter showed so many kilometres.
fn visit(n: u32, km: i64) -> Evidence {
    let read = EvidenceMeasure {
        field: "odometer_km".into(),
        measure: "km".into(),
        value: km,
    };
    Evidence {
        id: format!("vis_{:032x}", u128::from(n) + 1),
        kind: "visits".into(),
        party: String::new(),
        is_repeated: None,
        filled: ["order_number", "vin", "odometer_km"]
            .map(str::to_owned)
            .to_vec(),
        findings: Vec::new(),
        measures: vec![read],
        ..record(n, 2, 1)
    }
}

async fn a_narrower_range_is_tried_and_then_finds_what_it_said(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let visits: Vec<Evidence> = (0..10)
        .map(|n| visit(n, if n < 3 { 350_000 } else { 90_000 }))
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
        ..VisitsRecorded::default()
    };
    feed.put([event(
        1,
        "marque.service_history.visits.recorded",
        &recorded,
    )]);
    let cards = async || {
        let request = world.hq(pb::ListScorecardsRequest {
            kind: "visits".into(),
            ..pb::ListScorecardsRequest::default()
        });
        let cards = world.quality().list_scorecards(request).await.unwrap();
        crate::world::records(&cards.into_inner().scorecards)
    };
    world
        .wait_for(async || (cards().await == 10).then_some(()))
        .await;
    assert!(findings(&world, "visits", "open").await.is_empty());

    let today = marque_core::business_date(marque_core::Clock::now(&*world.clock));
    let narrower = built_in_texts(RecordKind::Visits)[0]
        .replace("version = 1", "version = 3")
        .replace("2026-01-01", &today.to_string())
        .replace("max = 2000000\nrule = \"number_form\"", "max = 300000");
    let request = world.hq(pb::ReplayStandardRequest {
        text: narrower.replace("\"effective\"", "\"draft\""),
    });
    let replayed = world.quality().replay_standard(request).await.unwrap();
    let all = replayed.into_inner().changes.remove(0);
    let (before, after) = (all.before.unwrap(), all.after.unwrap());
    assert_eq!((all.dealer.as_str(), before.records), ("", 10));
    assert!(after.total < before.total, "{after:?} {before:?}");
    assert!(
        findings(&world, "visits", "open").await.is_empty(),
        "a trial changes nothing"
    );

    let request = world.hq(pb::PutStandardRequest { text: narrower });
    world.quality().put_standard(request).await.unwrap();
    let open = world
        .wait_for(async || {
            let open = findings(&world, "visits", "open").await;
            (open.len() == 3).then_some(open)
        })
        .await;
    for finding in open {
        assert_eq!(
            (finding.field.as_str(), finding.rule.as_str()),
            ("odometer_km", "number_out_of_range")
        );
        let text = finding.text.unwrap();
        assert!(text.zh.contains("300000") && text.en.contains("300000"));
    }
    assert_eq!(world.recount().await.differing, 0);
}
