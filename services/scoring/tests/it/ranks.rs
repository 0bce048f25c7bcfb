//! Ranks after many events: equal to a full sort, in every process.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use marque_api::{
    scoring::v1::{GetScoreRequest, ListScoresRequest, Score},
    service_history::v1::RecordedVisit,
};
use marque_core::CustomerId;
use marque_insight::rank::{Hysteresis, Tier};
use marque_testkit::{TestDb, store_test_suite};
use uuid::Uuid;

use crate::world::{
    World, consented, customer, link, linked, merged, of_brand, owns, record_of, visit, visited,
};

store_test_suite!(
    ranks_after_many_random_events_equal_a_full_sort,
    ranks_within_a_brand_are_a_full_sort_of_who_drives_it,
    who_falls_while_pages_are_read_takes_nobody_with_him,
);

/// A small generator (xorshift), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

const PEOPLE: u64 = 150;

async fn ranks_after_many_random_events_equal_a_full_sort(db: TestDb) {
    let world = World::start(db).await;
    let mut dice = Dice(0x5eed_1234_abcd_0001);
    let mut gone = BTreeSet::new();
    let mut owner: BTreeMap<u64, u64> = (1..=PEOPLE).map(|n| (n, n)).collect();
    let links = (1..=PEOPLE).map(|n| link("D1", &format!("K{n}"), customer(u128::from(n))));
    world.customers.deliver([linked(1, links.collect())]).await;
    let mut other = world.second_process();
    for round in 2..32_i64 {
        let mut visits = Vec::new();
        for n in 0..40 {
            let key = 1 + dice.roll(PEOPLE);
            let date = format!("2026-{:02}-{:02}", 1 + dice.roll(5), 1 + dice.roll(28));
            let order = u128::from(round.unsigned_abs() * 1_000 + n);
            let mut one = visit("D1", order, &format!("K{key}"), &date);
            one.amount_minor = 100 * (1 + dice.roll(90_000)).cast_signed();
            visits.push(one);
        }
        world.visits.deliver([visited(round, visits)]).await;
        // Records are never linked to a customer who was merged away.
        let (record, target) = loop {
            let (record, target) = (1 + dice.roll(PEOPLE), 1 + dice.roll(PEOPLE));
            if !gone.contains(&target) {
                break (record, target);
            }
        };
        let from = owner.insert(record, target).unwrap();
        let of = |n: u64| customer(u128::from(n));
        let mut events = vec![linked(
            round * 10,
            vec![link("D1", &format!("K{record}"), of(target))],
        )];
        if !owner.values().any(|holder| *holder == from) && from != target {
            gone.insert(from);
            events.push(merged(round * 10 + 1, of(from), of(target), false));
        }
        let refuser = 1 + dice.roll(PEOPLE);
        events.push(consented(round * 10 + 2, of(refuser), dice.roll(2) == 0));
        world.customers.deliver(events).await;
        if round % 10 == 1 {
            check(&world, &mut other).await;
        }
    }
}

