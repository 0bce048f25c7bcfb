//! The layers around a role's routes, the same whether a call comes from memory or from the network.
//!
//! From the outside in: trace and request id, load shedding, deadline, panic guard, authentication (the caller's
//! layer), routes. The measure ends with the body.

use std::{
    convert::Infallible,
    fmt,
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use marque_core::ReplayMark;
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt as _};
use tracing::{Instrument as _, Span, field::Empty};

use crate::{
    CallMeta, Deadline, InFlightLimit, RoleName, Routes,
    body::Call,
    deadline,
    measure::{Measure, Side, method_name},
    refusal::Refusal,
};

/// The metadata of an answer that was given before, under the same idempotency key.
pub const REPLAYED: HeaderName = HeaderName::from_static("marque-replayed");

/// The code UNAVAILABLE as it stands in the head of an answer.
const UNAVAILABLE: &str = "14";

/// Limits of one role.
#[derive(Debug, Clone)]
pub struct StackSettings {
    /// Budget of a call that states none.
    pub default_deadline: Duration,
    /// Longest budget a caller may state; a longer one is cut. Imports stream for long, so it is generous.
    pub max_deadline: Duration,
    /// Calls in progress over all connections; more are refused with UNAVAILABLE.
    pub in_flight: InFlightLimit,
    /// Streams that go on until their reader has enough. They have places of their own, lest those who watch keep out those
    /// who ask, and end when the process drains ([`InFlightLimit::of_streams`]).
    pub streams: InFlightLimit,
    /// Paths of the methods that answer with such a stream.
    pub endless: &'static [&'static str],
}

/// Methods whose answer goes on until the caller has enough.
const ENDLESS: &[&str] = &["/marque.complaint.v1.ComplaintService/WatchComplaints"];

impl Default for StackSettings {
    /// 10 s, one hour, 1024 calls and 512 streams.
    fn default() -> Self {
        Self {
            default_deadline: Duration::from_secs(10),
            max_deadline: Duration::from_hours(1),
            in_flight: InFlightLimit::new(1024),
            streams: InFlightLimit::of_streams(512),
            endless: ENDLESS,
        }
    }
}

/// A role's routes with the whole stack around them. Cheap to clone.
#[derive(Clone)]
pub struct LayeredRoutes {
    role: RoleName,
    services: Arc<[&'static str]>,
    inner: Arc<dyn Answer>,
}

/// Puts the stack around a role's routes. `auth` is the layer that verifies the caller; it answers refusals itself.
pub fn stack<L>(role: RoleName, routes: Routes, auth: L, settings: StackSettings) -> LayeredRoutes
where
    L: Layer<Routes>,
    L::Service: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    <L::Service as Service<Request<Body>>>::Future: Send,
{
    let services = routes.names().into();
    let inner = Arc::new(Stack {
        role,
        settings,
        service: auth.layer(routes),
    });
    LayeredRoutes {
        role,
        services,
        inner,
    }
}

impl LayeredRoutes {
    /// The role that answers.
    pub fn role(&self) -> RoleName {
        self.role
    }

    /// Names of its gRPC services.
    pub(crate) fn services(&self) -> &[&'static str] {
        &self.services
    }

    /// Ends its streams, with OK: their readers go on at another replica.
    pub(crate) fn end_streams(&self) {
        self.inner.end_streams();
    }
}

impl Service<Request<Body>> for LayeredRoutes {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    /// Always ready: too many calls are refused, not queued.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.inner.answer(request)
    }
}

impl fmt::Debug for LayeredRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayeredRoutes")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// [`Stack`] without the type of the service in it.
trait Answer: Send + Sync {
    fn answer(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn end_streams(&self);
}

struct Stack<S> {
    role: RoleName,
    settings: StackSettings,
    service: S,
}

impl<S> Answer for Stack<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    fn answer(
        &self,
        mut request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
        let (call, refusal) = self.begin(&mut request);
        if let Some(refusal) = refusal {
            let refused = call.watch(refusal.response());
            return Box::pin(std::future::ready(Ok(refused)));
        }
        let replay = replay_of(&mut request);
        let work = run(self.service.clone(), request, call.deadline).instrument(call.span.clone());
        Box::pin(async move { Ok(call.watch(told(work.await, replay))) })
    }

