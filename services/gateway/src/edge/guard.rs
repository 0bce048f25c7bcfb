//! The guard of one route: lets a request in or answers it, and finishes every answer.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use futures::{FutureExt as _, future::BoxFuture};
use governor::Quota;
use http::{HeaderMap, HeaderName, HeaderValue};
use marque_auth::{Identity, PlaceSeal, Verifier, authorize, bearer};
use marque_core::{ReplayMark, SharedClock};
use marque_errors::ErrorCode;
use marque_rpc::{CallMeta, Deadline, InFlight, InFlightLimit, REQUEST_ID};
use metrics::histogram;
use tower::{Layer, Service, ServiceExt as _};
use tracing::{Instrument as _, Span, field::Empty};

use super::{
    call::{Call, IDEMPOTENCY_KEY, REPLAY, idempotency_key},
    held::held,
    places::Places,
    pressure::Pressure,
    rate::{Quotum, RateLimits},
};
use crate::{
    Deps,
    extract::refuse_query,
    problem::{Answer, Failure},
};

/// The header by which a caller asks for a shorter deadline, in seconds.
const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("request-timeout");
/// Long enough to let a burst pass, short enough for a person who waits.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Methods that show what is else masked or locked away: nobody has to do that all day, and whoever does is copying.
const REVEALING: [&str; 3] = [
    "/marque.customer.v1.CustomerService/Unmask",
    "/marque.customer.v1.PersonalDataService/ExportCustomer",
    "/marque.customer.v1.PersonalDataService/OpenRestricted",
];

/// Which limit of requests in progress counts, and how long a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Somebody waits.
    Interactive,
    /// A file goes in or out.
    Transfer,
    /// Events go out until the reader has enough.
    Stream,
}

/// What a route is.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Method of HTTP.
    pub(crate) method: &'static str,
    /// Template of the path: the only form in which a path is logged or counted.
    pub(crate) route: Arc<str>,
    /// The method of the contract whose access rule applies.
    pub(crate) rpc: &'static str,
    /// Its class.
    pub(crate) class: Class,
    /// Whether it has parameters in its query: where it has none, all are refused.
    pub(crate) takes_query: bool,
}

impl Operation {
    /// Whether it may have to wait for a store's writer.
    fn writes(&self) -> bool {
        self.method != "GET"
    }
}

/// What the guards of all routes share.
#[derive(Debug)]
pub(crate) struct Gate {
    verifier: Verifier,
    places: PlaceSeal,
    clock: SharedClock,
    limits: Arc<RateLimits>,
    /// Of what [`REVEALING`] says.
    reveals: RateLimits,
    pressure: Arc<Pressure>,
    interactive: InFlightLimit,
    transfers: InFlightLimit,
    streams: InFlightLimit,
    deadline: Duration,
    transfer_deadline: Duration,
}

impl Gate {
    pub(crate) fn new(deps: &Deps) -> Self {
        let settings = &deps.settings;
        Self {
            verifier: deps.verifier.facing_outside(),
            places: deps.places.clone(),
            clock: Arc::clone(&deps.clock),
            limits: Arc::new(RateLimits::new(
                "default",
                Quota::per_second(settings.requests_per_second).allow_burst(settings.burst),
            )),
            reveals: RateLimits::new("reveals", Quota::per_minute(settings.reveals_per_minute)),
            pressure: Arc::new(Pressure::new(settings.queue_delay, deps.backlog)),
            interactive: InFlightLimit::new(settings.max_in_flight),
            transfers: InFlightLimit::new(settings.max_imports_in_flight),
            streams: InFlightLimit::of_streams(settings.max_streams),
            deadline: settings.deadline,
            transfer_deadline: settings.import_deadline,
        }
    }

    /// The limit of imports, which those by gRPC share.
    pub(crate) fn transfers(&self) -> InFlightLimit {
        self.transfers.clone()
    }

    /// The limit of streams, which those by gRPC share.
    pub(crate) fn streams(&self) -> InFlightLimit {
        self.streams.clone()
    }

    /// The limits of callers, which those by gRPC share.
    pub(crate) fn limits(&self) -> Arc<RateLimits> {
        Arc::clone(&self.limits)
    }

    /// Forgets callers that have been silent.
    pub(crate) fn forget_idle_callers(&self) {
        self.limits.forget_idle();
        self.reveals.forget_idle();
    }

