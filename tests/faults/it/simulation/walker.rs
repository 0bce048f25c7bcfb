//! Work that goes from one wait to the next, and only when it is told to.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tokio::sync::Notify;

/// A piece of work. Whoever drops it kills it where it stands.
pub(super) struct Walker<T> {
    work: Pin<Box<dyn Future<Output = T>>>,
    woken: Arc<Woken>,
}

/// Whether what the work waits for has come.
#[derive(Default)]
struct Woken {
    is_so: AtomicBool,
    told: Notify,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_so.store(true, Ordering::SeqCst);
        self.told.notify_one();
    }
}

impl<T> Walker<T> {
    pub(super) fn new(work: impl Future<Output = T> + 'static) -> Self {
        // tokio's budget would end a walk wherever it runs out.
        let work = Box::pin(tokio::task::coop::unconstrained(work));
        Self {
            work,
            woken: Arc::default(),
        }
    }

    /// Goes to the next wait; what it came to if this is the end.
    pub(super) fn walk(&mut self) -> Option<T> {
        self.woken.is_so.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.woken));
        match self.work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(end) => Some(end),
            Poll::Pending => None,
        }
    }

    /// Until what it waits for has come.
    pub(super) async fn arrival(&self) {
        while !self.woken.is_so.load(Ordering::SeqCst) {
            self.woken.told.notified().await;
        }
    }
}
