//! The queues before the threads of a database: of a length that callers can wait for.

use crossbeam_channel::{Sender, TrySendError};

use crate::StoreError;

/// Units of work that wait before one kind of threads. Calls in progress are limited before they come here
/// (`rpc.max_in_flight`); this is for what a process asks of itself, and for a database that stands still.
pub(crate) const LONGEST: usize = 4096;

/// Puts a unit of work into a queue, unless it is full.
///
/// # Errors
/// [`StoreError::Unavailable`]: too much waits already, or the threads have ended.
pub(crate) fn put<T>(queue: &Sender<T>, job: T) -> Result<(), StoreError> {
    queue.try_send(job).map_err(|refused| match refused {
        TrySendError::Full(_) => StoreError::Unavailable(
            format!("{LONGEST} units of work wait for the database already").into(),
        ),
        TrySendError::Disconnected(_) => stopped(),
    })
}

/// The threads of a database have ended.
pub(crate) fn stopped() -> StoreError {
    StoreError::Unavailable("the database threads have stopped".into())
}
