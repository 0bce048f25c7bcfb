//! Trying a read again, within a budget, so that retries cannot grow into a storm (gRPC A6).

use std::{
    future::Future,
    sync::Arc,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::Deadline;

/// Attempts in all of one call.
const ATTEMPTS: u32 = 3;
/// Tokens are kept in tenths, since a success earns a tenth.
const FULL: i64 = 100;
const FAILURE_COSTS: i64 = 10;
const SUCCESS_EARNS: i64 = 1;
/// First wait where the peer names none; doubled at each attempt.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// The tokens of one peer. A failure costs one, a success earns a tenth; below half of ten nothing is tried again.
/// Clones share the tokens.
#[derive(Debug, Clone)]
pub struct RetryBudget(Arc<AtomicI64>);

impl RetryBudget {
    /// A full budget.
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(FULL)))
    }

    fn earn(&self) {
        self.change(SUCCESS_EARNS);
    }

    /// Pays for a failure and says whether enough is left for another attempt.
    fn pay(&self) -> bool {
        self.change(-FAILURE_COSTS) > FULL / 2
    }

    fn change(&self, by: i64) -> i64 {
        let change = |tokens: i64| Some((tokens + by).clamp(0, FULL));
        let before = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change)
            .expect("the change is never refused");
        (before + by).clamp(0, FULL)
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a read, and makes it again while the peer answers UNAVAILABLE and budget, attempts and deadline allow.
///
/// Only for calls that change nothing. A wait that the peer asks for (`RetryInfo`) is kept.
///
/// # Errors
/// The last attempt's status.
pub async fn retry_read<T, F, Fut>(
    budget: &RetryBudget,
    deadline: Option<Deadline>,
    mut call: F,
) -> Result<T, Status>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Status>>,
{
    let mut own_wait = FIRST_WAIT;
    let mut attempt = 1;
    loop {
        let status = match call().await {
            Ok(answer) => {
                budget.earn();
                return Ok(answer);
            }
            Err(status) if status.code() != Code::Unavailable => return Err(status),
            Err(status) => status,
        };
        let wait = status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay)
            .unwrap_or(own_wait);
        let in_time = deadline.is_none_or(|deadline| deadline.remaining() > wait);
        if !budget.pay() || attempt == ATTEMPTS || !in_time {
            return Err(status);
        }
        tokio::time::sleep(wait).await;
        own_wait *= 2;
        attempt += 1;
    }
}
