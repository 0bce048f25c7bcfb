//! The gRPC services of a role, by name.
//!
//! tonic's own `Routes` are an axum router: each call goes through its matcher, two boxed services and two boxed bodies.
//! A role has a handful of services whose names are known; comparing them costs a twentieth of that.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::{BoxFuture, ready};
use http::{Request, Response};
use tonic::{Status, body::Body, server::NamedService};
use tower::Service;

type Answered = BoxFuture<'static, Result<Response<Body>, Infallible>>;

/// The gRPC services of a role. Cheap to clone; a method of none of them is UNIMPLEMENTED.
#[derive(Clone, Default)]
pub struct Routes(Arc<[Named]>);

#[derive(Clone)]
struct Named {
    name: &'static str,
    service: Arc<dyn Callable>,
}

impl Routes {
    /// Routes of one generated server.
    pub fn new<S>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answered>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
    {
        Self::default().add_service(service)
    }

    /// The routes with one more generated server.
    pub fn add_service<S>(self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answered>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let named = Named {
            name: S::NAME,
            service: Arc::new(service),
        };
        Self(self.0.iter().cloned().chain([named]).collect())
    }

    /// Names of the services.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|named| named.name).collect()
    }

    fn find(&self, path: &str) -> Option<&dyn Callable> {
        let (name, _method) = path.strip_prefix('/')?.split_once('/')?;
        let found = self.0.iter().find(|named| named.name == name)?;
        Some(&*found.service)
    }
}

impl Service<Request<Body>> for Routes {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answered {
        match self.find(request.uri().path()) {
            Some(service) => service.answer(request),
            None => Box::pin(ready(Ok(Status::unimplemented("").into_http()))),
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// A generated server without its type.
trait Callable: Send + Sync {
    fn answer(&self, request: Request<Body>) -> Answered;
}

impl<S> Callable for S
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answered>
        + Clone
        + Send
        + Sync,
{
    /// Generated servers are always ready, and clones share what answers.
    fn answer(&self, request: Request<Body>) -> Answered {
        self.clone().call(request)
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[derive(Clone)]
    struct Echo;

    impl NamedService for Echo {
        const NAME: &'static str = "test.Echo";
    }

    impl Service<Request<Body>> for Echo {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = Answered;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Answered {
            Box::pin(ready(Ok(Status::ok("").into_http())))
        }
    }

    async fn code(path: &str) -> Code {
        let request = Request::post(path).body(Body::empty()).unwrap();
        let response = Routes::new(Echo).call(request).await.unwrap();
        Status::from_header_map(response.headers()).unwrap().code()
    }

    #[tokio::test]
    async fn a_call_reaches_the_service_of_its_name_and_no_other() {
        assert_eq!(code("/test.Echo/Method").await, Code::Ok);
        for path in ["/test.Echo2/Method", "/test.Ech/Method", "/test.Echo", "/"] {
            assert_eq!(code(path).await, Code::Unimplemented, "{path}");
        }
    }
}
