//! Which roles are in this process, and the way from a call to its role.

use std::{
    convert::Infallible,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures::future::{BoxFuture, ready};
use http::{HeaderName, Request, Response};
use tokio::sync::Mutex;
use tonic::{Status, body::Body, service::Routes};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::Service;

use crate::{
    LayeredRoutes, PeerRoles, RoleName, allow::may_call, measure::method_name, refusal::Refusal,
};

/// The metadata that says which role is called: several roles serve the same service names on one listener.
pub const ROLE_HEADER: HeaderName = HeaderName::from_static("marque-role");

/// A role was added twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the role {0} is in this process already")]
pub struct RoleTaken(pub RoleName);

/// The roles of this process behind one service, with `grpc.health.v1` beside them. Clones share the roles.
#[derive(Clone)]
pub struct RoleRouter {
    pub(crate) slots: Arc<Slots>,
    health: Arc<Mutex<Health>>,
}

/// What health checks are told, by one at a time: what is told of a service hangs on several roles.
struct Health {
    reporter: HealthReporter,
    /// Nothing can be called any more, whatever comes back.
    is_draining: bool,
}

/// One place a role, filled once: read without a lock by every call. Health stands beside them.
#[derive(Debug)]
pub(crate) struct Slots {
    roles: [OnceLock<LayeredRoutes>; RoleName::ALL.len()],
    /// Which of them can be called.
    serving: [AtomicBool; RoleName::ALL.len()],
    health: Routes,
}

impl Slots {
    pub(crate) fn get(&self, role: RoleName) -> Option<&LayeredRoutes> {
        self.roles[role.index()].get()
    }

    /// Whether a role that has a gRPC service of this name can be called: several have those of imports and events.
    fn can_serve(&self, service: &str) -> bool {
        let roles = self.roles.iter().filter_map(OnceLock::get);
        roles
            .filter(|routes| routes.services().contains(&service))
            .any(|routes| self.serving[routes.role().index()].load(Ordering::Relaxed))
    }

    /// The health of all roles, for a request that asks for it. It stands outside every stack: it must answer when
    /// everything else is shed.
    pub(crate) fn health_for(&self, request: &Request<Body>) -> Option<Routes> {
        let asks = request.uri().path().starts_with("/grpc.health.v1.Health/");
        asks.then(|| self.health.clone())
    }
}

impl RoleRouter {
    /// A router without roles; its health says SERVING for the process as a whole.
    pub fn new() -> Self {
        let (reporter, health) = tonic_health::server::health_reporter();
        Self {
            slots: Arc::new(Slots {
                roles: Default::default(),
                serving: Default::default(),
                health: Routes::new(health).prepare(),
            }),
            health: Arc::new(Mutex::new(Health {
                reporter,
                is_draining: false,
            })),
        }
    }

    /// Adds a role. Its health stays unknown until [`Self::set_serving`].
    ///
    /// # Errors
    /// The role was added before.
    pub fn add(&self, routes: LayeredRoutes) -> Result<(), RoleTaken> {
        let role = routes.role();
        self.slots.roles[role.index()]
            .set(routes)
            .map_err(|_| RoleTaken(role))
    }

    /// The roles added so far.
    pub fn roles(&self) -> Vec<RoleName> {
        RoleName::ALL
            .into_iter()
            .filter(|role| self.slots.get(*role).is_some())
            .collect()
    }

    /// Tells health checks of the service named like the role, and of each gRPC service that it has, whether it can be called. After
    /// [`Self::stop_serving`] none can.
    pub async fn set_serving(&self, role: RoleName, serving: bool) {
        let health = self.health.lock().await;
        if !(serving && health.is_draining) {
            self.tell(&health.reporter, role, serving).await;
        }
    }

    /// Tells health checks that nothing here can be called any more: the first act of a drain.
    pub async fn stop_serving(&self) {
        let mut health = self.health.lock().await;
        health.is_draining = true;
        let reporter = &health.reporter;
        reporter
            .set_service_status("", ServingStatus::NotServing)
            .await;
        for role in self.roles() {
            self.tell(reporter, role, false).await;
        }
    }

    async fn tell(&self, reporter: &HealthReporter, role: RoleName, serving: bool) {
        reporter
            .set_service_status(role.as_str(), status_of(serving))
            .await;
        self.slots.serving[role.index()].store(serving, Ordering::Relaxed);
        let services = self.slots.get(role).map(LayeredRoutes::services);
        for service in services.unwrap_or_default() {
            let status = status_of(self.slots.can_serve(service));
            reporter.set_service_status(service, status).await;
        }
    }

    /// Ends the streams of all roles here and lets no more begin: they would go on for as long as a drain may take.
    pub fn end_streams(&self) {
        for routes in self.slots.roles.iter().filter_map(OnceLock::get) {
            routes.end_streams();
        }
    }

    /// The routes a call is for, or why the caller may not have them.
    fn find(&self, request: &Request<Body>) -> Result<LayeredRoutes, Status> {
        let routes = self.find_role(request)?;
        // Without TLS nobody knows who calls: that is for development and tests.
        let Some(peer) = request.extensions().get::<PeerRoles>() else {
            return Ok(routes);
        };
        let path = request.uri().path();
        if may_call(*peer, routes.role(), path) {
            return Ok(routes);
        }
        tracing::warn!(
            %peer,
            callee = %routes.role(),
            method = method_name(path),
            "a peer called what crates/rpc/src/allow.rs does not let it call"
        );
        Err(Refusal::NotAllowed.status())
    }

    fn find_role(&self, request: &Request<Body>) -> Result<LayeredRoutes, Status> {
        let Some(name) = request.headers().get(ROLE_HEADER) else {
            return self.only_role().ok_or_else(|| {
                Status::unimplemented(
                    "several roles are here: name one in the metadata marque-role",
                )
            });
        };
        let role: RoleName = name
            .to_str()
            .ok()
            .and_then(|name| name.parse().ok())
            .ok_or_else(|| {
                Status::unimplemented("the metadata marque-role names no role of Marque")
            })?;
        self.slots.get(role).cloned().ok_or_else(|| not_here(role))
    }

    fn only_role(&self) -> Option<LayeredRoutes> {
        let mut present = self.slots.roles.iter().filter_map(OnceLock::get);
        let only = present.next()?;
        present.next().is_none().then(|| only.clone())
    }
}

/// The same words whether the call came over memory or the network.
pub(crate) fn not_here(role: RoleName) -> Status {
    Status::unimplemented(format!(
        "the role {role} does not run in the process that was called"
    ))
}

const fn status_of(serving: bool) -> ServingStatus {
    if serving {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}

impl Default for RoleRouter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RoleRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleRouter")
            .field("roles", &self.roles())
            .finish_non_exhaustive()
    }
}

impl Service<Request<Body>> for RoleRouter {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if let Some(mut health) = self.slots.health_for(&request) {
            return Box::pin(health.call(request));
        }
        match self.find(&request) {
            Ok(mut routes) => routes.call(request),
            Err(status) => Box::pin(ready(Ok(status.into_http()))),
        }
    }
}
