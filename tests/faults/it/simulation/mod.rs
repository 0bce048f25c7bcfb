//! Outbox, relays, broker and consumers in an order that a seed chooses, one step at a time: the same seed is the same trace.
//!
//! What runs is what ships (`Feed`, `Relay`, `Consumer` on SQLite); only the broker is made of a list. turmoil 0.7.2 was looked at and
//! does not fit: a unit of work runs on a thread of the store, which its one-threaded virtual time neither sees nor waits for, and
//! SQLite's I/O is outside it. Here a gate gives each actor its turn, and nobody else moves until it stands at a gate again, so the
//! threads of stores do not matter. An actor that stands at a gate can be killed there: between question and answer, between effect
//! and acknowledgement. Nothing waits for a clock.

mod broker;
mod gate;
mod world;

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use world::{Outcome, World, template};

/// Seeds at each run of the tests; `MARQUE_SEEDS` asks for more.
const SEEDS: u64 = 200;

#[expect(
    clippy::disallowed_methods,
    reason = "how many seeds a run takes is no setting of the program"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
}

fn run(template: &Path, seed: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::new(template, seed).await;
        world.run().await;
        world.end().await
    })
}

/// `MARQUE_SEED=…` runs one of them again, `MARQUE_SEEDS=…` more than usual.
#[test]
fn whatever_order_a_seed_chooses_each_event_is_applied_once_and_in_order() {
    let folder = world::memory_folder();
    let template = template(folder.path());
    if let Some(seed) = number("MARQUE_SEED") {
        let outcome = run(&template, seed);
        assert!(outcome.told > 0, "{outcome:?}");
        return;
    }
    let seeds = number("MARQUE_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let all = std::sync::Mutex::new(Outcome::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        break;
                    }
                    let outcome = run(&template, seed);
                    all.lock().unwrap().add(&outcome);
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    // A simulation in which nothing goes wrong shows nothing.
    assert!(
        all.told > seeds
            && all.kills > seeds
            && all.wipes > 0
            && all.refused > 0
            && all.redelivered > 0,
        "{all:?}"
    );
}

#[test]
fn the_same_seed_is_the_same_trace_and_another_is_another() {
    let folder = world::memory_folder();
    let template = template(folder.path());
    let traces: Vec<u64> = (1000..1008)
        .map(|seed| run(&template, seed).trace)
        .collect();
    let again: Vec<u64> = (1000..1008)
        .map(|seed| run(&template, seed).trace)
        .collect();
    assert_eq!(traces, again);
    assert_ne!(traces[0], traces[1]);
}
