//! Which seeds a run takes, and how one that fails is run again.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Seeds run beside each other.
const THREADS: usize = 2;

/// A number of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "how many seeds a run takes is no setting of the program"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
}

/// `MARQUE_SEED=…` is one of them again, `MARQUE_SEEDS=…` more than usual.
fn chosen(usual: u64) -> Vec<u64> {
    match number("MARQUE_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("MARQUE_SEEDS").unwrap_or(usual)).collect(),
    }
}

/// Runs the chosen seeds of a test; answers what they came to, in no order.
///
/// # Panics
/// If one of them does not hold.
pub(super) fn hold<T: Send>(
    test: &str,
    usual: u64,
    run: impl Fn(u64) -> Result<T, String> + Sync,
) -> Vec<T> {
    let (seeds, next, outcomes) = (chosen(usual), AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let _running = Running { test, seed: *seed };
                    let outcome = run(*seed).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

/// The first of so many seeds that does not hold, and why.
pub(super) fn first_that_fails<T>(
    seeds: u64,
    run: impl Fn(u64) -> Result<T, String>,
) -> Option<(u64, String)> {
    (0..seeds).find_map(|seed| run(seed).err().map(|why| (seed, why)))
}

/// Passes if something is so; says what is wrong otherwise.
pub(super) fn expect(is_so: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(wrong()) }
}

/// A seed that is run: whatever it fails by, it tells how it is run again.
struct Running<'t> {
    test: &'t str,
    seed: u64,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { test, seed } = self;
            eprintln!(
                "MARQUE_SEED={seed} cargo test -p marque-faults --test faults {test} runs it again"
            );
        }
    }
}

/// What happened, in order.
#[derive(Debug, Default)]
pub(super) struct Trace(Vec<String>);

impl Trace {
    /// Notes what happened.
    pub(super) fn note(&mut self, what: String) {
        self.0.push(what);
    }

    /// All that happened, as one number.
    pub(super) fn number(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}
