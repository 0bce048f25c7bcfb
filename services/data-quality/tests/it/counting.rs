//! Counting on and counting anew, events that come again, versions that come late.

use std::time::Duration;

use marque_api::{evidence::v1::EvidenceFinding, quality::v1 as pb};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{Owner, World, record, records};

store_test_suite!(
    counted_on_and_counted_anew_are_equal_to_the_last_digit,
    an_event_that_comes_again_changes_nothing,
    an_older_version_changes_nothing,
    what_is_told_while_an_import_is_looked_at_stays,
    records_that_were_there_before_are_asked_for_once,
    who_works_elsewhere_takes_his_cards_along,
    more_records_than_are_written_at_once_are_all_counted,
    whoever_starts_orders_the_clerks_whose_records_a_release_before_counted,
    pages_of_clerks_and_departments_hold_what_is_counted_of_their_dealers,
);

async fn findings(world: &World, state: &str) -> Vec<pb::Finding> {
    let request = world.hq(pb::ListFindingsRequest {
        state: state.into(),
        page_size: 1000,
        ..pb::ListFindingsRequest::default()
    });
    let found = world.quality().list_findings(request).await.unwrap();
    found.into_inner().findings
}

async fn counted_on_and_counted_anew_are_equal_to_the_last_digit(db: TestDb) {
    let world = World::start(db, Owner::default(), 3).await;
    let first: Vec<_> = (0..300).map(|n| record(n, 3, 1)).collect();
    for chunk in first.chunks(70) {
        world.change(chunk);
    }
    world.until(|cards| records(cards) == 300).await;
    // A third of them come again: other columns, other months, another clerk.
    let again: Vec<_> = (0..300)
        .step_by(3)
        .map(|n| {
            let mut again = record(n, 3, 2);
            again.clerk = "S3".into();
            again
        })
        .collect();
    world.change(&again);
    let stayed = first.iter().enumerate();
    let stayed = stayed.filter(|(n, record)| n % 3 > 0 && record.clerk == "S3");
    let of_three = (again.len() + stayed.count()) as i64;
    let moved = |clerks: &[pb::Scorecard]| {
        let cards = clerks.iter().filter(|card| card.clerk == "S3");
        let records = cards.map(|card| card.means.as_ref().unwrap().records);
        records.sum::<i64>() == of_three
    };
    for _ in 0..1000 {
        if moved(&world.cards("clerk", "").await) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let by_clerk = world.cards("clerk", "").await;
    assert!(moved(&by_clerk));
    for level in ["dealer", "department", "clerk", "region"] {
        assert_eq!(records(&world.cards(level, "").await), 300, "{level}");
    }
    let departments = world.cards("department", "").await;
    assert!(departments.iter().any(|card| card.department == "service"));
    let recounted = world.recount().await;
    assert_eq!((recounted.records, recounted.differing), (300, 0));
    assert_eq!(world.cards("clerk", "").await, by_clerk);
}

async fn an_event_that_comes_again_changes_nothing(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let sent: Vec<_> = (0..50).map(|n| record(n, 2, 1)).collect();
    let event = world.change(&sent);
    world.until(|cards| records(cards) == 50).await;
    let (cards, open) = (
        world.cards("dealer", "").await,
        findings(&world, "open").await,
    );
    assert!(!open.is_empty());
    // Once as it was, once as another event of the same records.
    world.customers.put([event]);
    world.change(&sent);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(world.cards("dealer", "").await, cards);
    assert_eq!(findings(&world, "open").await, open);
    assert!(findings(&world, "mended").await.is_empty());
}

async fn an_older_version_changes_nothing(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let newer: Vec<_> = (0..20).map(|n| record(n, 2, 2)).collect();
    world.change(&newer);
    world.until(|cards| records(cards) == 20).await;
    let cards = world.cards("dealer", "").await;
    let older: Vec<_> = (0..20).map(|n| record(n, 2, 1)).collect();
    world.change(&older);
    world.change(&[record(20, 2, 1)]);
    world.until(|cards| records(cards) == 21).await;
    world.change(&[record(20, 2, 3)]);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let now = world.cards("dealer", "").await;
    // Of D001, who has none of the new record, nothing has moved.
    let of = |cards: &[pb::Scorecard]| cards.iter().find(|card| card.dealer == "D001").cloned();
    assert_eq!(of(&now), of(&cards));
}

async fn what_is_told_while_an_import_is_looked_at_stays(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let held = world.owner.2.lock().await;
    let mut all: Vec<_> = (0..60).map(|n| record(n, 2, 1)).collect();
    all[0].findings.clear();
    world.change(&all);
    // By then they are asked for, and their owner has said what they are.
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.clock.advance(Duration::from_secs(1));
    // Of one version it is known now what another record brought to light.
    all[0].findings = vec![EvidenceFinding {
        field: "phone".into(),
        rule: "phone_placeholder".into(),
        severity: 3,
        ..EvidenceFinding::default()
    }];
    world.change(&all[..1]);
    world.until(|cards| records(cards) == 1).await;
    let found = findings(&world, "open").await;
    assert!(!found.is_empty());
    drop(held);
    world.until(|cards| records(cards) == 60).await;
    let open = findings(&world, "open").await;
    let stands = |one: &pb::Finding| open.iter().any(|other| other.id == one.id);
    assert!(found.iter().all(stands));
    assert!(findings(&world, "mended").await.is_empty());
    assert_eq!(world.recount().await.differing, 0);
}

async fn records_that_were_there_before_are_asked_for_once(db: TestDb) {
    let owner = Owner::of((0..120).map(|n| record(n, 4, 1)));
    let world = World::start(db, owner, 4).await;
    world.until(|cards| records(cards) == 120).await;
    assert_eq!(world.recount().await.differing, 0);
}

async fn more_records_than_are_written_at_once_are_all_counted(db: TestDb) {
    let world = World::start(db, Owner::default(), 7).await;
    let all: Vec<_> = (0..1300).map(|n| record(n, 7, 1)).collect();
    world.change(&all);
    world.change(&[record(1300, 7, 1)]);
    world.until(|cards| records(cards) == 1301).await;
    // In pages of seven, every clerk once.
    let wanted = pb::ListScorecardsRequest {
        level: "clerk".into(),
        page_size: 7,
        ..pb::ListScorecardsRequest::default()
    };
    let seen = all_pages(&world, wanted).await;
    let total = |card: &pb::Scorecard| card.means.as_ref().unwrap().total;
    assert!(seen.is_sorted_by(|one, other| total(one) <= total(other)));
    assert!(seen.iter().all(|card| !card.department.is_empty()));
    assert_eq!((records(&seen), seen.len()), (1301, 140));
    let clerk = |card: &pb::Scorecard| (card.dealer.clone(), card.clerk.clone());
    let clerks: std::collections::BTreeSet<_> = seen.iter().map(clerk).collect();
    assert_eq!(clerks.len(), 140);
    assert_eq!(world.recount().await.differing, 0);
}

async fn who_works_elsewhere_takes_his_cards_along(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    world.change(&(0..120).map(|n| record(n, 2, 1)).collect::<Vec<_>>());
    world.until(|cards| records(cards) == 120).await;
    let of_department = async |department: &str| {
        let cards = world.cards("department", "").await;
        let of_it = cards.iter().filter(|card| card.department == department);
        of_it
            .map(|card| card.means.as_ref().unwrap().records)
            .sum::<i64>()
    };
    assert_eq!(of_department("sales").await, 60);
    // S2 is found to work elsewhere; his records go with the next of them that comes.
    world.network.move_to("S2", "used cars");
    world.clock.advance(std::time::Duration::from_secs(61));
    world.change(&[record(124, 2, 1), record(125, 2, 1)]);
    world.until(|cards| records(cards) == 122).await;
    world
        .wait_for(async || (of_department("used cars").await == 8).then_some(()))
        .await;
    assert_eq!(of_department("sales").await, 54);
    let found = findings(&world, "open").await;
    let mut of_him = found
        .iter()
        .filter(|finding| finding.clerk == "S2")
        .peekable();
    assert!(of_him.peek().is_some());
    assert!(of_him.all(|finding| finding.department == "used cars"));
    assert_eq!(world.recount().await.differing, 0);
}

async fn whoever_starts_orders_the_clerks_whose_records_a_release_before_counted(db: TestDb) {
    let world = World::start(db, Owner::default(), 3).await;
    world.change(&(0..60).map(|n| record(n, 3, 1)).collect::<Vec<_>>());
    world.until(|cards| records(cards) == 60).await;
    let by_clerk = world.cards("clerk", "").await;
    assert_eq!(records(&by_clerk), 60);
    // That release writes the sums of clerks alone.
    let sql = "DELETE FROM clerk_means WHERE dealer <> 'D001'";
    let forgotten = world.db.write(move |conn| conn.execute(sql, &[]));
    forgotten.await.unwrap();
    world.start_again("data-quality.score");
    let is_mended = async || (world.cards("clerk", "").await == by_clerk).then_some(());
    world.wait_for(is_mended).await;
    assert_eq!(world.recount().await.differing, 0);
}

async fn pages_of_clerks_and_departments_hold_what_is_counted_of_their_dealers(db: TestDb) {
    let world = World::start(db, Owner::default(), 12).await;
    let mut all: Vec<_> = (0..480).map(|n| record(n, 12, 1)).collect();
    world.change(&all);
    world.until(|cards| records(cards) == 480).await;
    // Two clerks' records become better, and one clerk has none any more.
    for record in all.iter_mut().filter(|record| record.clerk == "S1") {
        record.version = 2;
        record.findings.clear();
        record.clerk = "S3".into();
    }
    world.change(&all);
    world
        .wait_for(async || {
            let clerks = world.cards("clerk", "").await;
            clerks.iter().all(|card| card.clerk != "S1").then_some(())
        })
        .await;
    for (period, purpose, region) in [
        ("", "", ""),
        ("2026-03", "", ""),
        ("", "service", "r1"),
        ("2026-02", "sale", ""),
    ] {
        let list = async |level: &str, page_size| {
            let wanted = pb::ListScorecardsRequest {
                level: level.into(),
                period: period.into(),
                purpose: purpose.into(),
                region: region.into(),
                page_size,
                ..pb::ListScorecardsRequest::default()
            };
            all_pages(&world, wanted).await
        };
        let dealers = list("dealer", 1000).await;
        assert!(!dealers.is_empty());
        for level in ["clerk", "department"] {
            let cards = list(level, 1000).await;
            assert_eq!(list(level, 3).await, cards, "{level} {period} {purpose}");
            let mean = |card: &pb::Scorecard| card.means.as_ref().unwrap().total;
            assert!(cards.is_sorted_by(|one, other| mean(one) <= mean(other)));
            for dealer in &dealers {
                let of_dealer = cards.iter().filter(|card| card.dealer == dealer.dealer);
                let of_dealer: Vec<_> = of_dealer.cloned().collect();
                let own = dealer.means.as_ref().unwrap().records;
                assert_eq!(records(&of_dealer), own, "{level} {}", dealer.dealer);
            }
            assert_eq!(records(&cards), records(&dealers));
        }
    }
    assert_eq!(world.recount().await.differing, 0);
}

/// All cards, page by page.
async fn all_pages(world: &World, mut wanted: pb::ListScorecardsRequest) -> Vec<pb::Scorecard> {
    let mut cards = Vec::new();
    loop {
        let page = world
            .quality()
            .list_scorecards(world.hq(wanted.clone()))
            .await;
        let page = page.unwrap().into_inner();
        cards.extend(page.scorecards);
        wanted.page_token = page.next_page_token;
        if wanted.page_token.is_empty() {
            return cards;
        }
    }
}
