//! Until when a unit of work is wanted, and how one that is not wanted any more is ended.
//!
//! On SQLite a read that is running is ended at the deadline, and a write that waits for its turn is not begun; one that has
//! begun shares its transaction with others and goes on to its end.
//!
//! A request that passed its deadline, or whose caller went away, drops the future it waited with. PostgreSQL is then told to
//! cancel what it does for it; work that waits for its turn is not begun. As a second wall the server itself gets what is left
//! of the deadline as `statement_timeout`.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use postgres::CancelToken;

use crate::{StoreError, tls::Tls};

tokio::task_local! {
    static UNTIL: Instant;
}

/// Runs work whose units of work are wanted until an instant.
pub fn until<F: Future>(instant: Instant, work: F) -> impl Future<Output = F::Output> {
    UNTIL.scope(instant, work)
}

/// One unit of work; the waiting caller and the thread of the database share it.
#[derive(Clone)]
pub(crate) struct Wanted {
    until: Option<Instant>,
    state: Arc<Mutex<State>>,
}

enum State {
    /// It waits for a thread.
    Waiting,
    /// It runs on a session that can be told to stop.
    Running(CancelToken, Tls),
    /// It ran to its end.
    Ended,
    /// Nobody waits for it any more.
    Abandoned,
}

/// What a unit of work is answered that is not wanted any more.
pub(crate) fn over() -> StoreError {
    StoreError::Unavailable("nobody waits for this unit of work any more".into())
}

/// Abandons the work when it is dropped before the work's end.
pub(crate) struct Waiter(Wanted);

impl Wanted {
    /// Work for the current task, wanted until its deadline if it has one.
    pub(crate) fn now() -> Self {
        Self {
            until: UNTIL.try_with(|instant| *instant).ok(),
            state: Arc::new(Mutex::new(State::Waiting)),
        }
    }

    /// To be held by the caller while he waits.
    pub(crate) fn waiter(&self) -> Waiter {
        Waiter(self.clone())
    }

    /// What is left of the deadline; `None` without one.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.until
            .map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// The deadline.
    pub(crate) const fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Whether nobody will hear of the outcome.
    pub(crate) fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
            || matches!(*self.state.lock(), State::Abandoned)
    }

    /// The work begins; false if it need not.
    pub(crate) fn begin(&self, token: CancelToken, tls: Tls) -> bool {
        let mut state = self.state.lock();
        let is_wanted = matches!(*state, State::Waiting);
        if is_wanted {
            *state = State::Running(token, tls);
        }
        is_wanted
    }

    /// The work is at its end. False if it was cancelled: the cancellation may still be on its way to the session, which
    /// must not be used any more.
    pub(crate) fn end(&self) -> bool {
        let mut state = self.state.lock();
        let was_wanted = matches!(*state, State::Running(..));
        if was_wanted {
            *state = State::Ended;
        }
        was_wanted
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        match std::mem::replace(&mut *state, State::Abandoned) {
            State::Running(token, tls) => {
                // A connection of its own, which blocks: not on a thread of the runtime.
                let cancel = move || tls.cancel(&token);
                drop(
                    thread::Builder::new()
                        .name("pg-cancel".to_owned())
                        .spawn(cancel),
                );
            }
            State::Ended => *state = State::Ended,
            State::Waiting | State::Abandoned => {}
        }
    }
}
