//! The demo's clock: the machine's, moved ahead where the story wants an hour to pass.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use marque_core::{Clock, SystemClock, Timestamp};

/// The machine's time and what it was moved ahead.
#[derive(Debug, Default)]
pub(super) struct FastClock(AtomicI64);

impl FastClock {
    /// Lets time pass at once.
    pub(super) fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let ahead = self.0.load(Ordering::SeqCst);
        Timestamp::from_micros(SystemClock.now().as_micros().saturating_add(ahead))
    }
}
