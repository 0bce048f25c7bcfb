//! The body of a request on its way to the network, with its own failure kept.
//!
//! hyper tells of a body that fails only that the stream was reset; in memory the callee's decoder sees the status.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

/// Why our own request could not be sent, as when a message is too big.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnFailure(Arc<OnceLock<Status>>);

impl OwnFailure {
    /// The body, which leaves its failure here.
    pub(crate) fn watch(&self, inner: Body) -> Body {
        Body::new(Outgoing {
            inner,
            failure: self.clone(),
        })
    }

    /// The failure, if there was one.
    pub(crate) fn get(&self) -> Option<&Status> {
        self.0.get()
    }
}

struct Outgoing {
    inner: Body,
    failure: OwnFailure,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Err(status))) = &polled {
            self.failure.0.get_or_init(|| status.clone());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