    fn limits_of(&self, operation: &Operation) -> &RateLimits {
        if REVEALING.contains(&operation.rpc) {
            &self.reveals
        } else {
            &self.limits
        }
    }

    /// Watches how long requests wait for a thread, and refuses accordingly.
    pub(crate) async fn watch_pressure(&self) {
        Arc::clone(&self.pressure).watch().await;
    }

    fn enter(&self, operation: &Operation) -> Answer<InFlight> {
        let class = operation.class;
        let limit = match class {
            Class::Interactive => &self.interactive,
            Class::Transfer => &self.transfers,
            Class::Stream => &self.streams,
        };
        let place = self
            .pressure
            .admits(class, operation.writes())
            .then(|| limit.try_enter());
        place.flatten().ok_or_else(|| {
            let words = "too many requests are in progress: wait as long as Retry-After says";
            Failure::new(ErrorCode::Unavailable, "OVERLOADED", words).with_retry_after(RETRY_AFTER)
        })
    }

    async fn identify(&self, headers: &HeaderMap) -> Answer<Arc<Identity>> {
        let token = bearer(headers)?;
        let now = self.clock.now();
        // Waiting is the exception, and its future is large.
        match self.verifier.verify_at_once(token, now) {
            Some(verdict) => Ok(verdict?),
            None => Ok(Box::pin(self.verifier.verify(token, now)).await?),
        }
    }

    fn deadline(&self, class: Class, headers: &HeaderMap) -> Answer<Deadline> {
        let most = match class {
            Class::Interactive => self.deadline,
            Class::Transfer | Class::Stream => self.transfer_deadline,
        };
        let Some(value) = headers.get(REQUEST_TIMEOUT) else {
            return Ok(Deadline::after(most));
        };
        let seconds = value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<f64>().ok());
        seconds
            .filter(|seconds| *seconds > 0.0)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .map(|wish| Deadline::after(wish.min(most)))
            .ok_or_else(|| Failure::field("request-timeout", "FORMAT", "seconds, such as 2.5"))
    }
}

/// Puts a [`Guarded`] around a route.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    gate: Arc<Gate>,
    operation: Arc<Operation>,
}

/// A route behind its guard.
#[derive(Debug, Clone)]
pub(crate) struct Guarded<S> {
    inner: S,
    guard: Guard,
}

/// What every answer needs of its request.
struct Finish {
    meta: CallMeta,
    begun: Instant,
    quotum: Option<Quotum>,
    idempotency_key: Option<HeaderValue>,
    replay: ReplayMark,
}

/// What an admitted request has while it is answered.
struct Admitted {
    place: InFlight,
    deadline: Deadline,
    places: Places,
}

impl Guard {
    pub(crate) fn new(gate: Arc<Gate>, operation: Operation) -> Self {
        Self {
            gate,
            operation: Arc::new(operation),
        }
    }

