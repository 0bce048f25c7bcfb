//! Shedding by the delay of queues.
//!
//! What piles up in overload are connections that wait for a thread. A byte that goes through a pair of sockets again and again shows how long
//! that takes. From a few milliseconds on requests wait in a queue where they are counted (the [`Turnstile`]), work of this process that can
//! wait is told to, and nobody is refused yet. The least of a few looks counts, as in CoDel (RFC 8289): one long request is no queue. Nor is
//! one in which hardly anybody was served meanwhile: then the machine is busy with something else, and refusing a few would help nobody.
//!
//! A unit of work waits for its store too, and for those queues there are controls of their own: while units wait longer than is wanted,
//! the share of requests that is let in shrinks step by step, and grows again when they do not, as WeChat's DAGOR does it (Zhou et al.,
//! SoCC 2018), but by steps as large as the delay is wrong, and less at once while the queue is long (a controller with a proportional and an
//! integral part). Where writes are late, reads pass: else every connection would come to wait for a writer, and reads behind them at the
//! caller's, where nobody here sees them.

use std::{
    io::{self, Write as _},
    os::unix::net::UnixStream as StdStream,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    thread::available_parallelism,
    time::{Duration, Instant},
};

use tokio::{io::AsyncReadExt as _, net::UnixStream};

use super::{
    Class,
    turnstile::{Room, Turnstile},
};
use crate::Backlog;

/// Between two looks at the delays.
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
/// Requests that came while a byte was under way: fewer are no queue.
const CROWD: u64 = 8;
/// A delay from which on work that can wait should: long before anybody is refused.
const CROWDED: Duration = Duration::from_millis(5);
/// Looks without such a delay until that is over.
const CALM: u32 = 50;
/// Somebody is always let in: else nobody would notice that the queue is gone.
const LEAST: f64 = 0.01;
/// How much a look counts in the share that was refused lately.
const WEIGHT: f64 = 0.05;

/// How much is refused now.
#[derive(Debug)]
pub(crate) struct Pressure {
    /// The delay that is wanted at most; zero switches shedding off.
    wanted: Duration,
    backlog: Backlog,
    turnstile: Turnstile,
    /// Shares of interactive requests refused since their store is late, of 2^32: of those that only read, and of those that write.
    reads: AtomicU32,
    writes: AtomicU32,
    dice: AtomicU64,
    /// Requests refused so far.
    refused: AtomicU64,
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

/// What is kept from one look to the next.
#[derive(Debug, Default)]
struct Watch {
    threads: Delays,
    readers: Control,
    writers: Control,
    room: Room,
    lately: Lately,
}

/// The last few delays of one queue.
#[derive(Debug, Default)]
struct Delays {
    last: [Duration; LOOKS],
    /// Looks until the crowd counts as gone; 0 where there is none.
    crowded: u32,
}

/// The share let in to a store, as it follows from one delay after the other.
#[derive(Debug)]
struct Control {
    /// The share that the delays so far have taught.
    learnt: f64,
    delays: Delays,
    /// Looks that were too late, one after the other.
    late: u32,
}

/// The share of requests that was refused of late.
#[derive(Debug, Default)]
struct Lately {
    came: u64,
    refused: u64,
    share: f64,
}

impl Pressure {
    pub(crate) fn new(wanted: Duration, backlog: Backlog) -> Self {
        let threads = available_parallelism().map_or(1, usize::from);
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
            turnstile: Turnstile::new(threads),
            reads: AtomicU32::new(0),
            writes: AtomicU32::new(0),
            dice: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            probe: Arc::new(probe),
        }
    }

