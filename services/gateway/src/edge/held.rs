//! Bodies that hold their place among the requests in progress, and end with it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use marque_rpc::InFlight;

/// A body that keeps a place until its last byte, or until its reader goes away. A stream ends between two events once the
/// process drains.
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
        let place = self.place.as_mut();
        if place.is_some_and(|place| place.poll_ended(cx).is_ready()) {
            self.body = Body::empty();
        }
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

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, stream};
    use http_body_util::BodyExt as _;
    use marque_rpc::InFlightLimit;

    use super::*;

    /// A body of one event after which nothing comes, in a place of the limit.
    fn open(limit: &InFlightLimit) -> Body {
        let event = stream::iter([Ok::<_, axum::Error>(Bytes::from_static(b"id: 1"))]);
        let body = Body::from_stream(event.chain(stream::pending()));
        held(body, limit.try_enter().expect("a place is free"))
    }

    #[tokio::test]
    async fn a_drain_ends_streams_as_if_they_had_come_to_their_end() {
        let limit = InFlightLimit::of_streams(2);
        let mut waiting = open(&limit);
        let event = waiting.frame().await.unwrap().unwrap();
        assert_eq!(event.into_data().unwrap(), "id: 1");
        let rest = tokio::spawn(waiting.collect());
        tokio::task::yield_now().await;
        limit.end_streams();
        assert!(rest.await.unwrap().unwrap().to_bytes().is_empty());
        assert!(limit.try_enter().is_none(), "no more begin");
    }
}
