//! The limit of one caller on gRPC: a layer behind the one that finds out who calls.

use std::{
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::Either;
use http::{Request, Response};
use marque_auth::CallContext;
use tower::{Layer, Service};

use super::rate::RateLimits;

/// Puts a [`Rated`] before a service.
#[derive(Debug, Clone)]
pub(crate) struct RateLayer(Arc<RateLimits>);

/// Lets a call through if there is room in its caller's bucket, which is that of his REST requests too.
#[derive(Debug, Clone)]
pub(crate) struct Rated<S> {
    inner: S,
    limits: Arc<RateLimits>,
}

impl RateLayer {
    pub(crate) fn new(limits: Arc<RateLimits>) -> Self {
        Self(limits)
    }
}

impl<S> Layer<S> for RateLayer {
    type Service = Rated<S>;

    fn layer(&self, inner: S) -> Rated<S> {
        Rated {
            inner,
            limits: Arc::clone(&self.0),
        }
    }
}

impl<S, B, R> Service<Request<B>> for Rated<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let caller = request.extensions().get::<CallContext>();
        let taken = caller.map(|caller| self.limits.take(caller.actor(), caller.scope()));
        match taken {
            Some((quotum, Err(refused))) => {
                let mut response = refused.status().into_http();
                quotum.write(response.headers_mut());
                Either::Right(ready(Ok(response)))
            }
            _ => Either::Left(self.inner.call(request)),
        }
    }
}
