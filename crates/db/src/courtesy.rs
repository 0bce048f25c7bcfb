//! Work of this process that goes first, imports and requests that wait for a thread: whoever can wait gives way to it.
//!
//! Followers of events share the processor with the import whose events they follow. One that keeps pace row by row
//! takes time from the import and writes each page many times; one that lags a little writes it once for many rows.
//! With people who wait it is the same.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// While something goes first, whoever gives way works a twentieth of the time …
const REST_FACTOR: u32 = 19;
/// … as long as what waits for him is younger than this …
const PATIENCE: Duration = Duration::from_secs(120);
/// … and a fifth of it from then on: a rush may last all day, and what follows it must come to an end.
const LATE_REST_FACTOR: u32 = 4;
/// Whoever rests looks this often whether that is done.
const NAP: Duration = Duration::from_millis(20);

static AT_WORK: AtomicUsize = AtomicUsize::new(0);
static REQUESTS_WAIT: AtomicBool = AtomicBool::new(false);

/// An import at work, until dropped.
#[derive(Debug)]
pub struct AtWork(());

/// Says that an import is at work in this process.
pub fn import_at_work() -> AtWork {
    AT_WORK.fetch_add(1, Ordering::Relaxed);
    AtWork(())
}

/// Says whether requests wait in this process for a thread.
pub fn requests_wait(wait: bool) {
    REQUESTS_WAIT.store(wait, Ordering::Relaxed);
}

/// Rests after a piece of work that took so long, if something goes first in this process; less when what waits is of an age at
/// which it cannot wait much longer.
pub async fn give_way(took: Duration, age: Duration) {
    let factor = if age > PATIENCE {
        LATE_REST_FACTOR
    } else {
        REST_FACTOR
    };
    let until = Instant::now() + took * factor;
    while is_busy() && Instant::now() < until {
        tokio::time::sleep(NAP).await;
    }
}

fn is_busy() -> bool {
    AT_WORK.load(Ordering::Relaxed) > 0 || REQUESTS_WAIT.load(Ordering::Relaxed)
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(1, Ordering::Relaxed);
    }
}
