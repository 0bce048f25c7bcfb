//! What the two ends of a connection's server, its socket and its service, tell each other of the request between them.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
};
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tower::Service as _;

use crate::edge::LetIn;

/// Nothing is under way.
const FREE: u8 = 0;
/// A request was handed to the server.
const ASKED: u8 = 1;
/// The server has the whole answer.
const ANSWERED: u8 = 2;

/// One request at a time on its way through the server.
#[derive(Debug, Default)]
pub(crate) struct Passage {
    stage: AtomicU8,
    /// Whether the doorkeeper has let it in.
    is_let_in: AtomicBool,
}

/// The body of an answer, which tells when the server has all of it.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Body,
    passage: Arc<Passage>,
}

impl Passage {
    /// A request goes to the server.
    pub(super) fn begin(&self, is_let_in: bool) {
        self.is_let_in.store(is_let_in, Ordering::Relaxed);
        self.stage.store(ASKED, Ordering::Relaxed);
    }

    /// Everything that the server had to send was sent.
    pub(super) fn flushed(&self) {
        if self.stage.load(Ordering::Relaxed) == ANSWERED {
            self.stage.store(FREE, Ordering::Relaxed);
        }
    }

    /// Whether nothing is under way.
    pub(super) fn is_free(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == FREE
    }

    /// Has the router answer.
    pub(crate) async fn answer(
        self: Arc<Self>,
        mut router: Router,
        mut request: Request<Incoming>,
    ) -> Result<Response<Answer>, Infallible> {
        if self.is_let_in.swap(false, Ordering::Relaxed) {
            request.extensions_mut().insert(LetIn);
        }
        let answer = router.call(request).await?;
        Ok(answer.map(|body| Answer {
            body,
            passage: self,
        }))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.passage.stage.store(ANSWERED, Ordering::Relaxed);
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
