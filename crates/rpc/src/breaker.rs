//! A peer that cannot be reached is left alone for a while: its callers learn at once instead of waiting for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use metrics::gauge;
use parking_lot::Mutex;

use crate::RoleName;

/// Failures in a row after which a peer is left alone.
const FAILURES: u32 = 5;
/// How long it is left alone at first; doubled each time that it is still down.
const FIRST_REST: Duration = Duration::from_millis(500);
/// And at most.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// One peer's breaker; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Breaker {
    role: RoleName,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum State {
    /// Calls go through; so many failed in a row.
    Closed(u32),
    /// Calls are refused until then; the next rest will be that long.
    Open { until: Instant, rest: Duration },
    /// One call tries whether the peer is back. If nothing is heard of it until then, another may.
    Trying { until: Instant, rest: Duration },
}

impl Breaker {
    pub(crate) fn new(role: RoleName) -> Self {
        Self {
            role,
            state: Arc::new(Mutex::new(State::Closed(0))),
        }
    }

    /// The peer.
    pub(crate) const fn role(&self) -> RoleName {
        self.role
    }

    /// Lets a call through, or says how long the peer is left alone yet.
    pub(crate) fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock();
        match *state {
            State::Closed(_) => Ok(()),
            State::Open { until, rest } | State::Trying { until, rest } if now >= until => {
                let until = now + rest;
                *state = State::Trying { until, rest };
                Ok(())
            }
            State::Open { until, .. } | State::Trying { until, .. } => Err(until - now),
        }
    }

    /// The peer answered, whatever it said.
    pub(crate) fn answered(&self) {
        let mut state = self.state.lock();
        if !matches!(*state, State::Closed(_)) {
            tracing::info!(peer.role = %self.role, "the peer is back");
            self.show(false);
        }
        *state = State::Closed(0);
    }

    /// The peer could not be reached.
    pub(crate) fn failed(&self, now: Instant) {
        let mut state = self.state.lock();
        let rest = match *state {
            State::Closed(failures) if failures + 1 < FAILURES => {
                *state = State::Closed(failures + 1);
                return;
            }
            State::Closed(_) => {
                tracing::warn!(peer.role = %self.role, "the peer is left alone for a while");
                self.show(true);
                FIRST_REST
            }
            State::Trying { rest, .. } => (rest * 2).min(LONGEST_REST),
            // A call that began before.
            State::Open { .. } => return,
        };
        let until = now + rest;
        *state = State::Open { until, rest };
    }

    fn show(&self, is_open: bool) {
        gauge!("marque_breaker_open", "marque.role" => self.role.as_str())
            .set(f64::from(u8::from(is_open)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn broken(now: Instant) -> Breaker {
        let breaker = Breaker::new(RoleName::Vehicle);
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn a_few_failures_between_answers_change_nothing() {
        let (breaker, now) = (Breaker::new(RoleName::Vehicle), Instant::now());
        for _ in 0..50 {
            for _ in 1..FAILURES {
                breaker.failed(now);
            }
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.answered();
        }
    }

    #[test]
    fn a_peer_that_is_down_is_tried_by_one_call_at_a_time_ever_more_seldom() {
        let mut now = Instant::now();
        let breaker = broken(now);
        let mut rests = Vec::new();
        for _ in 0..7 {
            let rest = breaker.admit(now).unwrap_err();
            rests.push(rest.as_millis());
            now += rest;
            assert_eq!(breaker.admit(now), Ok(()), "one tries");
            assert!(breaker.admit(now).is_err(), "the others wait");
            breaker.failed(now);
        }
        assert_eq!(rests, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    }

    #[test]
    fn an_answer_lets_everybody_through_again() {
        let now = Instant::now();
        let breaker = broken(now);
        let later = now + 600 * MS;
        assert_eq!(breaker.admit(later), Ok(()));
        breaker.answered();
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later), Ok(()));
    }

    #[test]
    fn an_attempt_of_which_nothing_is_heard_holds_nobody_up_for_ever() {
        let now = Instant::now();
        let breaker = broken(now);
        let later = now + 600 * MS;
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later + 499 * MS), Err(MS));
        assert_eq!(breaker.admit(later + 500 * MS), Ok(()));
    }
}
