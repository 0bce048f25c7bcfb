//! How fast: a measurement, not a test. Run it alone:
//! `cargo test --profile release-fast -p marque-data-quality --test it -- --ignored --nocapture` (RECORDS=1000000 for all of it).

#![expect(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::time::{Duration, Instant};

use marque_api::quality::v1 as pb;
use marque_testkit::{TestDb, block_on};

use crate::world::{Owner, World, record, records};

const DEALERS: u32 = 500;
const READS: u32 = 50;

#[test]
#[ignore = "a measurement"]
fn scorecards_of_a_large_network_on_sqlite() {
    block_on(async {
        #[expect(clippy::disallowed_methods, reason = "a switch of the measurement")]
        let wanted = std::env::var("RECORDS");
        let count: u32 = wanted.map_or(100_000, |text| text.parse().unwrap());
        let owner = Owner::of((0..count).map(|n| record(n, DEALERS, 1)));
        let begun = Instant::now();
        let world = World::start(TestDb::sqlite(), owner, DEALERS).await;
        loop {
            if records(&world.cards("dealer", "").await) == i64::from(count) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let rate = f64::from(count) / begun.elapsed().as_secs_f64();
        println!(
            "{count} records of {DEALERS} dealers and 10,000 clerks counted: {rate:.0} a second"
        );
        for level in ["dealer", "region", "department", "clerk"] {
            time(
                &format!("ListScorecards, level {level}, 50 a page"),
                async |_| {
                    let request = world.hq(pb::ListScorecardsRequest {
                        level: level.into(),
                        ..pb::ListScorecardsRequest::default()
                    });
                    world.quality().list_scorecards(request).await.unwrap();
                },
            )
            .await;
        }
        time(
            "GetScorecard with trend, rank, rules and 100 records",
            async |n| {
                let request = world.hq(pb::GetScorecardRequest {
                    dealer: format!("D{:03}", n % DEALERS),
                    ..pb::GetScorecardRequest::default()
                });
                world.quality().get_scorecard(request).await.unwrap();
            },
        )
        .await;
        for staff in ["clerk", "department"] {
            time(
                &format!("GetScorecard of a {staff} with trend, rank, rules and 100 records"),
                async |n| {
                    let mut ask = pb::GetScorecardRequest {
                        dealer: format!("D{:03}", n % DEALERS),
                        ..pb::GetScorecardRequest::default()
                    };
                    match staff {
                        "clerk" => ask.clerk = format!("S{}", n % 20),
                        _ => ask.department = "service".into(),
                    }
                    let card = world.quality().get_scorecard(world.hq(ask)).await;
                    card.unwrap();
                },
            )
            .await;
        }
        time(
            "GetRegionScorecard of a tenth of the network with trend, rank, rules and 100 records",
            async |n| {
                let request = world.hq(pb::GetRegionScorecardRequest {
                    region: format!("r{}", n % 10),
                    ..pb::GetRegionScorecardRequest::default()
                });
                let card = world.quality().get_region_scorecard(request).await;
                card.unwrap();
            },
        )
        .await;
        live(&world, count).await;
        let begun = Instant::now();
        let recounted = world.recount().await;
        println!(
            "recount of {} records: {} of {} counters differ, {:.1} s",
            recounted.records,
            recounted.differing,
            recounted.counters,
            begun.elapsed().as_secs_f64()
        );
    });
}

/// From the event of a live write until the scorecard shows it.
async fn live(world: &World, count: u32) {
    let mut worst = Duration::ZERO;
    for n in 0..20 {
        let dealer = format!("D{:03}", (count + n) % DEALERS);
        let before = of(world, &dealer).await;
        let begun = Instant::now();
        world.change(&[record(count + n, DEALERS, 1)]);
        while of(world, &dealer).await == before {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        worst = worst.max(begun.elapsed());
    }
    println!("a live write is on the scorecard after at most {worst:?} (20 writes)");
}

async fn of(world: &World, dealer: &str) -> i64 {
    let request = world.hq(pb::ListScorecardsRequest {
        dealer: dealer.into(),
        ..pb::ListScorecardsRequest::default()
    });
    let cards = world.quality().list_scorecards(request).await.unwrap();
    records(&cards.into_inner().scorecards)
}

async fn time(what: &str, mut read: impl AsyncFnMut(u32)) {
    let mut taken = Vec::new();
    for n in 0..READS {
        let begun = Instant::now();
        read(n).await;
        taken.push(begun.elapsed());
    }
    taken.sort_unstable();
    let (median, p95) = (taken[taken.len() / 2], taken[taken.len() * 95 / 100]);
    println!("{what}: median {median:?}, p95 {p95:?}");
}
