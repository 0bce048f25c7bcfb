//! A replica of a PostgreSQL server, for lists and reports.
//!
//! It is asked when it has all that this process has written, so that whoever reads after he wrote reads what he wrote;
//! otherwise, and while it does not answer, the server itself is asked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use crate::{
    Conn, StoreError,
    database::on_postgres,
    postgres::{self, PgJob, Place},
    waits::Work,
    wall::Wall,
};

/// How long a replica that did not answer is left alone.
const REST: Duration = Duration::from_secs(5);

/// The threads that ask a replica.
pub(crate) struct Replica {
    jobs: Sender<PgJob>,
    /// Where the server's log stood after the newest commit of this process.
    written: Arc<AtomicU64>,
    /// Until when it is left alone.
    rests_until: Mutex<Option<Instant>>,
}

/// What came of asking a replica; work it did not begin is given back.
pub(crate) enum Tried<T, W> {
    /// It answered.
    Done(T),
    /// The server itself is to be asked.
    Declined(W),
}

/// The same, as the thread tells it.
enum Told<T, W> {
    Done(T),
    Behind(W),
    Down(W),
}

impl Replica {
    /// Starts the threads. `written` is where writers note how far the log stood after each of their commits.
    pub(crate) fn start(
        place: &Place,
        readers: usize,
        written: Arc<AtomicU64>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            jobs: postgres::start(place, readers, ("pg-replica", Work::Reads))?,
            written,
            rests_until: Mutex::default(),
        })
    }

    /// Has the replica do the work, if it can.
    pub(crate) async fn ask<T, E, W>(&self, wall: Option<Wall>, work: W) -> Result<Tried<T, W>, E>
    where
        W: FnOnce(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if self
            .rests_until
            .lock()
            .is_some_and(|until| Instant::now() < until)
        {
            return Ok(Tried::Declined(work));
        }
        let written = self.written.load(Ordering::Acquire);
        let told = on_postgres((&self.jobs, false), wall, move |session, unit| {
            let standing = match session {
                Ok(session) => session.has_replayed(written),
                Err(_) => return Ok(Told::Down(work)),
            };
            match standing {
                Ok(true) => postgres::read(session, unit, work).map(Told::Done),
                Ok(false) => Ok(Told::Behind(work)),
                Err(_) => Ok(Told::Down(work)),
            }
        });
        Ok(match told.await? {
            Told::Done(answer) => Tried::Done(answer),
            Told::Behind(work) => Tried::Declined(work),
            Told::Down(work) => {
                *self.rests_until.lock() = Some(Instant::now() + REST);
                tracing::warn!(
                    "the replica does not answer: lists are read from the server itself"
                );
                Tried::Declined(work)
            }
        })
    }
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replica").finish_non_exhaustive()
    }
}

/// A place in the log, as PostgreSQL writes it: `16/B374D848`.
pub(crate) fn position(text: &str) -> Option<u64> {
    let (high, low) = text.split_once('/')?;
    let part = |text| u32::from_str_radix(text, 16).ok().map(u64::from);
    Some(part(high)? << 32 | part(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_log_are_in_its_order() {
        assert_eq!(position("16/B374D848"), Some(0x16_B374_D848));
        assert!(position("0/FFFFFFFF") < position("1/0"));
        assert_eq!(position("nowhere"), None);
    }
}
