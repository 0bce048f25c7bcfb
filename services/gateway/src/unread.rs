//! Bodies that nobody read. A refusal is given before the body is looked at; over HTTP/1.1 the connection can go on only past
//! that body, and a caller who is not told that it ends loses what he sends next (RFC 9112, 9.6).

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, response::Response};
use http::{HeaderValue, Request, Version, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tower::Service as _;

/// Longest wait for the rest of a body that nobody wants.
const PATIENCE: Duration = Duration::from_secs(1);

/// The router's answer. What it left unread of a body of at most `most` bytes is read to its end, so that the connection can go
/// on; after a larger or slower one the answer says that it ends.
pub(crate) async fn answer<B>(
    mut router: Router,
    request: Request<B>,
    most: usize,
) -> Result<Response, Infallible>
where
    B: Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    if request.version() > Version::HTTP_11 || request.body().is_end_stream() {
        return router.call(request).await;
    }
    let waits_for_leave = request.headers().contains_key(header::EXPECT);
    let (head, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body));
    let lent = Lent(Arc::clone(&body));
    let mut response = router.call(Request::from_parts(head, lent)).await?;
    // Whoever still holds the body reads it beside his answer.
    if let Some(rest) = Arc::into_inner(body) {
        let rest = rest.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_over = rest.is_end_stream() || (!waits_for_leave && is_read(rest, most).await);
        if !is_over {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
    }
    Ok(response)
}

/// Whether the body came to its end in time and size.
async fn is_read<B: Body<Data = bytes::Bytes> + Unpin>(mut rest: B, most: usize) -> bool {
    let reading = async {
        let mut left = most as u64;
        while rest.size_hint().lower() <= left {
            match rest.frame().await {
                None => return true,
                Some(Err(_)) => return false,
                Some(Ok(frame)) => {
                    let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                    let Some(less) = left.checked_sub(length) else {
                        return false;
                    };
                    left = less;
                }
            }
        }
        false
    };
    timeout(PATIENCE, reading).await.unwrap_or(false)
}

/// A body of which what is left can be had back.
struct Lent<B>(Arc<Mutex<B>>);

impl<B: Body + Unpin> Body for Lent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        body.size_hint()
    }
}
