//! What it costs to follow an import of customers of whom nothing else is known yet, and how soon a rank is exact.

use std::{
    fs,
    time::{Duration, Instant},
};

use marque_api::scoring::v1::{GetScoreRequest, ListScoresRequest};
use marque_db::Value;
use marque_insight::rank::Hysteresis;
use marque_testkit::{TestDb, block_on};
use uuid::Uuid;

use crate::world::{World, customer, link, linked, visit, visited};

/// Records of one event: a batch of the customer service's.
const BATCH: u128 = 500;

/// Run it alone and in release: `cargo nextest run --release -p marque-scoring --run-ignored only --no-capture
/// following_an_import`. `MARQUE_COST_RECORDS` says how many records.
#[test]
#[ignore = "a measurement, to be run alone"]
fn following_an_import_costs_so_much_a_record() {
    #[expect(clippy::disallowed_methods, reason = "a switch of the measurement")]
    let asked = std::env::var("MARQUE_COST_RECORDS").ok();
    let records: u128 = asked.map_or(40_000, |text| text.parse().expect("a number"));
    block_on(async {
        let world = World::start(TestDb::sqlite()).await;
        let before = cpu_time();
        for batch in 0..records.div_ceil(BATCH) {
            let first = batch * BATCH;
            let links = (first..(first + BATCH).min(records)).map(|n| {
                // Ids are spread as random ones are.
                let spread = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
                link("D1", &format!("K{n}"), customer(spread))
            });
            let position = i64::try_from(batch).expect("few batches") + 1;
            world
                .customers
                .deliver([linked(position, links.collect())])
                .await;
        }
        let spent = cpu_time().saturating_sub(before);
        let known = world.count("SELECT count(*) FROM record_links").await;
        assert_eq!(u128::try_from(known), Ok(records));
        let each = spent.as_micros() / records;
        println!(
            "{records} records: {spent:?} of CPU, {each} µs a record, making the events included"
        );
    });
}

/// User and system time of this process so far (`proc(5)`, fields 14 and 15, in ticks of 10 ms).
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux tells it");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().expect("a number"))
        .sum();
    Duration::from_millis(ticks * 10)
}

/// `MARQUE_COST_POPULATION` says how many others are ranked; run it like the one above.
#[test]
#[ignore = "a measurement, to be run alone"]
fn one_event_reaches_the_exact_rank_within_so_long() {
    #[expect(clippy::disallowed_methods, reason = "a switch of the measurement")]
    let asked = std::env::var("MARQUE_COST_POPULATION").ok();
    let others: i64 = asked.map_or(100_000, |text| text.parse().expect("a number"));
    block_on(async {
        // Telling of half a million customers of the top tiers, and learning from all, is not what is measured.
        let quiet = ["scoring.tiers", "scoring.learn"];
        let world = World::start_without(TestDb::sqlite(), Hysteresis::OFF, &quiet).await;
        populate(&world, others).await;
        let memory = resident_mib();
        let begun = Instant::now();
        assert_eq!(world.pyramid("person").await.size, others);
        let (loaded, held) = (begun.elapsed(), resident_mib() - memory);
        // Fifty customers, each of whom comes ten times.
        let who = |n: i64| customer(u128::MAX - u128::from((n % 50).unsigned_abs()));
        let links = (0..50).map(|n| link("D1", &format!("K{n}"), who(n)));
        world.customers.deliver([linked(1, links.collect())]).await;
        let mut times = Vec::new();
        for n in 0_i64..500 {
            let date = format!("2026-{:02}-{:02}", 1 + n % 5, 1 + n % 28);
            let order = u128::from(n.unsigned_abs());
            let came = visit("D1", order, &format!("K{}", n % 50), &date);
            let came = visited(n + 1, vec![came]);
            let begun = Instant::now();
            world.visits.deliver([came]).await;
            let request = GetScoreRequest {
                customer_id: who(n).to_string(),
                ..GetScoreRequest::default()
            };
            let score = world.scoring().get_score(world.hq(request)).await;
            times.push(begun.elapsed());
            let standing = score.unwrap().into_inner().score.unwrap().standing.unwrap();
            assert_eq!(standing.size, others + (n + 1).min(50));
        }
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        println!(
            "{others} ranked: loaded in {loaded:?}, {held} MiB; event to exact rank p50 {:?}, p99 {:?}, most {:?}",
            at(50),
            at(99),
            at(100)
        );
        let list = ListScoresRequest {
            brand: RARE.into(),
            ..ListScoresRequest::default()
        };
        let begun = Instant::now();
        let page = world.scoring().list_scores(world.hq(list)).await.unwrap();
        let scores = page.into_inner().scores;
        println!(
            "the first {} of a brand that one in {RARITY} drives: {:?}",
            scores.len(),
            begun.elapsed()
        );
        assert!(scores.iter().all(|score| score.brands[0].brand == RARE));
    });
}

