//! Bodies that hold their place among the requests in progress.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use marque_rpc::InFlight;

/// A body that keeps a place until its last byte, or until its reader goes away.
struct Held {
    body: Body,
    /// `None` once the body has ended.
    place: Option<InFlight>,
}

/// The body with the place in it.
pub(super) fn held(body: Body, place: InFlight) -> Body {
    let place = Some(place);
    Body::new(Held { body, place })
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() {
            drop(self.place.take());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
