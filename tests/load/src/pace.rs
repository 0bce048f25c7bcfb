//! Sending: by a schedule that does not wait for answers, or as fast as answers come.

use std::{
    cell::RefCell,
    collections::VecDeque,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{sync::Notify, task::LocalSet, time};

use crate::{Dice, Ending, Mix, Tally, Wanted, Wire};

/// How long a caller waits; what comes later is no good to anybody.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often due arrivals are handed to callers.
const TICK: Duration = Duration::from_millis(1);

/// At which pace requests are sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// By a schedule: so many a second on average, with the gaps of a Poisson process.
    Open(f64),
    /// So many callers, each with the next request as soon as the last is answered.
    Closed(usize),
}

/// One span of load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Where REST answers.
    pub server: SocketAddr,
    /// The pace.
    pub pace: Pace,
    /// For how long arrivals come.
    pub span: Duration,
    /// Connections that an open pace may use at once.
    pub connections: usize,
    /// Seed of the schedule.
    pub seed: u64,
}

/// A request and the moment it was due.
struct Due {
    wanted: Wanted,
    at: Instant,
}

/// What callers of one span share. All of it is on one thread: the generator has one core.
struct Desk {
    mix: RefCell<Mix>,
    waiting: RefCell<VecDeque<Due>>,
    news: Notify,
    is_over: std::cell::Cell<bool>,
    /// A tally for each second in which requests were due.
    seconds: RefCell<Vec<Tally>>,
    began: Instant,
}

impl Load {
    /// Sends for the span and waits for the last answer; a tally for each second.
    pub async fn run(self, mix: Mix) -> (Mix, Vec<Tally>) {
        let desk = Rc::new(Desk {
            mix: RefCell::new(mix),
            waiting: RefCell::default(),
            news: Notify::new(),
            is_over: false.into(),
            seconds: RefCell::default(),
            began: Instant::now(),
        });
        let callers = LocalSet::new();
        let count = match self.pace {
            Pace::Open(_) => self.connections,
            Pace::Closed(callers) => callers,
        };
        let all: Vec<_> = (0..count)
            .map(|_| callers.spawn_local(call(Rc::clone(&desk), self)))
            .collect();
        let schedule = async {
            match self.pace {
                Pace::Open(rate) => desk.schedule(rate, self).await,
                Pace::Closed(_) => time::sleep(self.span).await,
            }
            desk.is_over.set(true);
            desk.news.notify_waiters();
            for caller in all {
                let _ = caller.await;
            }
        };
        callers.run_until(schedule).await;
        drop(callers);
        let desk = Rc::into_inner(desk).expect("the callers are gone");
        (desk.mix.into_inner(), desk.seconds.into_inner())
    }
}

impl Desk {
    /// Hands arrivals out as they are due.
    async fn schedule(&self, rate: f64, load: Load) {
        let mut dice = Dice::new(load.seed);
        let mut gap = move || Duration::from_secs_f64(-dice.share().ln() / rate);
        let mut due = gap();
        while due < load.span {
            let now = self.began.elapsed();
            while due <= now && due < load.span {
                let wanted = self.mix.borrow_mut().draw();
                let at = self.began + due;
                self.tally(at, |tally| {
                    tally.note_lateness(now.saturating_sub(due));
                });
                self.waiting.borrow_mut().push_back(Due { wanted, at });
                self.news.notify_one();
                due += gap();
            }
            time::sleep(TICK.min(due.saturating_sub(self.began.elapsed()))).await;
        }
    }

    /// The next request for a caller; `None` when no more come.
    async fn next(&self, pace: Pace) -> Option<Due> {
        if matches!(pace, Pace::Closed(_)) {
            let is_over = self.is_over.get();
            return (!is_over).then(|| Due {
                wanted: self.mix.borrow_mut().draw(),
                at: Instant::now(),
            });
        }
        loop {
            let news = self.news.notified();
            if let Some(due) = self.waiting.borrow_mut().pop_front() {
                return Some(due);
            }
            if self.is_over.get() {
                return None;
            }
            news.await;
        }
    }

    fn tally(&self, due: Instant, note: impl FnOnce(&mut Tally)) {
        let second = due.saturating_duration_since(self.began).as_secs() as usize;
        let mut seconds = self.seconds.borrow_mut();
        if seconds.len() <= second {
            seconds.resize_with(second + 1, Tally::default);
        }
        note(&mut seconds[second]);
    }
}

/// One caller: takes what is due and sends it.
async fn call(desk: Rc<Desk>, load: Load) {
    let mut wire = Wire::new(load.server);
    while let Some(Due { wanted, at }) = desk.next(load.pace).await {
        let kind = wanted.kind;
        let left = PATIENCE.saturating_sub(at.elapsed());
        let (ending, status, body) = if left.is_zero() {
            (Ending::Late, 0, Vec::new())
        } else {
            match time::timeout(left, wire.exchange(&wanted.bytes)).await {
                Ok(Ok(answer)) => (ending_of(answer.status), answer.status, answer.body),
                Ok(Err(_)) => (Ending::Broken, 0, Vec::new()),
                Err(_) => (Ending::Late, 0, Vec::new()),
            }
        };
        let latency = at.elapsed();
        desk.mix.borrow_mut().answered(wanted, status, &body);
        if ending == Ending::Broken {
            // A caller whose connection fails does not try again at once.
            time::sleep(Duration::from_millis(10)).await;
        }
        desk.tally(at, |tally| tally.note(kind, ending, latency));
    }
}

const fn ending_of(status: u16) -> Ending {
    match status {
        200..300 => Ending::Good,
        429 | 503 => Ending::Refused,
        other => Ending::Wrong(other),
    }
}
