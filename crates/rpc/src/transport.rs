//! The one transport of every generated client: memory or network behind the same type.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, ready};
use http::{HeaderValue, Request, Response};
use rustls::pki_types::ServerName;
use tonic::{
    TimeoutExpired,
    body::Body,
    transport::{Channel, Endpoint},
};
use tower::{Service, ServiceExt as _};
use tracing::Span;

use crate::{
    Deadline, LayeredRoutes, ROLE_HEADER, RoleName, RoleRouter, TlsMaterial,
    body::Call,
    breaker::Breaker,
    deadline,
    measure::{Measure, Side, method_name},
    outgoing::OwnFailure,
    refusal::Refusal,
    router::{Slots, not_here},
    secured::Connector,
};

/// Budget of a call whose caller set none: every call between roles carries a deadline.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// After this long without the head of an answer a peer counts as one that cannot be reached.
const HANGS: Duration = Duration::from_secs(2);

/// The way to one role: `CustomerServiceClient::new(transport)`. Cheap to clone, never fails by itself: whatever goes
/// wrong on the way comes back as a gRPC status with details, the same from memory and network.
#[derive(Clone, Debug)]
pub struct RpcTransport {
    role: RoleName,
    link: Link,
}

#[derive(Clone)]
enum Link {
    Routes(LayeredRoutes),
    /// Weak, for roles that read each other's feeds would otherwise keep each other alive for ever.
    Router(Weak<Slots>),
    Network(Channel, Breaker),
}

impl RpcTransport {
    /// To a role in this process.
    pub fn memory(routes: LayeredRoutes) -> Self {
        Self {
            role: routes.role(),
            link: Link::Routes(routes),
        }
    }

    /// To a role that is, or will be, in this router. UNIMPLEMENTED while it is not.
    pub fn local(role: RoleName, router: &RoleRouter) -> Self {
        Self {
            role,
            link: Link::Router(Arc::downgrade(&router.slots)),
        }
    }

    /// To a role over the network; see [`connect_lazily`].
    pub fn tcp(role: RoleName, channel: Channel) -> Self {
        Self {
            role,
            link: Link::Network(channel, Breaker::new(role)),
        }
    }

    /// The role that is called.
    pub fn role(&self) -> RoleName {
        self.role
    }

    /// Stamps what every call carries and returns its deadline.
    fn prepare(&self, request: &mut Request<Body>) -> Deadline {
        let headers = request.headers_mut();
        headers.insert(ROLE_HEADER, HeaderValue::from_static(self.role.as_str()));
        marque_telemetry::inject(&Span::current(), headers);
        let budget = deadline::read(headers).unwrap_or_else(|| {
            deadline::write(DEFAULT_DEADLINE, headers);
            DEFAULT_DEADLINE
        });
        Deadline::after(budget)
    }
}

impl Service<Request<Body>> for RpcTransport {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let deadline = self.prepare(&mut request);
        match &mut self.link {
            Link::Routes(routes) => routes.call(request),
            Link::Router(slots) => call_local(self.role, slots.upgrade().as_deref(), request),
            Link::Network(channel, breaker) => {
                let work = over_network(breaker.clone(), channel.clone(), request, deadline);
                Box::pin(async move { Ok(work.await) })
            }
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Routes(_) | Self::Router(_) => "memory",
            Self::Network(..) => "network",
        })
    }
}

/// Calls a role of this process.
fn call_local(
    role: RoleName,
    slots: Option<&Slots>,
    request: Request<Body>,
) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
    if let Some(mut health) = slots.and_then(|slots| slots.health_for(&request)) {
        return Box::pin(health.call(request));
    }
    match slots.and_then(|slots| slots.get(role).cloned()) {
        Some(mut routes) => routes.call(request),
        None => Box::pin(ready(Ok(not_here(role).into_http()))),
    }
}

