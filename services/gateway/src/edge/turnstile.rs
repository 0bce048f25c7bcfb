//! Turns of requests to begin, while more come than threads can serve.
//!
//! A request that only reads runs from its first byte to its answer without ever waiting, so whoever comes first keeps the thread, and who
//! waits behind him is seen by nobody. While requests do wait for a thread, each therefore takes a turn, as many at once as there are
//! threads, and steps back once more before it begins: between two turns every socket is looked at that has something. So those who wait can be
//! counted, and whoever would wait too long is told so at once and not after the others were served.
//!
//! For how many there is room follows from how many begin in the time that anybody is to wait at most (Little's law). Nobody is refused
//! before the queue was too long for half a second: whoever gives way to requests ends what he is at first.

use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::yield_now,
};

use super::Class;

/// For so many there is room however slow requests are: fewer are no queue.
const LEAST: usize = 8;
/// Looks at a queue that is too long, one after the other, until there is no room for all.
const PATIENCE: u32 = 50;
/// Looks at one that is short, until there is again.
const CALM: u32 = 50;
/// A queue is short from this part of the wanted time on. Those who find a quarter of the room keep it at a quarter of that time, and would, if that were
/// short, open the door for all again and again.
const SHORT: u32 = 8;
/// Looks at which nobody began though somebody waits, one after the other, until one more has his turn: whoever has it works on a thread that
/// the runtime has replaced, such as in a long scan.
const STALLED: u32 = 5;
/// How much a look counts in the average of how many begin.
const WEIGHT: f64 = 0.05;

/// Where requests wait for a thread.
#[derive(Debug)]
pub(super) struct Turnstile {
    /// As many as there are threads.
    turns: Semaphore,
    /// Turns beside those, to be taken back.
    beside: AtomicUsize,
    /// Whether turns are taken at all.
    is_manned: AtomicBool,
    waiting: AtomicUsize,
    /// For how many there is room.
    room: AtomicUsize,
    /// Requests that have begun so far.
    begun: AtomicU64,
    /// How long the last of them had waited, in microseconds.
    waited: AtomicU64,
}

/// For how many there is room, as it follows from one look after the other.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Looks at which the queue was too long, one after the other.
    late: u32,
    /// Looks until there is room for all; 0 where there is.
    short: u32,
    /// Requests that begin in a second.
    pace: f64,
    /// Requests that had begun until the last look.
    begun: u64,
    /// Looks at which nobody began though somebody waited, one after the other.
    stalled: u32,
}

/// One of those who wait, until dropped.
struct Waiting<'t>(&'t AtomicUsize);

