//! Outbox, relays, broker and consumers.
//!
//! What runs is what ships (`Feed`, `Relay`, `Consumer` on SQLite); only the broker is made of a list. A gate gives each actor its
//! turn, and nobody else moves until it stands at a gate again. An actor that stands at a gate can be killed there. Nothing waits
//! for a clock.

mod broker;
mod gate;
mod world;

use std::path::{Path, PathBuf};

use world::{Outcome, World};

use super::{seeds, stores};

/// Seeds at each run of the tests.
const SEEDS: u64 = 200;

fn template(folder: &Path) -> PathBuf {
    stores::template(folder, marque_migrations::NETWORK, world::add_effects)
}

fn run(template: &Path, seed: u64) -> Outcome {
    stores::runtime().block_on(async {
        let mut world = World::new(template, seed).await;
        world.run().await;
        world.end().await
    })
}

#[test]
fn whatever_order_a_seed_chooses_each_event_is_applied_once_and_in_order() {
    let folder = stores::memory_folder();
    let template = template(folder.path());
    let outcomes = seeds::hold("simulation::outbox", SEEDS, |seed| Ok(run(&template, seed)));
    let mut all = Outcome::default();
    outcomes.iter().for_each(|outcome| all.add(outcome));
    if outcomes.len() == 1 {
        assert!(all.told > 0, "{all:?}");
        return;
    }
    let seeds = outcomes.len() as u64;
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
    let folder = stores::memory_folder();
    let template = template(folder.path());
    let traces = || -> Vec<u64> {
        (1000..1008)
            .map(|seed| run(&template, seed).trace)
            .collect()
    };
    let (once, again) = (traces(), traces());
    assert_eq!(once, again);
    assert_ne!(once[0], once[1]);
}
