//! What a service hands to the binary that runs it.

use std::{fmt, future::Future, pin::Pin};

use tokio_util::sync::CancellationToken;

use crate::Routes;

/// A built service: what it answers, and what it does by itself.
#[derive(Debug)]
pub struct Built {
    /// Its gRPC services.
    pub routes: Routes,
    /// Its background work.
    pub tasks: Vec<Task>,
}

/// A piece of background work that runs until it is told to stop.
pub struct Task {
    name: &'static str,
    start: Box<dyn FnOnce(CancellationToken) -> TaskFuture + Send>,
}

/// The work itself.
pub type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Task {
    /// Work with a name for logs; `start` is called once, with the token that tells it to stop.
    pub fn new<F>(
        name: &'static str,
        start: impl FnOnce(CancellationToken) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            name,
            start: Box::new(move |stop| Box::pin(start(stop))),
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Begins the work.
    pub fn run(self, stop: CancellationToken) -> TaskFuture {
        (self.start)(stop)
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