/// A brand that hardly anybody drives, and how many others there are for each who does.
const RARE: &str = "Rare";
const RARITY: i64 = 10_000;

/// Others with scores in the store, as if they had been assessed.
///
/// Their scores are in no order, so that each row would go to another leaf of the index by rank: of ten million rows the index is
/// larger than any cache, and a batch of 50,000 writes nearly as many pages of it. The index is therefore built once, sorted, when
/// all rows are there; the primary key and the other indexes grow at their ends.
#[expect(clippy::print_stdout, reason = "a measurement is printed")]
async fn populate(world: &World, others: i64) {
    let begun = Instant::now();
    let rank_index = schema(world, "ix_scores_rank").await;
    run(world, "DROP INDEX ix_scores_rank").await;
    fill(world, others).await;
    let filled = begun.elapsed();
    run(world, rank_index).await;
    println!(
        "{others} others made in {:?}, of which the index by rank {:?}",
        begun.elapsed(),
        begun.elapsed().saturating_sub(filled)
    );
}

/// The statement that makes an index.
async fn schema(world: &World, index: &'static str) -> String {
    let sql = "SELECT sql FROM sqlite_master WHERE name = ?1";
    let made = world
        .db
        .read(move |conn| conn.query_opt(sql, &[index.into()], |row| row.get(0)));
    made.await.unwrap().expect("the index is there")
}

async fn run(world: &World, sql: impl Into<String>) {
    let sql = sql.into();
    let write = move |conn: &mut marque_db::Conn<'_>| conn.execute(&sql, &[]).map(|_| ());
    world.db.bulk(write).await.unwrap();
}

async fn fill(world: &World, others: i64) {
    const CHUNK: i64 = 50_000;
    for first in (1..=others).step_by(50_000) {
        let last = others.min(first + CHUNK - 1);
        let write = move |conn: &mut marque_db::Conn<'_>| {
            let rows = (first..=last).flat_map(|n| {
                // Scores of 10 to 90, many of them the same.
                let hundredths = 1_000 + n.wrapping_mul(7_919).rem_euclid(8_000);
                [
                    Uuid::from_u128(n.unsigned_abs().into()).into(),
                    Value::Text("scored"),
                    Value::Text("person"),
                    Value::Text(if n % RARITY == 0 { "\u{1f}Rare" } else { "" }),
                    (hundredths * 1_000_000_000).into(),
                    hundredths.into(),
                    Value::Int(50),
                    Value::Text("shipped-1"),
                    Value::Bytes(&[0; 4]),
                    Value::Int(0),
                    Value::Text("2026-06-15"),
                    n.into(),
                ]
            });
            let rows: Vec<Value<'_>> = rows.collect();
            conn.insert_many("scores", &SCORES, "", &rows)?;
            let sql = "UPDATE score_clock SET change = ?1 WHERE id = 1";
            conn.execute(sql, &[last.into()])?;
            Ok::<_, marque_db::StoreError>(())
        };
        world.db.bulk(write).await.unwrap();
    }
}

const SCORES: [&str; 12] = [
    "customer_id",
    "state",
    "kind",
    "brands",
    "sum",
    "hundredths",
    "confidence",
    "model_version",
    "inputs",
    "assessed_at",
    "assessed_on",
    "change",
];

/// Memory of this process, in MiB.
fn resident_mib() -> i64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<i64>().ok());
    kib.expect("a number of KiB") / 1_024
}
