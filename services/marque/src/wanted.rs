//! Hands the deadline of a call on to the database, so that a statement ends with it.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use marque_rpc::Deadline;
use tonic::{
    body::Body,
    codegen::http::{Request, Response},
};
use tower::{Layer, Service};

/// Puts a [`UntilDeadline`] around a role's routes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UntilDeadlineLayer;

/// Routes whose units of work are wanted until the deadline of their call.
#[derive(Debug, Clone)]
pub(crate) struct UntilDeadline<S>(S);

impl<S> Layer<S> for UntilDeadlineLayer {
    type Service = UntilDeadline<S>;

    fn layer(&self, inner: S) -> UntilDeadline<S> {
        UntilDeadline(inner)
    }
}

impl<S> Service<Request<Body>> for UntilDeadline<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let deadline = request.extensions().get::<Deadline>().copied();
        let work = self.0.call(request);
        match deadline {
            Some(deadline) => Box::pin(marque_db::until(deadline.instant().into_std(), work)),
            None => Box::pin(work),
        }
    }
}