    fn end_streams(&self) {
        self.settings.streams.end_streams();
    }
}

impl<S> Stack<S> {
    /// Takes the call in; the refusal if there is no room or no time for it.
    fn begin(&self, request: &mut Request<Body>) -> (Call, Option<Refusal>) {
        let method = method_name(request.uri().path());
        let deadline = Deadline::after(self.budget(request.headers()));
        let meta = CallMeta::from_headers(request.headers()).with_deadline(deadline);
        let call = Call {
            deadline,
            span: server_span(self.role, method, &meta, request.headers()),
            measure: Measure::begin(Side::Server, self.role, method),
            in_flight: self.places(request.uri().path()).try_enter(),
        };
        let refusal = if call.in_flight.is_none() {
            Some(Refusal::Overloaded)
        } else if deadline.is_past() {
            Some(Refusal::DeadlineExceeded)
        } else {
            request.extensions_mut().insert(meta);
            request.extensions_mut().insert(deadline);
            None
        };
        (call, refusal)
    }

    /// The limit that counts for a method.
    fn places(&self, path: &str) -> &InFlightLimit {
        let settings = &self.settings;
        if settings.endless.contains(&path) {
            &settings.streams
        } else {
            &settings.in_flight
        }
    }

    /// The time this call has here: what the caller stated within our limits, less what his own clock and tonic's
    /// need to fire after ours, so that he is told DEADLINE_EXCEEDED and not merely cut off.
    fn budget(&self, headers: &HeaderMap) -> Duration {
        const HEAD_START: Duration = Duration::from_millis(2);
        let stated = deadline::read(headers)
            .unwrap_or(self.settings.default_deadline)
            .min(self.settings.max_deadline);
        stated.saturating_sub(HEAD_START.min(stated / 2))
    }
}

/// Where a request with an idempotency key has it noted that it was answered before.
fn replay_of(request: &mut Request<Body>) -> Option<ReplayMark> {
    let is_keyed = request.headers().contains_key("idempotency-key");
    is_keyed.then(|| {
        let mark = ReplayMark::default();
        request.extensions_mut().insert(mark.clone());
        mark
    })
}

/// The answer, with a word of it if it was given before.
fn told(mut response: Response<Body>, replay: Option<ReplayMark>) -> Response<Body> {
    if replay.is_some_and(|mark| mark.is_set()) {
        let yes = HeaderValue::from_static("true");
        response.headers_mut().insert(REPLAYED, yes);
    }
    response
}

/// Runs the service to its answer, its deadline or its panic.
async fn run<S>(service: S, request: Request<Body>, deadline: Deadline) -> Response<Body>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let work = AssertUnwindSafe(service.oneshot(request)).catch_unwind();
    match tokio::time::timeout_at(deadline.instant(), work).await {
        Ok(Ok(Ok(response))) if is_out_of_time(&response, deadline) => {
            Refusal::DeadlineExceeded.response()
        }
        Ok(Ok(Ok(response))) => response,
        // The hook of marque-telemetry has logged where; the payload may quote a record and is dropped here.
        Ok(Err(_payload)) => {
            tracing::error!("a handler panicked; the call is answered with INTERNAL");
            Refusal::Panicked.response()
        }
        Err(_elapsed) => Refusal::DeadlineExceeded.response(),
    }
}

/// Whether it is the time that was missing: a store ends what nobody will wait for as it ends what it cannot do, and PostgreSQL counts
/// in whole milliseconds.
fn is_out_of_time(response: &Response<Body>, deadline: Deadline) -> bool {
    const EARLY: Duration = Duration::from_millis(2);
    let status = response.headers().get("grpc-status");
    let is_unavailable = status.is_some_and(|status| status == UNAVAILABLE);
    is_unavailable && deadline.remaining() <= EARLY
}

/// The span of a call. A root of its own, since in memory the caller's span is current and over the network it is not:
/// what joins them in both is the `traceparent`.
fn server_span(role: RoleName, method: &'static str, meta: &CallMeta, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        parent: None,
        "rpc",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.response.status_code = Empty,
        marque.role = role.as_str(),
        request_id = meta.request_id().as_str(),
    );
    marque_telemetry::continue_trace(&span, headers);
    span
}
