//! The cards of clerks and departments, with what explains them.

use std::collections::BTreeMap;

use marque_api::quality::v1 as pb;
use marque_auth::Role;
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{Owner, World, record, records};

store_test_suite!(
    a_clerks_and_a_departments_card_say_what_the_lists_and_the_dealers_card_say,
    a_card_of_nobody_is_not_found_and_another_dealers_is_not_shown,
    who_is_put_into_another_department_stands_there_though_none_of_his_records_changes,
);

const RECORDS: u32 = 400;

async fn counted(db: TestDb) -> World {
    let world = World::start(db, Owner::default(), 2).await;
    let all: Vec<_> = (0..RECORDS).map(|n| record(n, 2, 1)).collect();
    world.change(&all);
    world
        .until(|cards| records(cards) == i64::from(RECORDS))
        .await;
    world
}

fn of_clerk(clerk: &str) -> pb::GetScorecardRequest {
    pb::GetScorecardRequest {
        dealer: "D000".into(),
        clerk: clerk.into(),
        ..pb::GetScorecardRequest::default()
    }
}

fn of_department(department: &str) -> pb::GetScorecardRequest {
    pb::GetScorecardRequest {
        department: department.into(),
        ..of_clerk("")
    }
}

async fn card(world: &World, ask: pb::GetScorecardRequest) -> pb::GetScorecardResponse {
    let card = world.quality().get_scorecard(world.hq(ask)).await;
    card.unwrap().into_inner()
}

/// Cards of a level that are D000's.
async fn listed(world: &World, level: &str, period: &str) -> Vec<pb::Scorecard> {
    let mut cards = world.cards(level, period).await;
    cards.retain(|card| card.dealer == "D000");
    cards
}

fn total(card: &pb::Scorecard) -> f64 {
    card.means.as_ref().unwrap().total
}

/// The months of a trend and their means.
fn means(cards: &[pb::Scorecard]) -> Vec<(&str, Option<&pb::Means>)> {
    let months = cards.iter();
    months
        .map(|card| (card.period.as_str(), card.means.as_ref()))
        .collect()
}

/// Open findings by rule.
fn open(card: &pb::GetScorecardResponse) -> BTreeMap<String, i64> {
    let counts = card.rules.iter();
    counts
        .map(|count| (count.rule.clone(), count.open))
        .collect()
}

async fn a_clerks_and_a_departments_card_say_what_the_lists_and_the_dealers_card_say(db: TestDb) {
    let world = counted(db).await;
    let dealer = card(&world, of_clerk("")).await;
    let months: Vec<String> = dealer
        .trend
        .iter()
        .map(|card| card.period.clone())
        .collect();
    assert!(months.len() > 3 && !dealer.rules.is_empty(), "{months:?}");
    // D000 is alone in his region, whose months are his.
    assert_eq!(means(&dealer.region_trend), means(&dealer.trend));
    assert!(
        dealer
            .region_trend
            .iter()
            .all(|card| card.level == "region" && card.dealer.is_empty())
    );
    for level in ["clerk", "department"] {
        let all = listed(&world, level, "").await;
        let mut found: BTreeMap<String, i64> = BTreeMap::new();
        for own in &all {
            let ask = match level {
                "clerk" => of_clerk(&own.clerk),
                _ => of_department(&own.department),
            };
            let detail = card(&world, ask).await;
            assert_eq!(detail.scorecard.as_ref(), Some(own));
            assert_eq!(
                (&detail.dealer, &detail.region),
                (&dealer.dealer, &dealer.region)
            );
            let better = all.iter().filter(|other| total(other) > total(own)).count();
            assert_eq!(
                (detail.rank, detail.of),
                (1 + better as i32, all.len() as i32)
            );
            assert_eq!(records(&detail.trend), records(std::slice::from_ref(own)));
            is_trend_of_lists(&world, own, &detail).await;
            let is_own = |one: &pb::WorstRecord| {
                one.department == own.department && (own.clerk.is_empty() || one.clerk == own.clerk)
            };
            assert!(!detail.worst.is_empty() && detail.worst.iter().all(is_own));
            for (rule, count) in open(&detail) {
                *found.entry(rule).or_default() += count;
            }
        }
        assert_eq!(found, open(&dealer), "{level}");
    }
    assert_eq!(world.recount().await.differing, 0);
}

/// Each month of a trend is the card that the list of the month has, and the last move is told by dimensions.
async fn is_trend_of_lists(world: &World, own: &pb::Scorecard, detail: &pb::GetScorecardResponse) {
    for month in &detail.trend {
        let cards = listed(world, &own.level, &month.period).await;
        assert!(cards.contains(month), "{month:?}");
    }
    let [.., before, after] = detail.trend.as_slice() else {
        panic!("two months at least: {:?}", detail.trend);
    };
    let score = |card: &pb::Scorecard, dimension: &str| {
        let mut scores = card.dimensions.iter();
        scores
            .find(|score| score.dimension == dimension)
            .unwrap()
            .score
    };
    for moved in &detail.moves {
        let dimension = moved.dimension.as_str();
        assert_eq!(moved.before.to_bits(), score(before, dimension).to_bits());
        assert_eq!(moved.after.to_bits(), score(after, dimension).to_bits());
    }
}

async fn a_card_of_nobody_is_not_found_and_another_dealers_is_not_shown(db: TestDb) {
    let world = counted(db).await;
    let refused = async |ask: pb::GetScorecardRequest| {
        let card = world.quality().get_scorecard(world.hq(ask)).await;
        card.unwrap_err().code()
    };
    assert_eq!(refused(of_clerk("S404")).await, Code::NotFound);
    assert_eq!(refused(of_department("catering")).await, Code::NotFound);
    let both = pb::GetScorecardRequest {
        clerk: "S0".into(),
        ..of_department("sales")
    };
    assert_eq!(refused(both).await, Code::InvalidArgument);
    let foreign = world.of_dealer(Role::Manager, "D001", of_clerk("S0"));
    let shown = world.quality().get_scorecard(foreign).await;
    assert_eq!(shown.unwrap_err().code(), Code::NotFound);
    // A month in which he entered nothing has a card without records and without a rank.
    let long_ago = pb::GetScorecardRequest {
        period: "2001-01".into(),
        ..of_clerk("S0")
    };
    let empty = card(&world, long_ago).await;
    assert_eq!((empty.rank, empty.of), (0, 0));
    assert_eq!(empty.scorecard.unwrap().clerk, "S0");
}

async fn who_is_put_into_another_department_stands_there_though_none_of_his_records_changes(
    db: TestDb,
) {
    let world = counted(db).await;
    world.network.move_to("S0", "used cars");
    world.put_phone("D000", "S0", "");
    let stands = async || {
        let departments = listed(&world, "department", "").await;
        let mut names = departments.iter().map(|card| card.department.as_str());
        names.any(|name| name == "used cars").then_some(())
    };
    world.wait_for(stands).await;
    assert_eq!(world.recount().await.differing, 0);
}
