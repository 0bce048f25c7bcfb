//! Shedding by the delay of the queue.
//!
//! A request that only reads runs from its first byte to its answer without ever waiting, so however many come, few are in progress
//! at once: what piles up are connections that wait for a thread, and a limit of requests in progress does not see it. What does is
//! the time that a task has to wait until it runs. From it PIE (RFC 8033) makes the share of requests that is refused: as much of it as
//! the delay is above the wanted one, and more if it grows. The least of a few delays counts, as in CoDel (RFC 8289): one long
//! request is no queue.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use super::Class;

/// Between two looks at the delay.
const LOOK: Duration = Duration::from_millis(3);
/// Looks of which the least delay counts.
const LOOKS: usize = 3;
/// What a timer is late by itself.
const TICK: Duration = Duration::from_millis(1);
/// Share by which the shed share grows a second of delay above the wanted one.
const OF_EXCESS: f64 = 1.0;
/// And a second by which the delay grew since.
const OF_GROWTH: f64 = 8.0;
/// Somebody is always let in: else nobody would notice that the queue is gone.
const MOST: f64 = 0.98;

/// How much is refused now.
#[derive(Debug)]
pub(crate) struct Pressure {
    /// The delay that is wanted at most; zero switches shedding off.
    wanted: Duration,
    /// Share of interactive requests refused, of 2^32.
    shed: AtomicU32,
    dice: AtomicU64,
}

/// The share, as it follows from one delay after the other.
#[derive(Debug, Default)]
struct Control {
    share: f64,
    delay: Duration,
}

impl Pressure {
    pub(crate) const fn new(wanted: Duration) -> Self {
        Self {
            wanted,
            shed: AtomicU32::new(0),
            dice: AtomicU64::new(0),
        }
    }

    /// Whether a request of this class may come in. Files go first: nobody waits for them.
    pub(crate) fn admits(&self, class: Class) -> bool {
        let shed = self.shed.load(Ordering::Relaxed);
        if shed == 0 {
            return true;
        }
        let shed = match class {
            Class::Interactive => shed,
            Class::Transfer => shed.saturating_mul(4),
        };
        self.roll() >= shed
    }

    /// Looks at the delay for ever.
    pub(crate) async fn watch(&self) {
        if self.wanted.is_zero() {
            return std::future::pending().await;
        }
        let mut control = Control::default();
        loop {
            let mut least = Duration::MAX;
            for _ in 0..LOOKS {
                let asleep = Instant::now();
                tokio::time::sleep(LOOK).await;
                least = least.min(asleep.elapsed().saturating_sub(LOOK + TICK));
            }
            let share = control.next(least, self.wanted);
            let shed = (share * f64::from(u32::MAX)) as u32;
            self.shed.store(shed, Ordering::Relaxed);
            metrics::gauge!("marque_gateway_shed_share").set(share);
        }
    }

    /// A number that is as good as random (SplitMix64, Steele et al. 2014).
    fn roll(&self) -> u32 {
        const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = self.dice.fetch_add(GAMMA, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 32) as u32
    }
}

impl Control {
    /// The share to be refused after the delay was this.
    fn next(&mut self, delay: Duration, wanted: Duration) -> f64 {
        let excess = delay.as_secs_f64() - wanted.as_secs_f64();
        let growth = delay.as_secs_f64() - self.delay.as_secs_f64();
        // What grows below the wanted delay is no overload yet.
        let growth = if excess < 0.0 {
            growth.min(0.0)
        } else {
            growth
        };
        self.share = (self.share + OF_EXCESS * excess + OF_GROWTH * growth).clamp(0.0, MOST);
        self.delay = delay;
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Duration = Duration::from_millis(5);

    /// A server of one thread: what comes waits, what is let in is served; the delay and the share let in, in the end.
    fn overloaded(times: f64, steps: usize) -> (Duration, f64) {
        let (mut control, mut queue, mut share) = (Control::default(), 0.0_f64, 0.0);
        for _ in 0..steps {
            // Seconds of work that came and were done in the time of one look.
            queue = (queue + 0.01 * times * (1.0 - share) - 0.01).max(0.0);
            share = control.next(Duration::from_secs_f64(queue), WANTED);
        }
        (Duration::from_secs_f64(queue), 1.0 - share)
    }

    #[test]
    fn the_share_settles_where_work_done_is_work_let_in_and_the_delay_is_the_wanted_one() {
        for times in [1.5, 2.0, 5.0, 10.0] {
            let (delay, let_in) = overloaded(times, 1_000);
            assert!((let_in * times - 1.0).abs() < 0.05, "{times}: {let_in}");
            assert!(
                delay.abs_diff(WANTED) < Duration::from_millis(2),
                "{times}: {delay:?}"
            );
        }
    }

    #[test]
    fn below_the_peak_nobody_is_refused_and_soon_after_overload_neither() {
        assert_eq!(overloaded(0.9, 1_000).1, 1.0);
        let mut control = Control::default();
        while control.next(Duration::from_millis(50), WANTED) < MOST {}
        let calm = (0..500).position(|_| control.next(Duration::ZERO, WANTED) == 0.0);
        assert!(
            calm.is_some_and(|looks| looks < 300),
            "{calm:?} looks of 10 ms"
        );
    }

    #[test]
    fn as_many_are_refused_as_is_said_and_files_first() {
        let pressure = Pressure::new(WANTED);
        let let_in = |class| (0..10_000).filter(|_| pressure.admits(class)).count();
        assert_eq!(let_in(Class::Interactive), 10_000);
        pressure.shed.store(u32::MAX / 5, Ordering::Relaxed);
        let (people, files) = (let_in(Class::Interactive), let_in(Class::Transfer));
        assert!(
            people.abs_diff(8_000) < 200 && files.abs_diff(2_000) < 200,
            "{people} {files}"
        );
    }
}
