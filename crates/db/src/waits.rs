//! How long units of work wait for the threads of this process's databases: whoever lets requests in wants to know it.
//!
//! Only what waits while still more wait behind it counts: a unit of work that waited for one long batch, and nobody after it, is no queue.
//! Batches and scans do not count at all: imports and background work may wait.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// What is older says nothing of now: threads that take from one queue may take note out of turn.
const FRESH: Duration = Duration::from_secs(1);

/// The queues of this process, of which those that are gone are forgotten when somebody looks.
static QUEUES: Mutex<Vec<(Work, Weak<Waited>)>> = Mutex::new(Vec::new());

/// What waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Reads; on SQLite they wait for nobody.
    Reads,
    /// Writes.
    Writes,
}

/// How long one queue lets wait.
#[derive(Debug, Clone)]
pub(crate) struct Waits(Arc<Waited>);

/// Microseconds since `began`.
#[derive(Debug)]
struct Waited {
    began: Instant,
    /// When the last unit of work had its turn.
    at: AtomicU64,
    /// How long it had waited; 0 if nobody waits behind it.
    long: AtomicU64,
}

impl Waits {
    /// A queue that others hear of.
    pub(crate) fn of(work: Work) -> Self {
        let waited = Arc::new(Waited {
            began: Instant::now(),
            at: AtomicU64::new(0),
            long: AtomicU64::new(0),
        });
        QUEUES.lock().push((work, Arc::downgrade(&waited)));
        Self(waited)
    }

    /// Takes note of a unit of work that came at an instant and has its turn now.
    pub(crate) fn note(&self, came: Instant, are_more: bool) {
        let waited = if are_more {
            came.elapsed()
        } else {
            Duration::ZERO
        };
        self.0.long.store(micros(waited), Ordering::Relaxed);
        self.0
            .at
            .store(micros(self.0.began.elapsed()), Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn told(&self) -> Duration {
        self.0.told()
    }
}

impl Waited {
    fn told(&self) -> Duration {
        let at = Duration::from_micros(self.at.load(Ordering::Relaxed));
        if self.began.elapsed().saturating_sub(at) > FRESH {
            return Duration::ZERO;
        }
        Duration::from_micros(self.long.load(Ordering::Relaxed))
    }
}

/// How long the unit of work that had its turn last waited for a database of this process, in the queue of its kind that lets wait
/// longest; zero where nobody waits behind it.
pub fn longest_wait(work: Work) -> Duration {
    let mut longest = Duration::ZERO;
    QUEUES.lock().retain(|(kind, queue)| {
        let told = queue.upgrade().map(|waited| waited.told());
        if *kind == work {
            longest = longest.max(told.unwrap_or_default());
        }
        told.is_some()
    });
    longest
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_counts_while_others_wait_behind_him_and_what_is_told_is_fresh() {
        let came = Instant::now();
        std::thread::sleep(Duration::from_millis(1));
        let waits = Waits::of(Work::Reads);
        waits.note(came, true);
        assert!(waits.told() >= Duration::from_millis(1));
        waits.note(came, false);
        assert_eq!(waits.told(), Duration::ZERO);
        waits.note(came, true);
        std::thread::sleep(FRESH + Duration::from_millis(10));
        assert_eq!(waits.told(), Duration::ZERO);
    }

    #[test]
    fn the_longest_of_its_kind_is_told_until_its_queue_is_gone() {
        const LONG: Duration = Duration::from_secs(1000);
        let (long, short) = (Waits::of(Work::Writes), Waits::of(Work::Writes));
        for waits in [&long, &short] {
            waits.note(Instant::now(), true);
        }
        long.0.long.store(micros(LONG), Ordering::Relaxed);
        assert_eq!(longest_wait(Work::Writes), LONG);
        assert!(longest_wait(Work::Reads) < LONG);
        drop(long);
        assert!(longest_wait(Work::Writes) < LONG);
    }
}