async fn ranks_within_a_brand_are_a_full_sort_of_who_drives_it(db: TestDb) {
    let world = World::start(db).await;
    // One name is the beginning of another, and one the same in other letters.
    let brands = ["Nova", "Nova Pro", "NOVA"];
    let mut drives: BTreeMap<u128, &str> = (1..=60).map(|n| (n, brands[n as usize % 3])).collect();
    let vin = |n: u128| format!("LMVCA1A60R1{n:06}");
    let links = (1..=60).map(|n| link("D1", &format!("K{n}"), customer(n)));
    // Another dealer knows every fifth of them.
    let shared = (5..=60).step_by(5);
    let links = links.chain(shared.map(|n| link("D2", &format!("K{n}"), customer(n))));
    world.customers.deliver([linked(1, links.collect())]).await;
    let mut cars = Vec::new();
    for (at, (n, brand)) in (1..).zip(&drives) {
        let owner = record_of("D1", &format!("K{n}"));
        cars.push(of_brand(2 * at, &vin(*n), brand));
        cars.push(owns(2 * at + 1, &vin(*n), owner, "2025-01-01"));
    }
    world.vehicles.deliver(cars).await;
    let visits = (1..=60).map(|n| RecordedVisit {
        amount_minor: 10_000 * (n * 37 % 61) as i64,
        ..visit("D1", n, &format!("K{n}"), "2026-03-02")
    });
    world.visits.deliver([visited(1, visits.collect())]).await;
    for moved in [false, true] {
        if moved {
            // His car turns out to be of another brand: he leaves one ranking for the other at once.
            drives.insert(3, "Nova Pro");
            let other = of_brand(500, &vin(3), "Nova Pro");
            world.vehicles.deliver([other]).await;
        }
        for brand in brands {
            let mut expected = full_sort(&world).await;
            expected.retain(|id| drives[&id.as_u128()] == brand);
            let size = expected.len() as u64;
            let expected: Vec<_> = (1..)
                .zip(expected)
                .map(|(rank, id)| {
                    let tier = Tier::of(rank, size).key().to_owned();
                    let place = (brand.to_owned(), rank as i64, size as i64, tier);
                    (CustomerId::from(id).to_string(), place)
                })
                .collect();
            let placed = |mut score: Score| {
                let place = score.brands.remove(0);
                let place = (place.brand, place.rank, place.size, place.tier);
                (score.customer_id, place)
            };
            let listed = list_all(&world, None, brand).await;
            let listed: Vec<_> = listed.into_iter().map(placed).collect();
            assert_eq!(listed, expected, "{brand}, after the move: {moved}");
            let seen = list_all(&world, Some("D2"), brand).await;
            let seen: Vec<_> = seen.into_iter().map(placed).collect();
            let shared: BTreeSet<String> = (5..=60)
                .step_by(5)
                .map(|n| customer(n).to_string())
                .collect();
            let mut known = expected;
            known.retain(|(customer, _)| shared.contains(customer));
            assert_eq!(seen, known, "{brand}, as another dealer sees it");
        }
    }
    let mut known = full_sort(&world).await;
    known.retain(|id| id.as_u128() % 5 == 0);
    let seen: Vec<Uuid> = list_all(&world, Some("D2"), "")
        .await
        .into_iter()
        .map(|score| score.customer_id.parse::<CustomerId>().unwrap().uuid())
        .collect();
    assert_eq!(seen, known, "of all brands, as another dealer sees them");
    for (dealer, brand, count) in [("D1", "NOVA", 20), ("D3", "NOVA", 0), ("D1", "nova", 0)] {
        let request = ListScoresRequest {
            brand: brand.into(),
            ..ListScoresRequest::default()
        };
        let list = world.manager(dealer, request);
        let list = world.scoring().list_scores(list).await.unwrap();
        assert_eq!(list.into_inner().scores.len(), count, "{dealer}, {brand}");
    }
}

