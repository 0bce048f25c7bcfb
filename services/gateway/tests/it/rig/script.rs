//! What a stub role does: answer, fail, be late; and what it saw.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::HeaderMap;
use marque_core::ReplayMark;
use tonic::{Code, Request, Response, Status};

#[derive(Debug, Clone, Default)]
pub(crate) struct Script(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    delay_ms: AtomicU64,
    quiet: AtomicBool,
    replays: AtomicBool,
    deaf_for: AtomicUsize,
    fails: Mutex<Option<Code>>,
    refuses: Mutex<Option<&'static str>>,
    calls: AtomicUsize,
    last: Mutex<HeaderMap>,
    last_message: Mutex<String>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Answers from now on this late.
    pub(crate) fn be_late(&self, delay: Duration) {
        self.0
            .delay_ms
            .store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    /// Answers from now on with this code.
    pub(crate) fn fail(&self, code: Code) {
        *self.0.fails.lock().unwrap() = Some(code);
    }

    /// Finds this field of every request wrong from now on.
    pub(crate) fn refuse(&self, field: &'static str) {
        *self.0.refuses.lock().unwrap() = Some(field);
    }

    /// Keeps no notes from now on, for measuring.
    pub(crate) fn be_quiet(&self) {
        self.0.quiet.store(true, Ordering::SeqCst);
    }

    /// Says from now on that it answered so before.
    pub(crate) fn repeat_itself(&self) {
        self.0.replays.store(true, Ordering::SeqCst);
    }

    /// Knows nothing for so many calls, as one who has yet to hear of an event.
    pub(crate) fn hear_late(&self, calls: usize) {
        self.0.deaf_for.store(calls, Ordering::SeqCst);
    }

    /// Whether it has heard by this call.
    pub(crate) fn has_heard(&self) -> bool {
        let one_less = |calls: usize| calls.checked_sub(1);
        let deaf = &self.0.deaf_for;
        deaf.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_err()
    }

    /// Calls so far.
    pub(crate) fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// A header of the last call.
    pub(crate) fn last_header(&self, name: &str) -> Option<String> {
        self.0
            .last
            .lock()
            .unwrap()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    /// The last message, as its `Debug` shows it.
    pub(crate) fn last_message(&self) -> String {
        self.0.last_message.lock().unwrap().clone()
    }

    /// Plays the script for one call.
    pub(crate) async fn play<T: std::fmt::Debug, A>(
        &self,
        request: &Request<T>,
        answer: A,
    ) -> Result<Response<A>, Status> {
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        if !self.0.quiet.load(Ordering::SeqCst) {
            *self.0.last.lock().unwrap() = request.metadata().clone().into_headers();
            *self.0.last_message.lock().unwrap() = format!("{:?}", request.get_ref());
        }
        let delay = self.0.delay_ms.load(Ordering::SeqCst);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if let Some(code) = *self.0.fails.lock().unwrap() {
            return Err(Status::new(code, "as the script says"));
        }
        if let Some(field) = *self.0.refuses.lock().unwrap() {
            return Err(super::wrong(field));
        }
        if let Some(mark) = request.extensions().get::<ReplayMark>()
            && self.0.replays.load(Ordering::SeqCst)
        {
            mark.set();
        }
        Ok(Response::new(answer))
    }
}
