//! Imports of this process that are at work: whoever can wait gives way to them.
//!
//! Followers of events share the processor with the import whose events they follow. One that keeps pace row by row
//! takes time from the import and writes each page many times; one that lags a little writes it once for many rows.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// While an import is at work, whoever gives way works a twentieth of the time …
const REST_FACTOR: u32 = 19;
/// … as long as what waits for him is younger than this.
const PATIENCE: Duration = Duration::from_secs(120);
/// Whoever rests looks this often whether the import is done.
const NAP: Duration = Duration::from_millis(20);

static AT_WORK: AtomicUsize = AtomicUsize::new(0);

/// An import at work, until dropped.
#[derive(Debug)]
pub struct AtWork(());

/// Says that an import is at work in this process.
pub fn import_at_work() -> AtWork {
    AT_WORK.fetch_add(1, Ordering::Relaxed);
    AtWork(())
}

/// Rests after a piece of work that took so long, if an import is at work in this process and what waits, of this age,
/// can wait longer.
pub async fn give_way(took: Duration, age: Duration) {
    if age > PATIENCE {
        return;
    }
    let until = Instant::now() + took * REST_FACTOR;
    while AT_WORK.load(Ordering::Relaxed) > 0 && Instant::now() < until {
        tokio::time::sleep(NAP).await;
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(1, Ordering::Relaxed);
    }
}
