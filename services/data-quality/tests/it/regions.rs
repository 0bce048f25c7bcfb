//! The cards of regions, with what explains them.

use std::collections::BTreeMap;

use marque_api::quality::v1 as pb;
use marque_auth::Role;
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Request};

use crate::world::{Owner, World, record, records};

store_test_suite!(
    a_regions_card_says_what_the_lists_and_its_dealers_cards_say,
    a_regions_card_is_for_who_sees_the_whole_region,
    a_region_in_the_list_is_the_whole_region_whoever_asks,
);

const RECORDS: u32 = 360;
/// Two of them in each of the regions r0 and r1, one in each of the others.
const DEALERS: u32 = 12;

async fn counted(db: TestDb) -> World {
    let world = World::start(db, Owner::default(), DEALERS).await;
    let all: Vec<_> = (0..RECORDS).map(|n| record(n, DEALERS, 1)).collect();
    world.change(&all);
    world
        .until(|cards| records(cards) == i64::from(RECORDS))
        .await;
    world
}

fn of_region(region: &str) -> pb::GetRegionScorecardRequest {
    pb::GetRegionScorecardRequest {
        region: region.into(),
        ..pb::GetRegionScorecardRequest::default()
    }
}

async fn dealers_card(world: &World, dealer: &str) -> pb::GetScorecardResponse {
    let ask = world.hq(pb::GetScorecardRequest {
        dealer: dealer.into(),
        ..pb::GetScorecardRequest::default()
    });
    let card = world.quality().get_scorecard(ask).await;
    card.unwrap().into_inner()
}

fn total(card: &pb::Scorecard) -> f64 {
    card.means.as_ref().unwrap().total
}

/// Open findings by column and rule.
fn open(rules: &[pb::RuleCount]) -> BTreeMap<(String, String), i64> {
    let counts = rules.iter();
    counts
        .map(|count| ((count.field.clone(), count.rule.clone()), count.open))
        .collect()
}

async fn a_regions_card_says_what_the_lists_and_its_dealers_cards_say(db: TestDb) {
    let world = counted(db).await;
    let regions = world.cards("region", "").await;
    assert_eq!(regions.len(), 10);
    for own in &regions {
        let ask = world.hq(of_region(&own.region));
        let detail = world.quality().get_region_scorecard(ask).await;
        let detail = detail.unwrap().into_inner();
        assert_eq!(detail.scorecard.as_ref(), Some(own));
        let better = regions.iter().filter(|other| total(other) > total(own));
        assert_eq!((detail.rank, detail.of), (1 + better.count() as i32, 10));
        let network = detail.network.as_ref().unwrap();
        assert_eq!(network.level, "network");
        let of_network = records(std::slice::from_ref(network));
        assert_eq!(of_network, i64::from(RECORDS));
        is_trend_of_lists(&world, own, &detail).await;
        is_of_its_dealers(&world, own, &detail).await;
    }
}

/// Each of the last months is the card that the list of the month has, and the last move is told by dimensions.
async fn is_trend_of_lists(
    world: &World,
    own: &pb::Scorecard,
    detail: &pb::GetRegionScorecardResponse,
) {
    assert_eq!(records(&detail.trend), records(std::slice::from_ref(own)));
    for month in &detail.trend {
        let cards = world.cards("region", &month.period).await;
        assert!(cards.contains(month), "{month:?}");
    }
    let [.., before, after] = detail.trend.as_slice() else {
        panic!("two months at least: {:?}", detail.trend);
    };
    assert!(before.period < after.period);
    let score = |card: &pb::Scorecard, dimension: &str| {
        let mut scores = card.dimensions.iter();
        let found = scores.find(|score| score.dimension == dimension);
        found.unwrap().score.to_bits()
    };
    for moved in &detail.moves {
        let (one, other) = (
            score(before, &moved.dimension),
            score(after, &moved.dimension),
        );
        assert_eq!(
            (moved.before.to_bits(), moved.after.to_bits()),
            (one, other)
        );
    }
}

/// Open findings are those of the region's dealers together, and the worst records the worst of theirs.
async fn is_of_its_dealers(
    world: &World,
    own: &pb::Scorecard,
    detail: &pb::GetRegionScorecardResponse,
) {
    let mut dealers = world.cards("dealer", "").await;
    dealers.retain(|card| card.region == own.region);
    let (mut found, mut worst) = (BTreeMap::new(), Vec::new());
    for dealer in &dealers {
        let card = dealers_card(world, &dealer.dealer).await;
        for (rule, count) in open(&card.rules) {
            *found.entry(rule).or_insert(0) += count;
        }
        let is_his = |one: &pb::WorstRecord| one.dealer == dealer.dealer;
        assert!(card.worst.iter().all(is_his));
        worst.extend(card.worst);
    }
    assert_eq!(open(&detail.rules), found);
    let place = |one: &pb::WorstRecord| (one.total.to_bits(), one.dealer.clone(), one.id.clone());
    let mut expected: Vec<_> = worst.iter().map(place).collect();
    let mut shown: Vec<_> = detail.worst.iter().map(place).collect();
    assert!(detail.worst.is_sorted_by_key(|one| one.total.to_bits()));
    expected.sort();
    shown.sort();
    // No dealer here has so many that the hundred would cut some off.
    assert!(shown.len() < 100);
    assert_eq!(shown, expected);
}

async fn a_regions_card_is_for_who_sees_the_whole_region(db: TestDb) {
    let world = counted(db).await;
    let answer = async |ask: Request<pb::GetRegionScorecardRequest>| {
        let card = world.quality().get_region_scorecard(ask).await;
        card.map(|card| card.into_inner().of)
            .map_err(|status| status.code())
    };
    let own = world.of_region(Role::Manager, "r1", of_region("r1"));
    assert_eq!(answer(own).await, Ok(10));
    let unseen = [
        world.of_region(Role::Manager, "r1", of_region("r2")),
        world.of_dealer(Role::Manager, "D001", of_region("r1")),
        world.hq(of_region("r99")),
        world.hq(of_region("")),
    ];
    for ask in unseen {
        assert_eq!(answer(ask).await, Err(Code::NotFound));
    }
    let no_month = pb::GetRegionScorecardRequest {
        period: "2026".into(),
        ..of_region("r1")
    };
    let refused = answer(world.hq(no_month)).await;
    assert_eq!(refused, Err(Code::InvalidArgument));
    // A month in which nothing was entered has a card without records and without a rank.
    let long_ago = pb::GetRegionScorecardRequest {
        period: "2001-01".into(),
        ..of_region("r1")
    };
    let empty = world
        .quality()
        .get_region_scorecard(world.hq(long_ago))
        .await;
    let empty = empty.unwrap().into_inner();
    assert_eq!((empty.rank, empty.of, empty.worst.len()), (0, 0, 0));
    assert_eq!(empty.scorecard.unwrap().region, "r1");
}

async fn a_region_in_the_list_is_the_whole_region_whoever_asks(db: TestDb) {
    let world = counted(db).await;
    let all = world.cards("region", "").await;
    let of_own: Vec<_> = all.iter().filter(|card| card.region == "r1").collect();
    let ask = || pb::ListScorecardsRequest {
        level: "region".into(),
        ..pb::ListScorecardsRequest::default()
    };
    for asked in [
        world.of_dealer(Role::Manager, "D011", ask()),
        world.of_region(Role::Manager, "r1", ask()),
    ] {
        let listed = world.quality().list_scorecards(asked).await.unwrap();
        let listed = listed.into_inner().scorecards;
        assert_eq!(listed.iter().collect::<Vec<_>>(), of_own);
    }
}
