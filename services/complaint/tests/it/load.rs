//! Ten thousand of a hundred thousand open cases fall due in the same minute, while people go on asking.
//!
//! Run by docs/benchmarks/complaints.sh.

use std::time::{Duration, Instant};

use marque_testkit::{TestDb, block_on};

use crate::{
    imports::{HEADER, import},
    world::{World, complaint},
};

const OPEN: usize = 100_000;
const DUE: usize = 10_000;
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

async fn fall_due(db: TestDb, name: &str) {
    let world = World::without_scheduler(db).await;
    for part in 0..10 {
        let rows: Vec<String> = (0..OPEN / 10)
            .map(|n| {
                // One in ten is serious: its first answer is due in an hour, the others' much later.
                let severity = if n % (OPEN / DUE) == 0 { "严重" } else { "低" };
                format!("TS{part}-{n},c{part}-{n},,2026-03-02 09:00,400热线,维修质量,{severity},制动仍有异响,售后\n")
            })
            .collect();
        import(&world, &format!("{HEADER}{}", rows.concat())).await;
    }
    let case = world.open(complaint("D1", "asked-for")).await;
    let quiet = latencies(&world, &case.id, Duration::from_secs(3)).await;
    let _scheduler = world.another_scheduler();
    // 45 of the 60 minutes of a serious case's first answer: all are warned of at once.
    world.pass(45);
    let begun = Instant::now();
    let (busy, ()) = tokio::join!(
        latencies(&world, &case.id, Duration::from_secs(6)),
        world.wait_for(STEPS, DUE as i64 + 1)
    );
    // No case waited longer than the last.
    let took = begun.elapsed();
    println!(
        "{name}: {DUE} of {OPEN} open cases due in the same minute, all escalated, each once, the last within {:.1} s or \
         less; a case read meanwhile: p50 {:.1} ms, p99 {:.1} ms (alone: p50 {:.1} ms, p99 {:.1} ms)",
        took.as_secs_f64(),
        at(&busy, 0.5),
        at(&busy, 0.99),
        at(&quiet, 0.5),
        at(&quiet, 0.99),
    );
    assert_eq!(world.count(STEPS).await, DUE as i64 + 1);
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
