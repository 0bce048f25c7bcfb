//! Shedding by the delay of the queue.
//!
//! A request that only reads runs from its first byte to its answer without ever waiting, so however many come, few are in progress
//! at once: what piles up are connections that wait for a thread, and a limit of requests in progress does not see it. What does is
//! the time that a byte has to wait in a socket until a task has read it. While it is above the wanted one, the share of requests that is let in
//! shrinks step by step, and grows again when it is not, as WeChat's DAGOR does it (Zhou et al., SoCC 2018), but by steps as large as
//! the delay is wrong, and less at once while the queue is long (a controller with a proportional and an integral part). The least of a few looks
//! counts, as in CoDel (RFC 8289): one long request is no queue. Nor is one in which hardly anybody was served meanwhile: then
//! the machine is busy with something else, and refusing a few would help nobody.
//!
//! A write waits for its store's writer too, and for that queue there is a control of its own, which lets reads pass: else every
//! connection would come to wait for a writer, and reads behind them at the caller's, where nobody here sees them.
//!
//! Long before anybody is refused, work of this process that can wait is told to.

use std::{
    io::{self, Write as _},
    os::unix::net::UnixStream as StdStream,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{io::AsyncReadExt as _, net::UnixStream};

use super::Class;
use crate::Backlog;

/// Between two looks at the delay.
const LOOK: Duration = Duration::from_millis(10);
/// Looks of which the least delay counts.
const LOOKS: usize = 3;
/// By how much the share let in shrinks at a look when the delay is twice the wanted one; in proportion to what it is too much.
const SHRINK: f64 = 0.02;
/// By how much it grows when there is no delay at all; in proportion to what is left of the wanted one.
const GROW: f64 = 0.01;
/// The delay counts at most as so many times too much.
const MOST_TOO_MUCH: f64 = 2.0;
/// Looks that are too late, one after the other, until anybody is refused: whoever gives way in a crowd ends what he is at first.
const PATIENCE: u32 = 50;
/// Requests that had their turn while a task waited for its own: fewer are no queue.
const CROWD: u64 = 8;
/// A delay from which on work that can wait should: long before anybody is refused.
const CROWDED: Duration = Duration::from_millis(5);
/// Looks without such a delay until that is over.
const CALM: u32 = 50;
/// Somebody is always let in: else nobody would notice that the queue is gone.
const LEAST: f64 = 0.01;

/// How much is refused now.
#[derive(Debug)]
pub(crate) struct Pressure {
    /// The delay that is wanted at most; zero switches shedding off.
    wanted: Duration,
    backlog: Backlog,
    /// Shares of interactive requests refused, of 2^32: of those that only read, and of those that write.
    reads: AtomicU32,
    writes: AtomicU32,
    dice: AtomicU64,
    probe: Arc<Probe>,
}

/// A byte that comes by a socket again and again, as requests do, and a task that waits for it; times are microseconds since `began`.
#[derive(Debug)]
struct Probe {
    began: Instant,
    /// When it was sent, of the round that is under way.
    joined: AtomicU64,
    /// How long the round before took.
    took: AtomicU64,
    /// Requests so far, those until it was sent, and those that came in the round before.
    came: AtomicU64,
    came_before: AtomicU64,
    passed: AtomicU64,
}

/// The share let in, as it follows from one delay after the other.
#[derive(Debug)]
struct Control {
    /// The share that the delays so far have taught.
    learnt: f64,
    /// The last few delays; zero where hardly anybody had his turn.
    delays: [Duration; LOOKS],
    /// Looks until the crowd counts as gone; 0 where there is none.
    crowded: u32,
    /// Looks that were too late, one after the other.
    late: u32,
}

impl Pressure {
    pub(crate) fn new(wanted: Duration, backlog: Backlog) -> Self {
        let probe = Probe {
            began: Instant::now(),
            joined: AtomicU64::new(u64::MAX),
            took: AtomicU64::new(0),
            came: AtomicU64::new(0),
            came_before: AtomicU64::new(0),
            passed: AtomicU64::new(0),
        };
        Self {
            wanted,
            backlog,
            reads: AtomicU32::new(0),
            writes: AtomicU32::new(0),
            dice: AtomicU64::new(0),
            probe: Arc::new(probe),
        }
    }

    /// Whether a request of this class may come in. Files go first: nobody waits for them.
    pub(crate) fn admits(&self, class: Class, writes: bool) -> bool {
        self.probe.came.fetch_add(1, Ordering::Relaxed);
        let shed = if writes { &self.writes } else { &self.reads };
        let shed = shed.load(Ordering::Relaxed);
        if shed == 0 {
            return true;
        }
        let shed = match class {
            // A stream waits for events, not for a thread: opening one costs what a request costs.
            Class::Interactive | Class::Stream => shed,
            Class::Transfer => shed.saturating_mul(4),
        };
        self.roll() >= shed
    }

    /// Waits for the byte for ever. A thread of its own sends it and looks how long it takes, since it must not wait in the queue that it
    /// looks at.
    pub(crate) async fn watch(self: Arc<Self>) {
        let watched = Arc::downgrade(&self);
        let probe = Arc::clone(&self.probe);
        // Else the thread would never end.
        drop(self);
        let watching = sockets().and_then(|(sender, receiver)| {
            let name = "pressure".to_owned();
            let thread = std::thread::Builder::new().name(name);
            thread.spawn(move || look(&watched, &sender))?;
            Ok(receiver)
        });
        let mut receiver = match watching {
            Ok(receiver) => receiver,
            Err(error) => {
                tracing::warn!(%error, "overload is not watched");
                return;
            }
        };
        while receiver.read_u8().await.is_ok() {
            probe.leave();
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

impl Probe {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn join(&self) {
        let came = self.came.load(Ordering::Relaxed);
        self.came_before.store(came, Ordering::Relaxed);
        self.joined.store(self.now(), Ordering::Relaxed);
    }

    /// Whether the byte is on its way.
    fn is_under_way(&self) -> bool {
        self.joined.load(Ordering::Relaxed) != u64::MAX
    }

    fn leave(&self) {
        let (joined, before) = (
            self.joined.swap(u64::MAX, Ordering::Relaxed),
            self.came_before.load(Ordering::Relaxed),
        );
        let passed = self.came.load(Ordering::Relaxed) - before;
        self.passed.store(passed, Ordering::Relaxed);
        self.took
            .store(self.now().saturating_sub(joined), Ordering::Relaxed);
    }

    /// How long the round under way takes already, or the one before took, whichever is longer; and how many requests had their turn
    /// in it.
    fn round(&self) -> (Duration, u64) {
        let waits = self
            .now()
            .saturating_sub(self.joined.load(Ordering::Relaxed));
        let took = self.took.load(Ordering::Relaxed);
        let came = self.came.load(Ordering::Relaxed);
        let passed = if waits > took {
            came.saturating_sub(self.came_before.load(Ordering::Relaxed))
        } else {
            self.passed.load(Ordering::Relaxed)
        };
        (Duration::from_micros(waits.max(took)), passed)
    }
}

/// What the byte goes through.
fn sockets() -> io::Result<(StdStream, UnixStream)> {
    let (sender, receiver) = StdStream::pair()?;
    receiver.set_nonblocking(true)?;
    Ok((sender, UnixStream::from_std(receiver)?))
}

/// Looks at the delays until the gateway is gone.
fn look(pressure: &Weak<Pressure>, mut sender: &StdStream) {
    let (mut threads, mut writers) = (Control::new(), Control::new());
    loop {
        std::thread::sleep(LOOK);
        let Some(pressure) = pressure.upgrade() else {
            return;
        };
        if !pressure.probe.is_under_way() {
            pressure.probe.join();
            if sender.write_all(&[0]).is_err() {
                return;
            }
        }
        let (delay, passed) = pressure.probe.round();
        let reads = (pressure.backlog.reads)();
        if reads > delay {
            threads.see(reads, CROWD);
        } else {
            threads.see(delay, passed);
        }
        writers.see((pressure.backlog.writes)(), CROWD);
        let reads = threads.let_in(pressure.wanted);
        let writes = reads * writers.let_in(pressure.wanted);
        shed(&pressure.reads, "reads", 1.0 - reads);
        shed(&pressure.writes, "writes", 1.0 - writes);
        (pressure.backlog.on_crowd)(threads.is_crowded() || writers.is_crowded());
    }
}

/// From now on this share of one kind is refused.
fn shed(kind: &AtomicU32, name: &'static str, share: f64) {
    kind.store((share * f64::from(u32::MAX)) as u32, Ordering::Relaxed);
    metrics::gauge!("marque_gateway_shed_share", "of" => name).set(share);
}

impl Control {
    const fn new() -> Self {
        Self {
            learnt: 1.0,
            delays: [Duration::ZERO; LOOKS],
            crowded: 0,
            late: 0,
        }
    }

    /// Takes note of a delay and of how many requests had their turn in it.
    fn see(&mut self, delay: Duration, passed: u64) {
        self.delays.rotate_left(1);
        self.delays[LOOKS - 1] = if passed < CROWD {
            Duration::ZERO
        } else {
            delay
        };
        self.crowded = if self.least() > CROWDED {
            CALM
        } else {
            self.crowded.saturating_sub(1)
        };
    }

    fn least(&self) -> Duration {
        self.delays.into_iter().min().unwrap_or_default()
    }

    /// The share to be let in: what was learnt look by look, and at once less while the queue is long. The one alone would swing, since
    /// a queue tells of too many only when it has grown; the other alone would keep the queue as long as the overload is great.
    fn let_in(&mut self, wanted: Duration) -> f64 {
        if wanted.is_zero() {
            return 1.0;
        }
        let too_much = self.least().as_secs_f64() / wanted.as_secs_f64() - 1.0;
        self.late = if too_much > 0.0 {
            self.late.saturating_add(1)
        } else {
            0
        };
        if self.learnt >= 1.0 && self.late < PATIENCE {
            return 1.0;
        }
        let step = if too_much > 0.0 {
            -SHRINK * too_much.min(MOST_TOO_MUCH)
        } else {
            -GROW * too_much
        };
        self.learnt = (self.learnt * (1.0 + step)).clamp(LEAST, 1.0);
        (self.learnt / (1.0 + too_much.max(0.0))).max(LEAST)
    }

    /// Whether requests wait, or did a moment ago.
    const fn is_crowded(&self) -> bool {
        self.crowded > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Duration = Duration::from_millis(10);

    fn next(control: &mut Control, delay: Duration, passed: u64) -> f64 {
        control.see(delay, passed);
        control.let_in(WANTED)
    }

    /// A server of one thread: what comes waits, what is let in is served; the share served of what it could, and the longest delay of the
    /// second half.
    fn overloaded(times: f64, looks: usize) -> (f64, Duration) {
        let (mut control, mut queue, mut let_in) = (Control::new(), 0.0_f64, 1.0);
        let (mut served, mut longest) = (0.0, 0.0_f64);
        for number in 0..looks {
            // Seconds of work that came and were done between two looks.
            let came = queue + 0.01 * times * let_in;
            queue = (came - 0.01).max(0.0);
            served += came - queue;
            if number > looks / 2 {
                longest = longest.max(queue);
            }
            let_in = next(&mut control, Duration::from_secs_f64(queue), 10);
        }
        (
            served / (0.01 * looks as f64),
            Duration::from_secs_f64(longest),
        )
    }

    #[test]
    fn in_overload_the_server_stays_busy_and_the_queue_short() {
        for times in [1.5, 2.0, 5.0, 10.0] {
            let (busy, longest) = overloaded(times, 2_000);
            assert!(busy > 0.85, "{times}: {busy}");
            assert!(longest < 2 * WANTED, "{times}: {longest:?}");
        }
    }

    #[test]
    fn below_the_peak_nobody_is_refused_and_soon_after_overload_neither() {
        let mut control = Control::new();
        for look in 0..1_000 {
            // A long request now and then is no queue.
            let delay = Duration::from_millis(if look % 4 < 2 { 30 } else { 0 });
            assert_eq!(next(&mut control, delay, 10), 1.0);
        }
        // Nor is it one in which hardly anybody had his turn.
        for _ in 0..1_000 {
            assert_eq!(next(&mut control, Duration::from_secs(1), 1), 1.0);
        }
        while next(&mut control, Duration::from_millis(50), 10) > LEAST {}
        let calm = (0..500).position(|_| next(&mut control, Duration::ZERO, 10) == 1.0);
        assert!(
            calm.is_some_and(|looks| looks < 400),
            "{calm:?} looks of 10 ms"
        );
    }

    #[test]
    fn a_crowd_is_one_long_before_anybody_is_refused_and_for_a_moment_after() {
        let mut control = Control::new();
        for _ in 0..2 {
            control.see(WANTED, 10);
            assert!(!control.is_crowded());
        }
        control.see(WANTED, 10);
        assert!(control.is_crowded() && control.let_in(WANTED) == 1.0);
        let over = (0..10 * CALM).position(|_| {
            control.see(Duration::ZERO, 10);
            !control.is_crowded()
        });
        assert_eq!(over, Some(CALM as usize - 1));
        // Without shedding it is seen as well, and nobody is refused.
        for _ in 0..100 {
            control.see(Duration::from_secs(1), 10);
            assert_eq!(control.let_in(Duration::ZERO), 1.0);
        }
        assert!(control.is_crowded());
    }

    #[test]
    fn as_many_are_refused_as_is_said_and_files_first() {
        let pressure = Pressure::new(WANTED, Backlog::NONE);
        let let_in = |class, writes| {
            let admitted = (0..10_000).filter(|_| pressure.admits(class, writes));
            admitted.count()
        };
        assert_eq!(let_in(Class::Interactive, true), 10_000);
        shed(&pressure.writes, "writes", 0.2);
        let (people, files) = (
            let_in(Class::Interactive, true),
            let_in(Class::Transfer, true),
        );
        assert!(
            people.abs_diff(8_000) < 200 && files.abs_diff(2_000) < 200,
            "{people} {files}"
        );
        // Who only reads does not wait for a writer.
        assert_eq!(let_in(Class::Interactive, false), 10_000);
    }

    #[test]
    fn when_writers_are_late_writes_are_refused_and_reads_are_not() {
        let late = Backlog {
            writes: || 5 * WANTED,
            ..Backlog::NONE
        };
        let pressure = Arc::new(Pressure::new(WANTED, late));
        let watched = Arc::downgrade(&pressure);
        let (sender, _receiver) = StdStream::pair().expect("two sockets");
        let looking = std::thread::spawn(move || look(&watched, &sender));
        let until = Instant::now() + Duration::from_secs(30);
        while pressure.admits(Class::Interactive, true) && Instant::now() < until {
            std::thread::sleep(LOOK);
        }
        let refused = pressure.writes.load(Ordering::Relaxed);
        assert!(refused > 0 && pressure.reads.load(Ordering::Relaxed) == 0);
        drop(pressure);
        looking.join().expect("it ends with the gateway");
    }
}