async fn who_falls_while_pages_are_read_takes_nobody_with_him(db: TestDb) {
    let quiet = ["scoring.learn", "scoring.time-passes"];
    let world = World::start_without(db, Hysteresis::OFF, &quiet).await;
    let links = (1..=12).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    let vin = |n: u128| format!("LMVCA1A60R1{n:06}");
    let mut cars = Vec::new();
    for (at, n) in (1..).zip(1..=12) {
        let owner = record_of("D1", &format!("K{n}"));
        cars.push(of_brand(2 * at, &vin(n), "Nova"));
        cars.push(owns(2 * at + 1, &vin(n), owner, "2025-01-01"));
    }
    world.vehicles.deliver(cars).await;
    let visits = (1..=12).map(|n| RecordedVisit {
        amount_minor: 10_000 * n as i64,
        ..visit("D1", n, &format!("K{n}"), "2026-03-02")
    });
    world.visits.deliver([visited(1, visits.collect())]).await;
    let ranked = full_sort(&world).await;
    assert_eq!(world.pyramid("person").await.size, 12);
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    for fallen in [ranked[4], ranked[9]] {
        // Another process has written what the ranks of this one do not know yet.
        let other = world.db.handle();
        let written = other.write(move |conn| {
            let sql = "UPDATE scores SET sum = 0 WHERE customer_id = ?1";
            conn.execute(sql, &[fallen.into()])
        });
        assert_eq!(written.await.unwrap(), 1);
        let request = ListScoresRequest {
            brand: "Nova".into(),
            page_size: 5,
            page_token,
            ..ListScoresRequest::default()
        };
        let page = world.scoring().list_scores(world.hq(request)).await;
        let page = page.unwrap().into_inner();
        listed.extend(page.scores.into_iter().map(|score| score.customer_id));
        page_token = page.next_page_token;
    }
    let expected = ranked[..10].iter().map(|id| CustomerId::from(*id));
    let expected: Vec<String> = expected.map(|id| id.to_string()).collect();
    assert_eq!(listed, expected);
}

/// Who is scored, by the stored sums.
async fn full_sort(world: &World) -> Vec<Uuid> {
    let sql = "SELECT customer_id, sum FROM scores WHERE state = 'scored'";
    let read = world.db.read(move |conn| {
        conn.query(sql, &[], |row| {
            Ok((Reverse(row.get::<i64>(1)?), row.get::<Uuid>(0)?))
        })
    });
    let mut sorted: Vec<(Reverse<i64>, Uuid)> = read.await.unwrap();
    sorted.sort_unstable();
    sorted.into_iter().map(|(_, id)| id).collect()
}

/// The list of a brand's customers, or of all, as headquarters or a dealer sees it: tier after tier, page after page.
async fn list_all(world: &World, dealer: Option<&str>, brand: &str) -> Vec<Score> {
    let mut listed = Vec::new();
    for tier in Tier::ALL {
        let mut page_token = String::new();
        loop {
            let request = ListScoresRequest {
                tier: tier.key().into(),
                brand: brand.into(),
                page_size: 7,
                page_token,
                ..ListScoresRequest::default()
            };
            let asked = match dealer {
                Some(dealer) => world.manager(dealer, request),
                None => world.hq(request),
            };
            let page = world.scoring().list_scores(asked).await;
            let page = page.unwrap().into_inner();
            listed.extend(page.scores);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
    }
    listed
}

/// Compares every rank, in both processes and in the list, with a sort of the stored sums.
async fn check(
    world: &World,
    other: &mut marque_api::scoring::v1::scoring_service_client::ScoringServiceClient<
        marque_rpc::RpcTransport,
    >,
) {
    let sorted = full_sort(world).await;
    let size = sorted.len() as u64;
    assert!(size > 50, "{size}");
    for (rank, id) in (1..).zip(&sorted) {
        let customer_id = CustomerId::from(*id).to_string();
        let request = || {
            world.hq(GetScoreRequest {
                customer_id: customer_id.clone(),
                explain: false,
                at: None,
            })
        };
        for client in [&mut world.scoring(), other] {
            let score = client
                .get_score(request())
                .await
                .unwrap()
                .into_inner()
                .score;
            let standing = score.unwrap().standing.unwrap();
            let seen = (standing.rank as u64, standing.size as u64, standing.tier);
            assert_eq!(seen, (rank, size, Tier::of(rank, size).key().to_owned()));
        }
    }
    let listed: Vec<String> = list_all(world, None, "")
        .await
        .into_iter()
        .map(|score| score.customer_id)
        .collect();
    let expected: Vec<String> = sorted
        .iter()
        .map(|id| CustomerId::from(*id).to_string())
        .collect();
    assert_eq!(
        listed, expected,
        "tier after tier, page after page, the list is the ranking"
    );
}