    async fn run<S>(self, inner: S, mut request: Request) -> Response
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        let mut finish = Finish {
            meta: CallMeta::from_headers(request.headers()),
            begun: Instant::now(),
            quotum: None,
            idempotency_key: None,
            replay: ReplayMark::default(),
        };
        let span = self.span(&finish.meta, request.headers());
        let response = match self.admit(&mut request, &mut finish).await {
            Ok(admitted) => {
                let response = respond(inner, request, admitted.deadline).instrument(span.clone());
                let response = admitted.places.during(response).await;
                self.keep(admitted.place, response)
            }
            Err(failure) => failure.into_response(),
        };
        self.finish(response, finish, &span)
    }

    /// Everything that must hold before the request is looked into.
    async fn admit(&self, request: &mut Request, finish: &mut Finish) -> Answer<Admitted> {
        let class = self.operation.class;
        let place = self.gate.enter(&self.operation)?;
        let identity = self.gate.identify(request.headers()).await?;
        authorize(self.operation.rpc, identity.roles)?;
        let limits = self.gate.limits_of(&self.operation);
        let (quotum, taken) = limits.take(&identity.subject, &identity.scope);
        finish.quotum = Some(quotum);
        taken.map_err(|refused| Failure::from(refused.status()))?;
        let deadline = self.gate.deadline(class, request.headers())?;
        finish.idempotency_key = idempotency_key(request.headers())?;
        if !self.operation.takes_query {
            refuse_query(request.uri())?;
        }
        let places = Places::new(&self.gate.places, self.operation.rpc, &identity.scope);
        request.extensions_mut().insert(Call {
            meta: finish.meta.clone().with_deadline(deadline),
            identity,
            idempotency_key: finish.idempotency_key.clone(),
            replay: finish.replay.clone(),
        });
        Ok(Admitted {
            place,
            deadline,
            places,
        })
    }

    /// Answers that go on after their headers keep their place until their last byte, or until the reader goes away.
    fn keep(&self, place: InFlight, response: Response) -> Response {
        if self.operation.class == Class::Interactive {
            return response;
        }
        response.map(|body| held(body, place))
    }

    fn span(&self, meta: &CallMeta, headers: &HeaderMap) -> Span {
        let span = tracing::info_span!(
            "http",
            otel.name = Empty,
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = self.operation.method,
            http.route = &*self.operation.route,
            http.response.status_code = Empty,
            "error.type" = Empty,
            request_id = meta.request_id().as_str(),
        );
        if !span.is_disabled() {
            span.record(
                "otel.name",
                format!("{} {}", self.operation.method, self.operation.route),
            );
            marque_telemetry::continue_trace(&span, headers);
        }
        span
    }

    /// Renders a failure, writes the headers every answer has, and measures.
    fn finish(&self, mut response: Response, finish: Finish, span: &Span) -> Response {
        let id = finish.meta.request_id().as_str();
        if let Some(failure) = response.extensions_mut().remove::<Failure>() {
            response = failure.render(id);
        }
        let status = response.status();
        let headers = response.headers_mut();
        headers.insert(
            REQUEST_ID,
            HeaderValue::from_str(id).expect("a request id is plain ASCII"),
        );
        if let Some(quotum) = finish.quotum {
            quotum.write(headers);
        }
        if let Some(key) = finish.idempotency_key {
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        if finish.replay.is_set() {
            headers.insert(REPLAY, HeaderValue::from_static("true"));
        }
        // As a signed number: an unsigned one would be exported as text.
        span.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", status.as_str());
        }
        histogram!(
            "http.server.request.duration",
            "http.request.method" => self.operation.method,
            "http.route" => Arc::clone(&self.operation.route),
            "http.response.status_code" => status.as_str().to_owned(),
        )
        .record(finish.begun.elapsed());
        response
    }
}

/// Runs the route to its answer, its deadline or its panic.
async fn respond<S>(inner: S, request: Request, deadline: Deadline) -> Response
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let work = AssertUnwindSafe(inner.oneshot(request)).catch_unwind();
    match tokio::time::timeout_at(deadline.instant(), work).await {
        Ok(Ok(Ok(response))) => response,
        // The hook of marque-telemetry has logged where; the payload may quote a record and is dropped here.
        Ok(Err(_payload)) => {
            tracing::error!("a handler panicked; the request is answered with INTERNAL");
            Failure::new(ErrorCode::Internal, "INTERNAL", "internal error").into_response()
        }
        Err(_elapsed) => {
            let words = "the deadline passed before the answer was ready";
            Failure::new(ErrorCode::Timeout, "DEADLINE_EXCEEDED", words).into_response()
        }
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            inner,
            guard: self.clone(),
        }
    }
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    /// Always ready: the route is polled once its request is let in.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (guard, inner) = (self.guard.clone(), self.inner.clone());
        Box::pin(async move { Ok(guard.run(inner, request).await) })
    }
}

#[cfg(test)]
mod tests {
    use tower::service_fn;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_and_nothing_more() {
        let panics = service_fn(async |_: Request| -> Result<Response, Infallible> {
            panic!("as it happens")
        });
        let response = respond(
            panics,
            Request::default(),
            Deadline::after(Duration::from_secs(1)),
        )
        .await;
        let failure = response
            .extensions()
            .get::<Failure>()
            .expect("a panic is a failure");
        assert_eq!(response.status(), 500);
        assert_eq!(failure.problem().detail, "internal error");
    }

    #[tokio::test]
    async fn work_is_dropped_at_its_deadline() {
        let endless = service_fn(async |_: Request| -> Result<Response, Infallible> {
            std::future::pending().await
        });
        let response = respond(
            endless,
            Request::default(),
            Deadline::after(Duration::from_millis(5)),
        )
        .await;
        assert_eq!(response.status(), 504);
    }
}
