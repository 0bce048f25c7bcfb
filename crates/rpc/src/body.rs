//! The body of an answer under way: cut at the deadline, ended by a drain if it is a stream, safe from panics, measured at its end.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::Frame;
use tokio::time::{Sleep, sleep_until};
use tonic::{Code, Status, body::Body};
use tracing::Span;

use crate::{
    Deadline, InFlight,
    measure::{Measure, code_name, is_server_error},
    refusal::Refusal,
};

/// All that ends with a call, at whichever end of it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) deadline: Deadline,
    pub(crate) span: Span,
    pub(crate) measure: Measure,
    /// The place among the calls in progress; a client holds none.
    pub(crate) in_flight: Option<InFlight>,
}

impl Call {
    /// The answer with a body that ends this call when it ends itself.
    pub(crate) fn watch(self, response: Response<Body>) -> Response<Body> {
        // Status in the headers: nothing follows.
        if let Some(status) = Status::from_header_map(response.headers()) {
            self.end(status.code());
            return response;
        }
        response.map(|inner| {
            Body::new(WatchedBody {
                inner,
                timer: None,
                call: Some(self),
            })
        })
    }

    /// Records the code and gives up the place.
    pub(crate) fn end(self, code: Code) {
        self.span
            .record("rpc.response.status_code", code_name(code));
        if is_server_error(code) {
            self.span.record("otel.status_code", "ERROR");
        }
        self.measure.end(code);
        drop(self.in_flight);
    }
}

struct WatchedBody {
    inner: Body,
    /// Made when the body first has to be waited for: most bodies are ready at once.
    timer: Option<Pin<Box<Sleep>>>,
    /// `None` once the call has ended.
    call: Option<Call>,
}

impl WatchedBody {
    fn end(&mut self, code: Code) {
        if let Some(call) = self.call.take() {
            call.end(code);
        }
    }

    /// Ends the stream with trailers that say why.
    fn break_off(&mut self, status: Status) -> Frame<Bytes> {
        self.inner = Body::empty();
        self.end(status.code());
        Frame::trailers(status.into_http::<Body>().into_parts().0.headers)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let place = self.call.as_mut().and_then(|call| call.in_flight.as_mut());
        place.map_or(Poll::Pending, |place| place.poll_ended(cx))
    }

    fn poll_deadline(&mut self, deadline: Deadline, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline.instant())));
        timer.as_mut().poll(cx)
    }
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(call) = &self.call else {
            return Poll::Ready(None);
        };
        let (deadline, span) = (call.deadline, call.span.clone());
        let _entered = span.enter();
        if self.poll_drain(cx).is_ready() {
            return Poll::Ready(Some(Ok(self.break_off(Status::ok("")))));
        }
        let polled = catch_unwind(AssertUnwindSafe(|| {
            Pin::new(&mut self.inner).poll_frame(cx)
        }));
        let Ok(polled) = polled else {
            return Poll::Ready(Some(Ok(self.break_off(Refusal::Panicked.status()))));
        };
        match polled {
            Poll::Pending => {
                ready!(self.poll_deadline(deadline, cx));
                let late = Refusal::DeadlineExceeded.status();
                Poll::Ready(Some(Ok(self.break_off(late))))
            }
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.end(code_of(trailers));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(status))) => {
                self.end(status.code());
                Poll::Ready(Some(Err(status)))
            }
            Poll::Ready(None) => {
                self.end(Code::Unknown);
                Poll::Ready(None)
            }
        }
    }
}

impl Drop for WatchedBody {
    /// The reader went away before the end.
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

fn code_of(trailers: &HeaderMap) -> Code {
    Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code())
}
