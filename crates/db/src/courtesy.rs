//! Work of this process that goes first, imports and requests that wait for a thread: whoever can wait gives way to it.
//!
//! Followers of events share the processor with the import whose events they follow. One that keeps pace row by row
//! takes time from the import and writes each page many times; one that lags a little writes it once for many rows.
//! With people who wait it is the same.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// While something goes first, whoever gives way works a twentieth of the time …
const REST_FACTOR: u32 = 19;
/// … as long as what waits for him is younger than this.
const PATIENCE: Duration = Duration::from_secs(120);
/// Whoever rests looks this often whether that is done.
const NAP: Duration = Duration::from_millis(20);

static AT_WORK: AtomicUsize = AtomicUsize::new(0);
/// Since when requests wait, in milliseconds after [`BEGINNING`] and from 1 on; 0 while none do.
static REQUESTS_WAIT_SINCE: AtomicU64 = AtomicU64::new(0);
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// An import at work, until dropped.
#[derive(Debug)]
pub struct AtWork(());

/// Says that an import is at work in this process.
pub fn import_at_work() -> AtWork {
    AT_WORK.fetch_add(1, Ordering::Relaxed);
    AtWork(())
}

/// Says whether requests wait in this process for a thread. Who waits without a break has others give way as long as an import
/// would have them wait for what is old: a rush may last all day.
pub fn requests_wait(wait: bool) {
    let since = if wait { now() } else { 0 };
    if !wait || REQUESTS_WAIT_SINCE.load(Ordering::Relaxed) == 0 {
        REQUESTS_WAIT_SINCE.store(since, Ordering::Relaxed);
    }
}

fn now() -> u64 {
    1 + u64::try_from(BEGINNING.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
}

/// Rests after a piece of work that took so long, if something goes first in this process and what waits, of this age,
/// can wait longer.
pub async fn give_way(took: Duration, age: Duration) {
    if age > PATIENCE {
        return;
    }
    let until = Instant::now() + took * REST_FACTOR;
    while is_busy() && Instant::now() < until {
        tokio::time::sleep(NAP).await;
    }
}

fn is_busy() -> bool {
    if AT_WORK.load(Ordering::Relaxed) > 0 {
        return true;
    }
    let since = REQUESTS_WAIT_SINCE.load(Ordering::Relaxed);
    since > 0 && Duration::from_millis(now().saturating_sub(since)) < PATIENCE
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(1, Ordering::Relaxed);
    }
}
