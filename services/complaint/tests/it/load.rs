//! Ten thousand of a hundred thousand open cases fall due in the same minute, while people go on asking; and the desk's view
//! of one case among a million.
//!
//! Run by docs/benchmarks/complaints.sh.

use std::time::{Duration, Instant};

use marque_api::complaint::v1 as pb;
use marque_testkit::{TestDb, block_on};

use crate::{
    imports::{HEADER, import},
    kill::number,
    world::{World, complaint},
};

const STEPS: &str = "SELECT count(*) FROM complaint_escalations";

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn ten_thousand_fall_due_in_the_same_minute_on_sqlite() {
    block_on(fall_due(TestDb::sqlite(), "SQLite"));
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn ten_thousand_fall_due_in_the_same_minute_on_postgres() {
    if let Some(db) = TestDb::postgres() {
        block_on(fall_due(db, "PostgreSQL"));
    }
}

/// Opens the cases of the figure: as many as are asked for, and a tenth of them serious, whose first answer is due in an hour while that of
/// the others is much later. Answers how many are open, and how many of these are serious.
pub(crate) async fn fill(world: &World) -> (usize, usize) {
    let open = number("MARQUE_LOAD_OPEN", 100_000);
    for part in 0..10 {
        let rows: Vec<String> = (0..open / 10)
            .map(|n| {
                let severity = if n % 10 == 0 { "严重" } else { "低" };
                format!("TS{part}-{n},c{part}-{n},,2026-03-02 09:00,400热线,维修质量,{severity},制动仍有异响,售后\n")
            })
            .collect();
        import(world, &format!("{HEADER}{}", rows.concat())).await;
    }
    (open, open / 10)
}

async fn fall_due(db: TestDb, name: &str) {
    let world = World::without_scheduler(db).await;
    let (open, due) = fill(&world).await;
    let case = world.open(complaint("D1", "asked-for")).await;
    let quiet = latencies(&world, &case.id, Duration::from_secs(3)).await;
    let _scheduler = world.another_scheduler();
    // 45 of the 60 minutes of a serious case's first answer: all are warned of at once.
    world.pass(45);
    let begun = Instant::now();
    let last = async {
        world.wait_for(STEPS, due as i64 + 1).await;
        begun.elapsed()
    };
    // No case waited longer than the last.
    let (busy, took) = tokio::join!(latencies(&world, &case.id, Duration::from_secs(6)), last);
    println!(
        "{name}: {due} of {open} open cases due in the same minute, all escalated, each once, the last within {:.1} s; \
         a case read meanwhile: p50 {:.1} ms, p99 {:.1} ms (alone: p50 {:.1} ms, p99 {:.1} ms)",
        took.as_secs_f64(),
        at(&busy, 0.5),
        at(&busy, 0.99),
        at(&quiet, 0.5),
        at(&quiet, 0.99),
    );
    assert_eq!(world.count(STEPS).await, due as i64 + 1);
}

/// Sorted times of reading one case again and again, in milliseconds.
async fn latencies(world: &World, id: &str, span: Duration) -> Vec<f64> {
    let begun = Instant::now();
    let mut times = Vec::new();
    while begun.elapsed() < span {
        let asked = Instant::now();
        world.get(id).await;
        times.push(asked.elapsed().as_secs_f64() * 1_000.0);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    times.sort_by(f64::total_cmp);
    times
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn the_desk_sees_one_of_a_million_cases_on_sqlite() {
    block_on(desk(TestDb::sqlite(), "SQLite"));
}

#[test]
#[ignore = "takes minutes: docs/benchmarks/complaints.sh runs it"]
fn the_desk_sees_one_of_a_million_cases_on_postgres() {
    if let Some(db) = TestDb::postgres() {
        block_on(desk(db, "PostgreSQL"));
    }
}

/// Cases a file, and desks asked for.
const FILE: usize = 25_000;
const ASKED: usize = 2_000;

const PLACES: [&str; 8] = [
    "低速转弯时",
    "冷启动后",
    "雨天",
    "高速上",
    "保养后第二天",
    "倒车时",
    "下坡时",
    "停放一夜后",
];
const PARTS: [&str; 10] = [
    "刹车",
    "变速箱",
    "发动机",
    "空调",
    "车机",
    "蓄电池",
    "方向盘",
    "天窗",
    "雨刮",
    "大灯",
];
const FAULTS: [&str; 10] = [
    "异响",
    "抖动",
    "漏油",
    "失灵",
    "黑屏",
    "进水",
    "卡滞",
    "报警",
    "过热",
    "无法启动",
];

/// One row in ten is of last week and open, the others are history; a car has three cases, a customer ten.
fn row(n: usize) -> String {
    let opened = if n.is_multiple_of(10) {
        "2026-02-25 09:00".to_owned()
    } else {
        format!("202{}-{:02}-{:02} 14:30", 3 + n % 3, 1 + n % 12, 1 + n % 28)
    };
    let of = |list: &[&'static str], by: usize| list[n / by % list.len()];
    let (place, part, fault) = (of(&PLACES, 1), of(&PARTS, 8), of(&FAULTS, 80));
    format!(
        "TS{n},c{},LMVCA1A60R{:07},{opened},400热线,维修质量,一般,客户反映{place}{part}{fault}，第{}次到店，工单{n},售后\n",
        n / 10,
        n / 3,
        1 + n % 4
    )
}

async fn desk(db: TestDb, name: &str) {
    let world = World::without_scheduler(db).await;
    let (cases, begun) = (number("MARQUE_LOAD_CASES", 1_000_000), Instant::now());
    for file in 0..cases.div_ceil(FILE) {
        let rows = file * FILE..cases.min((file + 1) * FILE);
        let (count, began) = (rows.len(), Instant::now());
        let rows: Vec<String> = rows.map(row).collect();
        import(&world, &format!("{HEADER}{}", rows.concat())).await;
        // Ids begin with the time, as they do where it passes: made at one instant they would be strewn all over their trees.
        world.clock.advance(Duration::from_secs(1));
        println!(
            "{name}: {} cases, the last {count} at {:.0} a second",
            file * FILE + count,
            count as f64 / began.elapsed().as_secs_f64()
        );
    }
    let took = begun.elapsed();
    let ids = world.some_cases(ASKED).await;
    wait_until_indexed(&world, cases - 1).await;
    let mut times = Vec::with_capacity(ids.len());
    let mut beside = 0;
    for id in &ids {
        let message = pb::GetDeskRequest { id: id.to_string() };
        let request = world.desk("D1", message);
        let asked = Instant::now();
        let desk = world.complaints().get_desk(request).await.unwrap();
        times.push(asked.elapsed().as_secs_f64() * 1_000.0);
        let desk = desk.into_inner();
        beside += desk.earlier.len() + desk.similar.len();
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{name}: the desk's view of {} of {cases} cases (imported in {:.0} s), {} others beside each: p50 {:.1} ms, \
         p99 {:.1} ms",
        ids.len(),
        took.as_secs_f64(),
        beside / ids.len(),
        at(&times, 0.5),
        at(&times, 0.99)
    );
}

/// The index follows the events of the imports: it is there when it knows the last.
async fn wait_until_indexed(world: &World, last: usize) {
    for _ in 0..36_000 {
        let message = pb::SearchComplaintsRequest {
            query: format!("工单{last}"),
            limit: 1,
        };
        let request = world.desk("D1", message);
        let found = world.complaints().search_complaints(request).await.unwrap();
        let text = found.into_inner().complaints.pop().map(|case| case.text);
        if text.is_some_and(|text| text.ends_with(&format!("工单{last}"))) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the index does not know the last case");
}