/// Calls over the network. The deadline is kept here too, for a peer that hangs answers nothing at all.
async fn over_network(
    breaker: Breaker,
    channel: Channel,
    request: Request<Body>,
    deadline: Deadline,
) -> Response<Body> {
    let (role, begun) = (breaker.role(), Instant::now());
    if let Err(rest) = breaker.admit(begun) {
        return Refusal::LeftAlone { role, rest }.response();
    }
    let call = Call {
        deadline,
        span: Span::none(),
        measure: Measure::begin(Side::Client, role, method_name(request.uri().path())),
        in_flight: None,
    };
    let own = OwnFailure::default();
    let work = channel.oneshot(request.map(|body| own.watch(body)));
    let response = match tokio::time::timeout_at(deadline.instant(), work).await {
        Ok(Ok(response)) => {
            breaker.answered();
            response
        }
        Ok(Err(error)) => {
            if let Some(status) = own.get() {
                status.clone().into_http()
            } else {
                refused(&breaker, begun, broken(role, &error))
            }
        }
        Err(_elapsed) => refused(&breaker, begun, Refusal::DeadlineExceeded),
    };
    call.watch(response)
}

/// The answer to a call that came to nothing, which speaks against the peer unless its caller was in a hurry.
fn refused(breaker: &Breaker, begun: Instant, refusal: Refusal) -> Response<Body> {
    let is_hurry = matches!(refusal, Refusal::DeadlineExceeded) && begun.elapsed() < HANGS;
    if !is_hurry {
        breaker.failed(Instant::now());
    }
    refusal.response()
}

/// What a failed connection is to the caller. tonic itself would call a time-out CANCELLED.
fn broken(role: RoleName, error: &(dyn Error + 'static)) -> Refusal {
    let mut link = Some(error);
    while let Some(cause) = link {
        if cause.is::<TimeoutExpired>() {
            return Refusal::DeadlineExceeded;
        }
        link = cause.source();
    }
    tracing::warn!(peer.role = %role, error, "a peer cannot be reached");
    Refusal::Unreachable(role)
}

/// Where and how a peer is reached over the network.
#[derive(Debug, Clone)]
pub struct PeerSettings {
    /// `http://host:port`, or `https://host:port` with TLS.
    pub address: String,
    /// Our certificate and the authority of theirs; `None` only for `http`.
    pub tls: Option<TlsMaterial>,
    /// How long one attempt to connect may take.
    pub connect_timeout: Duration,
    /// The name its certificate must bear; `None` is `<role>.marque.internal`.
    pub server_name: Option<String>,
}

/// A peer's settings do not work.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The address does not parse.
    #[error(
        "the peer address `{0}` is not understood; write http://host:port or https://host:port"
    )]
    Address(String),
    /// `https` without certificates, or `http` with them.
    #[error(
        "the peer address `{0}` and its TLS settings contradict: https needs certificates, http takes none"
    )]
    Scheme(String),
    /// The name of the peer's certificate is none.
    #[error("`{0}` is no name that a certificate can bear")]
    Name(String),
}

/// A channel that connects at its first call, again after it broke, and notices a dead peer by HTTP/2 pings.
///
/// # Errors
/// The settings do not work; that a peer is down is no error here.
pub fn connect_lazily(role: RoleName, peer: &PeerSettings) -> Result<RpcTransport, PeerError> {
    let named = || peer.address.clone();
    // TLS is the connector's, which reads the certificates anew; to tonic the connection is plain.
    let address = peer.address.replacen("https://", "http://", 1);
    let endpoint = Endpoint::from_shared(address)
        .map_err(|_| PeerError::Address(named()))?
        .connect_timeout(peer.connect_timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true);
    if peer.address.starts_with("https://") != peer.tls.is_some() {
        return Err(PeerError::Scheme(named()));
    }
    let Some(tls) = &peer.tls else {
        return Ok(RpcTransport::tcp(role, endpoint.connect_lazy()));
    };
    let name = peer
        .server_name
        .clone()
        .unwrap_or_else(|| TlsMaterial::server_name(role));
    let connector = Connector {
        tls: tls.clone(),
        name: ServerName::try_from(name.clone()).map_err(|_| PeerError::Name(name))?,
    };
    let channel = endpoint.connect_with_connector_lazy(connector);
    Ok(RpcTransport::tcp(role, channel))
}
