//! Retries: only of UNAVAILABLE, only within the budget.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use marque_rpc::{Deadline, RetryBudget, retry_read};
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

#[tokio::test]
async fn a_read_that_fails_once_succeeds_at_the_second_attempt() {
    let attempts = Cell::new(0);
    let answer = retry_read(&RetryBudget::new(), None, || {
        attempts.set(attempts.get() + 1);
        let first = attempts.get() == 1;
        async move {
            if first {
                Err(Status::unavailable(""))
            } else {
                Ok(5)
            }
        }
    })
    .await;
    assert_eq!((answer.unwrap(), attempts.get()), (5, 2));
}

#[tokio::test]
async fn nothing_but_unavailable_is_tried_again() {
    let attempts = Cell::new(0);
    let status = retry_read(&RetryBudget::new(), None, || {
        attempts.set(attempts.get() + 1);
        async { Err::<(), _>(Status::resource_exhausted("quota")) }
    })
    .await
    .unwrap_err();
    assert_eq!(
        (status.code(), attempts.get()),
        (tonic::Code::ResourceExhausted, 1)
    );
}

#[tokio::test]
async fn a_dead_peer_is_asked_barely_more_often_than_called() {
    let (budget, attempts) = (RetryBudget::new(), Cell::new(0));
    for _ in 0..1_000 {
        let _ = retry_read(&budget, None, || {
            attempts.set(attempts.get() + 1);
            async { Err::<(), _>(Status::unavailable("")) }
        })
        .await;
    }
    assert!(
        (1_000..=1_010).contains(&attempts.get()),
        "{} attempts of 1000 calls",
        attempts.get()
    );
}

#[tokio::test]
async fn no_wait_reaches_beyond_the_deadline() {
    let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(5)));
    let begun = Instant::now();
    let deadline = Deadline::after(Duration::from_secs(1));
    let outcome = retry_read(&RetryBudget::new(), Some(deadline), || {
        let status = Status::with_error_details(tonic::Code::Unavailable, "", details.clone());
        async { Err::<(), _>(status) }
    })
    .await;
    assert!(outcome.is_err());
    assert!(begun.elapsed() < Duration::from_millis(500));
}
