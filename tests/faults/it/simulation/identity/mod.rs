//! Who is one customer, written by several processes at once: whatever the order, whoever dies between commit and answer, sure
//! evidence ends in one customer, nothing acknowledged is lost, and the events tell what the store says.
//!
//! What runs is the service behind its real layers, two or three processes with connections of their own on one store. The DMS of
//! each dealer writes through any of them, and writes again what it was not answered. A turn is one unit of work. On SQLite that is
//! all there is, for it has one writer; on PostgreSQL a write that joins customers needs two transactions, and others come between
//! them. What two transactions of PostgreSQL do inside of each other no seed chooses: `race.rs` of the customer service races them.

mod kept;
mod people;
mod world;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use marque_db::Database;
use marque_testkit::{TestDb, as_system};
use world::World;

use super::{seeds, services::Ground, stores};

/// Seeds at each run of the tests, on SQLite and on PostgreSQL.
const SEEDS: u64 = 40;
const SEEDS_ON_POSTGRES: u64 = 6;
/// What is written of every fourth record cannot be found by others.
const UNSEEN: &str = "CREATE TRIGGER planted AFTER INSERT ON record_keys WHEN NEW.record % 4 = 0
    BEGIN DELETE FROM record_keys WHERE token = NEW.token AND record = NEW.record; END";
/// Events of links are lost, one in five.
const UNTOLD: &str = "CREATE TRIGGER planted AFTER INSERT ON outbox
    WHEN NEW.kind = 'marque.customer.source_records.linked' AND NEW.seq % 5 = 0
    BEGIN DELETE FROM outbox WHERE seq = NEW.seq; END";

/// What a seed came to.
#[derive(Debug, Default)]
struct Outcome {
    acknowledged: usize,
    kills: u64,
    /// Writes that were cut off.
    cut_off: u64,
    /// Customers that turned out to be another.
    merged: usize,
    trace: u64,
}

#[test]
fn whatever_order_a_seed_chooses_sure_evidence_is_one_customer_and_nothing_is_lost() {
    let ground = Ground::new();
    let folder = stores::memory_folder();
    let template = template(folder.path());
    let outcomes = seeds::hold("simulation::identity", SEEDS, |seed| {
        on_sqlite(&ground, &template, seed, None)
    });
    if outcomes.len() == 1 {
        return;
    }
    let seeds = outcomes.len() as u64;
    let all = |count: fn(&Outcome) -> u64| outcomes.iter().map(count).sum::<u64>();
    // A simulation in which nothing goes wrong shows nothing.
    assert!(
        all(|outcome| outcome.kills) > seeds
            && all(|outcome| outcome.cut_off) > 0
            && all(|outcome| outcome.merged as u64) > 0
            && all(|outcome| outcome.acknowledged as u64) > seeds,
        "{outcomes:?}"
    );
}

#[test]
fn on_postgres_too_where_a_join_needs_two_transactions() {
    if TestDb::postgres().is_none() {
        return;
    }
    let ground = Ground::new();
    let outcomes = seeds::hold("simulation::identity", SEEDS_ON_POSTGRES, |seed| {
        on_postgres(&ground, seed)
    });
    let is_shown = |outcome: &Outcome| outcome.acknowledged > 0;
    assert!(outcomes.iter().all(is_shown), "{outcomes:?}");
}

#[test]
fn records_that_are_not_found_and_links_untold_are_found() {
    let ground = Ground::new();
    let folder = stores::memory_folder();
    let template = template(folder.path());
    for fault in [UNSEEN, UNTOLD] {
        let found = seeds::first_that_fails(SEEDS, |seed| {
            on_sqlite(&ground, &template, seed, Some(fault))
        });
        assert!(found.is_some(), "nobody noticed: {fault}");
    }
}

#[test]
fn the_same_seed_is_the_same_trace_and_another_is_another() {
    let ground = Ground::new();
    let folder = stores::memory_folder();
    let template = template(folder.path());
    let traces = || -> Vec<u64> {
        (1000..1004)
            .map(|seed| on_sqlite(&ground, &template, seed, None).unwrap().trace)
            .collect()
    };
    let (once, again) = (traces(), traces());
    assert_eq!(once, again);
    assert_ne!(once[0], once[1]);
}

fn template(folder: &Path) -> PathBuf {
    stores::template(folder, marque_migrations::CUSTOMER, |_| async {})
}

fn on_sqlite(
    ground: &Arc<Ground>,
    template: &Path,
    seed: u64,
    planted: Option<&'static str>,
) -> Result<Outcome, String> {
    let folder = stores::memory_folder();
    let path = stores::copy(template, &folder, "customer.db");
    let open = || stores::open(&path);
    stores::runtime().block_on(as_system(simulate(ground, &open, seed, planted)))
}

fn on_postgres(ground: &Arc<Ground>, seed: u64) -> Result<Outcome, String> {
    let db = TestDb::postgres().expect("it was there a moment ago");
    stores::runtime().block_on(as_system(async {
        let db = db.migrated(&marque_migrations::CUSTOMER).await;
        simulate(ground, &|| db.from_another_process(), seed, None).await
    }))
}

async fn simulate(
    ground: &Arc<Ground>,
    open: &dyn Fn() -> Database,
    seed: u64,
    planted: Option<&'static str>,
) -> Result<Outcome, String> {
    let mut world = World::new(ground, open, seed);
    if let Some(sql) = planted {
        world.plant(sql).await;
    }
    world.run().await;
    world.end().await
}