    /// Whether a request of this class may come in. To be asked once for each request.
    pub(crate) fn admits(&self, class: Class, writes: bool) -> bool {
        self.probe.came.fetch_add(1, Ordering::Relaxed);
        let is_let_in = self.turnstile.has_room(class) && self.store_takes(class, writes);
        if !is_let_in {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        is_let_in
    }

    /// Where those who were let in wait for a thread.
    pub(super) fn turnstile(&self) -> &Turnstile {
        &self.turnstile
    }

    /// Whether the store is not too late for one more, by chance. Figures and files go first: nobody stands at a counter for them.
    fn store_takes(&self, class: Class, writes: bool) -> bool {
        let shed = if writes { &self.writes } else { &self.reads };
        let shed = shed.load(Ordering::Relaxed);
        if shed == 0 {
            return true;
        }
        let shed = match class {
            // A stream waits for events, not for a store: opening one costs what a request costs.
            Class::Interactive | Class::Stream => shed,
            Class::Figures => shed.saturating_mul(2),
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

    /// How long the round under way takes already, or the one before took, whichever is longer; nothing if hardly anybody came in it.
    fn delay(&self) -> Duration {
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
        if passed < CROWD {
            return Duration::ZERO;
        }
        Duration::from_micros(waits.max(took))
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
    let (mut watch, mut last) = (Watch::default(), Instant::now());
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
        watch.look(&pressure, last.elapsed());
        last = Instant::now();
    }
}

/// From now on this share of one kind is refused.
fn shed(kind: &AtomicU32, name: &'static str, share: f64) {
    kind.store((share * f64::from(u32::MAX)) as u32, Ordering::Relaxed);
    metrics::gauge!("marque_gateway_shed_share", "of" => name).set(share);
}

impl Watch {
    /// Looks at every queue, so long after the last look.
    fn look(&mut self, pressure: &Pressure, since: Duration) {
        let Pressure {
            wanted,
            backlog,
            turnstile,
            ..
        } = pressure;
        self.threads
            .see(pressure.probe.delay().max(turnstile.delay()));
        self.readers.see((backlog.reads)());
        self.writers.see((backlog.writes)());
        turnstile.man(self.threads.is_crowded());
        turnstile.look(&mut self.room, *wanted, since);
        let reads = self.readers.let_in(*wanted);
        let writes = reads * self.writers.let_in(*wanted);
        shed(&pressure.reads, "reads", 1.0 - reads);
        shed(&pressure.writes, "writes", 1.0 - writes);
        let queues = [&self.threads, &self.readers.delays, &self.writers.delays];
        (backlog.on_crowd)(queues.into_iter().any(Delays::is_crowded));
        self.lately.see(pressure);
    }
}

impl Delays {
    fn see(&mut self, delay: Duration) {
        self.last.rotate_left(1);
        self.last[LOOKS - 1] = delay;
        self.crowded = if self.least() > CROWDED {
            CALM
        } else {
            self.crowded.saturating_sub(1)
        };
    }

    fn least(&self) -> Duration {
        self.last.into_iter().min().unwrap_or_default()
    }

    /// Whether somebody waits, or did a moment ago.
    const fn is_crowded(&self) -> bool {
        self.crowded > 0
    }
}

impl Default for Control {
    fn default() -> Self {
        Self {
            learnt: 1.0,
            delays: Delays::default(),
            late: 0,
        }
    }
}

impl Control {
    fn see(&mut self, delay: Duration) {
        self.delays.see(delay);
    }

    /// The share to be let in: what was learnt look by look, and at once less while the queue is long. The one alone would swing, since
    /// a queue tells of too many only when it has grown; the other alone would keep the queue as long as the overload is great.
    fn let_in(&mut self, wanted: Duration) -> f64 {
        if wanted.is_zero() {
            return 1.0;
        }
        let too_much = self.delays.least().as_secs_f64() / wanted.as_secs_f64() - 1.0;
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
}

impl Lately {
    /// Counts who came and who was refused since the last look, and tells it.
    fn see(&mut self, pressure: &Pressure) {
        let came = pressure.probe.came.load(Ordering::Relaxed);
        let refused = pressure.refused.load(Ordering::Relaxed);
        let share = (refused - self.refused) as f64 / (came - self.came).max(1) as f64;
        self.share += WEIGHT * (share - self.share);
        (self.came, self.refused) = (came, refused);
        metrics::gauge!("marque_gateway_shed_share", "of" => "all").set(self.share);
        metrics::gauge!("marque_gateway_waiting").set(pressure.turnstile.waiting() as f64);
    }
}

#[cfg(test)]
impl Pressure {
    /// Refuses everybody, until it is looked at the next time, or lets everybody in.
    pub(crate) fn refuse_all(&self, all: bool) {
        self.turnstile.set_room(if all { 0 } else { usize::MAX });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Duration = Duration::from_millis(10);

    fn next(control: &mut Control, delay: Duration) -> f64 {
        control.see(delay);
        control.let_in(WANTED)
    }

    /// A server of one thread: what comes waits, what is let in is served; the share served of what it could, and the longest delay of the
    /// second half.
    fn overloaded(times: f64, looks: usize) -> (f64, Duration) {
        let (mut control, mut queue, mut let_in) = (Control::default(), 0.0_f64, 1.0);
        let (mut served, mut longest) = (0.0, 0.0_f64);
        for number in 0..looks {
            // Seconds of work that came and were done between two looks.
            let came = queue + 0.01 * times * let_in;
            queue = (came - 0.01).max(0.0);
            served += came - queue;
            if number > looks / 2 {
                longest = longest.max(queue);
            }
            let_in = next(&mut control, Duration::from_secs_f64(queue));
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
        let mut control = Control::default();
        for look in 0..1_000 {
            // A long unit of work now and then is no queue.
            let delay = Duration::from_millis(if look % 4 < 2 { 30 } else { 0 });
            assert_eq!(next(&mut control, delay), 1.0);
        }
        while next(&mut control, Duration::from_millis(50)) > LEAST {}
        let calm = (0..500).position(|_| next(&mut control, Duration::ZERO) == 1.0);
        assert!(
            calm.is_some_and(|looks| looks < 400),
            "{calm:?} looks of 10 ms"
        );
    }

    #[test]
    fn a_byte_that_waits_is_a_queue_only_if_requests_came_meanwhile() {
        let pressure = Pressure::new(WANTED, Backlog::NONE);
        pressure.probe.join();
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(pressure.probe.delay(), Duration::ZERO);
        for _ in 0..CROWD {
            assert!(pressure.admits(Class::Interactive, false));
        }
        assert!(pressure.probe.delay() >= Duration::from_millis(2));
        pressure.probe.leave();
        assert!(pressure.probe.delay() >= Duration::from_millis(2));
    }

    #[test]
    fn a_crowd_is_one_long_before_anybody_is_refused_and_for_a_moment_after() {
        let mut delays = Delays::default();
        for _ in 0..2 {
            delays.see(WANTED);
            assert!(!delays.is_crowded());
        }
        delays.see(WANTED);
        assert!(delays.is_crowded());
        let over = (0..10 * CALM).position(|_| {
            delays.see(Duration::ZERO);
            !delays.is_crowded()
        });
        assert_eq!(over, Some(CALM as usize - 1));
        // Without shedding it is seen as well, and nobody is refused.
        let mut control = Control::default();
        for _ in 0..100 {
            control.see(Duration::from_secs(1));
            assert_eq!(control.let_in(Duration::ZERO), 1.0);
        }
        assert!(control.delays.is_crowded());
    }

    #[test]
    fn as_many_are_refused_as_is_said_and_files_before_figures_before_people() {
        let pressure = Pressure::new(WANTED, Backlog::NONE);
        let let_in = |class, writes| {
            let admitted = (0..10_000).filter(|_| pressure.admits(class, writes));
            admitted.count()
        };
        assert_eq!(let_in(Class::Interactive, true), 10_000);
        shed(&pressure.writes, "writes", 0.2);
        for (class, share) in [
            (Class::Interactive, 8_000),
            (Class::Figures, 6_000),
            (Class::Transfer, 2_000),
        ] {
            let admitted = let_in(class, true);
            assert!(admitted.abs_diff(share) < 200, "{class:?}: {admitted}");
        }
        // Who only reads does not wait for a writer.
        assert_eq!(let_in(Class::Interactive, false), 10_000);
    }

    #[test]
    fn what_was_refused_lately_is_known() {
        let pressure = Pressure::new(WANTED, Backlog::NONE);
        let mut lately = Lately::default();
        for all in [true, false] {
            pressure.refuse_all(all);
            for _ in 0..200 {
                assert_eq!(pressure.admits(Class::Interactive, false), !all);
                lately.see(&pressure);
            }
            let told = if all { 1.0 } else { 0.0 };
            assert!((lately.share - told).abs() < 0.01, "{}", lately.share);
        }
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