impl Turnstile {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            turns: Semaphore::new(threads),
            beside: AtomicUsize::new(0),
            is_manned: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            room: AtomicUsize::new(usize::MAX),
            begun: AtomicU64::new(0),
            waited: AtomicU64::new(0),
        }
    }

    /// Whether one more may wait. Figures find half of the room and files a quarter: people at a counter go first.
    pub(super) fn has_room(&self, class: Class) -> bool {
        let room = self.room.load(Ordering::Relaxed);
        let room = match class {
            Class::Interactive | Class::Stream => room,
            Class::Figures => room / 2,
            Class::Transfer => room / 4,
        };
        self.waiting() < room
    }

    /// Does the work, the first step of it in its turn. What it waits for after that is not a thread.
    pub(super) async fn in_turn<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        let mut turn = self.turn().await;
        poll_fn(|cx| {
            let step = work.as_mut().poll(cx);
            if let Some(turn) = turn.take() {
                self.end(turn);
            }
            step
        })
        .await
    }

    fn end(&self, turn: SemaphorePermit<'_>) {
        let fewer = |beside: usize| beside.checked_sub(1);
        let was_beside = self
            .beside
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        if was_beside.is_ok() {
            turn.forget();
        }
    }

    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        if !self.is_manned.load(Ordering::Relaxed) {
            return None;
        }
        let came = Instant::now();
        let _place = Waiting::among(&self.waiting);
        let turn = self.turns.acquire().await.ok();
        yield_now().await;
        let waited = u64::try_from(came.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waited.store(waited, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        turn
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How long who began last had waited; nothing if nobody waits.
    pub(super) fn delay(&self) -> Duration {
        if self.waiting() == 0 {
            return Duration::ZERO;
        }
        Duration::from_micros(self.waited.load(Ordering::Relaxed))
    }

    /// Takes turns from now on, or no longer: without a queue they cost a little and gain nothing.
    pub(super) fn man(&self, is_manned: bool) {
        self.is_manned.store(is_manned, Ordering::Relaxed);
    }

    /// Looks at the queue, so long after the last look. Nobody is to wait longer than is wanted; where that is zero there is room for all.
    pub(super) fn look(&self, room: &mut Room, wanted: Duration, since: Duration) {
        let begun = self.begun.load(Ordering::Relaxed);
        if room.is_stalled(begun, self.waiting()) {
            self.beside.fetch_add(1, Ordering::Relaxed);
            self.turns.add_permits(1);
        }
        self.set_room(room.after(self.delay(), begun, wanted, since));
    }

    /// So many may wait from now on.
    pub(super) fn set_room(&self, room: usize) {
        self.room.store(room, Ordering::Relaxed);
    }
}

impl Room {
    fn is_stalled(&mut self, begun: u64, waiting: usize) -> bool {
        self.stalled = if begun == self.begun && waiting > 0 {
            self.stalled + 1
        } else {
            0
        };
        self.stalled > 0 && self.stalled.is_multiple_of(STALLED)
    }

    fn after(&mut self, delay: Duration, begun: u64, wanted: Duration, since: Duration) -> usize {
        let pace = (begun - self.begun) as f64 / since.as_secs_f64().max(f64::EPSILON);
        self.begun = begun;
        self.pace += WEIGHT * (pace - self.pace);
        if wanted.is_zero() {
            return usize::MAX;
        }
        let late = if delay > wanted { self.late + 1 } else { 0 };
        self.late = late.min(PATIENCE);
        let is_still_long = self.short > 0 && delay > wanted / SHORT;
        self.short = if self.late == PATIENCE || is_still_long {
            CALM
        } else {
            self.short.saturating_sub(1)
        };
        if self.short == 0 {
            return usize::MAX;
        }
        LEAST.max((self.pace * wanted.as_secs_f64()) as usize)
    }
}

impl<'t> Waiting<'t> {
    fn among(waiting: &'t AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        sync::Arc,
    };

    use futures::future::BoxFuture;
    use tokio::task::JoinHandle;

    use super::*;

    const WANTED: Duration = Duration::from_millis(100);
    const LOOK: Duration = Duration::from_millis(10);

    /// A server that does so many requests a second, with so many times as many coming, who find this part of the room: the share of its time in
    /// which it is busy, and the longest queue, in time, of the second half of so many looks.
    fn overloaded(pace: f64, times: f64, part: usize, looks: usize) -> (f64, Duration) {
        let (mut room, mut fits) = (Room::default(), usize::MAX);
        let (mut queue, mut begun, mut longest) = (0.0_f64, 0.0_f64, 0.0_f64);
        for number in 0..looks {
            let came = pace * times * LOOK.as_secs_f64();
            // As many connections as there are: who waits sends nothing.
            let most = if fits == usize::MAX { 512 } else { fits / part };
            queue = (queue + came).min(queue.max(most as f64));
            let done = queue.min(pace * LOOK.as_secs_f64());
            queue -= done;
            begun += done;
            let delay = Duration::from_secs_f64(queue / pace);
            if number > looks / 2 {
                longest = longest.max(queue / pace);
            }
            fits = room.after(delay, begun as u64, WANTED, LOOK);
        }
        let busy = begun / (pace * LOOK.as_secs_f64() * looks as f64);
        (busy, Duration::from_secs_f64(longest))
    }

    #[test]
    fn in_overload_the_server_is_always_busy_and_nobody_waits_much_longer_than_wanted() {
        for pace in [300.0, 1_000.0, 20_000.0] {
            for times in [1.2, 2.0, 5.0, 10.0, 50.0] {
                let (busy, longest) = overloaded(pace, times, 1, 1_000);
                assert!(busy > 0.95, "{pace} x {times}: {busy}");
                assert!(longest < 2 * WANTED, "{pace} x {times}: {longest:?}");
            }
        }
    }

    #[test]
    fn too_many_figures_or_files_are_refused_as_long_as_they_come() {
        for part in [2, 4] {
            let (busy, longest) = overloaded(1_000.0, 5.0, part, 1_000);
            assert!(busy > 0.95, "{part}: {busy}");
            assert!(longest < WANTED, "{part}: {longest:?}");
        }
    }

    #[test]
    fn there_is_room_for_all_until_the_queue_was_long_for_half_a_second_and_soon_after_it() {
        let mut room = Room::default();
        let mut begun = 0;
        let mut after = |delay, looks| {
            let fits = (0..looks).map(|_| {
                begun += 10;
                room.after(delay, begun, WANTED, LOOK)
            });
            fits.collect::<Vec<_>>()
        };
        for (delay, looks) in [(3 * WANTED, 49), (WANTED / 2, 1), (3 * WANTED, 49)] {
            assert_eq!(after(delay, looks), vec![usize::MAX; looks]);
        }
        // A thousand begin in a second, so a hundred in the time that is wanted.
        let fits = after(3 * WANTED, 500);
        assert!(fits.last().is_some_and(|fits| fits.abs_diff(100) < 5));
        let fits = after(Duration::ZERO, 50);
        assert!(fits[48] != usize::MAX && fits[49] == usize::MAX);
        // Switched off.
        assert_eq!(
            Room::default().after(WANTED, 0, Duration::ZERO, LOOK),
            usize::MAX
        );
    }

    #[test]
    fn files_find_a_quarter_of_the_room_and_figures_half() {
        let turnstile = Turnstile::new(1);
        turnstile.set_room(8);
        let fit = |class| {
            let mut places = Vec::new();
            while turnstile.has_room(class) {
                places.push(Waiting::among(&turnstile.waiting));
            }
            places.len()
        };
        assert_eq!(fit(Class::Transfer), 2);
        assert_eq!(fit(Class::Figures), 4);
        assert_eq!(fit(Class::Interactive), 8);
        assert_eq!(turnstile.waiting(), 0);
    }

    fn enter(turnstile: &Arc<Turnstile>, work: BoxFuture<'static, ()>) -> JoinHandle<()> {
        let turnstile = Arc::clone(turnstile);
        tokio::spawn(async move { turnstile.in_turn(work).await })
    }

    #[tokio::test]
    async fn one_begins_after_the_other_and_who_waits_for_something_else_keeps_nobody_out() {
        let turnstile = Arc::new(Turnstile::new(1));
        turnstile.man(true);
        // It begins, and then waits for ever for something that is not a thread.
        let forever = enter(&turnstile, Box::pin(pending::<()>()));
        let others: Vec<_> = (0..3)
            .map(|_| enter(&turnstile, Box::pin(ready(()))))
            .collect();
        yield_now().await;
        assert!(turnstile.waiting() > 0, "they are counted");
        for other in others {
            other.await.expect("it had its turn");
        }
        assert_eq!(turnstile.waiting(), 0);
        assert_eq!(turnstile.begun.load(Ordering::Relaxed), 4);
        forever.abort();
    }

    #[tokio::test]
    async fn whoever_panics_in_his_turn_leaves_it_to_the_next() {
        let turnstile = Arc::new(Turnstile::new(1));
        turnstile.man(true);
        let panics = enter(&turnstile, Box::pin(async { panic!("as it happens") }));
        panics.await.expect_err("it panicked");
        enter(&turnstile, Box::pin(ready(())))
            .await
            .expect("it had its turn");
        assert_eq!(turnstile.waiting(), 0);
    }

    #[tokio::test]
    async fn whoever_keeps_his_turn_for_long_keeps_others_out_for_a_moment_only() {
        let turnstile = Arc::new(Turnstile::new(1));
        turnstile.man(true);
        let kept = turnstile.turns.acquire().await.expect("it is never closed");
        let waits = enter(&turnstile, Box::pin(ready(())));
        yield_now().await;
        let mut room = Room::default();
        for _ in 0..STALLED {
            assert!(!waits.is_finished());
            turnstile.look(&mut room, WANTED, LOOK);
        }
        waits.await.expect("it had its turn");
        turnstile.end(kept);
        assert_eq!(turnstile.turns.available_permits(), 1);
    }

    #[tokio::test]
    async fn who_goes_away_while_he_waits_leaves_no_place_taken() {
        let turnstile = Arc::new(Turnstile::new(1));
        turnstile.man(true);
        let held = turnstile.turns.acquire().await.expect("it is never closed");
        let leaves = enter(&turnstile, Box::pin(ready(())));
        yield_now().await;
        assert_eq!(turnstile.waiting(), 1);
        leaves.abort();
        leaves.await.expect_err("it was aborted");
        assert_eq!(turnstile.waiting(), 0);
        drop(held);
    }
}
