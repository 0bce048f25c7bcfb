//! The test rig: a gateway over stub roles that are reached as real ones are, through the whole stack.

mod client;
mod complaint;
mod complaint_samples;
mod customer;
mod import;
mod network;
mod personal_data;
mod quality;
mod samples;
mod scoring;
mod script;
mod tokens;
mod vehicle;
mod visits;

use std::{sync::Arc, time::Duration};

use marque_auth::{AuthLayer, PlaceSeal};
use marque_core::{ManualClock, SharedClock};
use marque_errors::{ErrorCode, ServiceError, Violation};
use marque_gateway::{Deps, Gateway, Peers, Readiness, Settings, build};
use marque_rpc::{RoleName, Routes, RpcTransport, StackSettings, stack};

pub(crate) use client::{Reply, request};
pub(crate) use import::Sink;
pub(crate) use samples::{CUSTOMER, MERGED, REFUSING, VEHICLE};
pub(crate) use script::Script;
pub(crate) use tokens::Tokens;

/// What a service answers to a write on another version than the one it has.
#[derive(Debug, thiserror::Error)]
#[error("somebody changed this first: read it again")]
struct Changed(&'static str);

impl ServiceError for Changed {
    fn code(&self) -> ErrorCode {
        ErrorCode::Conflict
    }

    fn reason(&self) -> &'static str {
        self.0
    }
}

fn changed(reason: &'static str) -> tonic::Status {
    marque_errors::status(&Changed(reason))
}

/// What a service answers to a request with a wrong field.
#[derive(Debug, thiserror::Error)]
#[error("the request has wrong fields")]
struct Wrong(&'static str);

impl ServiceError for Wrong {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidArgument
    }

    fn violations(&self) -> Vec<Violation> {
        vec![Violation::new(self.0, "INVALID", "as the script says")]
    }
}

fn wrong(field: &'static str) -> tonic::Status {
    marque_errors::status(&Wrong(field))
}

/// A gateway over stub roles.
pub(crate) struct Rig {
    pub(crate) gateway: Gateway,
    pub(crate) tokens: Tokens,
    pub(crate) readiness: Readiness,
    /// What the roles do and have seen.
    pub(crate) network: Script,
    pub(crate) customer: Script,
    pub(crate) vehicle: Script,
    pub(crate) visits: Script,
    pub(crate) scoring: Script,
    pub(crate) complaint: Script,
    /// Where files of customers go.
    pub(crate) sink: Sink,
}

impl Rig {
    /// With settings that tests can live with.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With settings of the test's own.
    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            drain_notice: Duration::from_millis(50),
            ..Settings::default()
        };
        change(&mut settings);
        let clock: SharedClock = Arc::new(ManualClock::default());
        let tokens = Tokens::new();
        let (network, customer, vehicle, visits) =
            (Script::new(), Script::new(), Script::new(), Script::new());
        let scoring = Script::new();
        let quality = Script::new();
        let complaint = Script::new();
        let sink = Sink::new();
        let reach = |role, routes: Routes| {
            let auth = AuthLayer::new(tokens.verifier(), Arc::clone(&clock));
            RpcTransport::memory(stack(role, routes, auth, StackSettings::default()))
        };
        let peers = Peers {
            network: reach(RoleName::Network, network::routes(&network)),
            customer: reach(
                RoleName::Customer,
                customer::routes(&customer)
                    .add_service(personal_data::service(&customer))
                    .add_service(import::service("customers", &customer, &sink)),
            ),
            vehicle: reach(
                RoleName::Vehicle,
                vehicle::routes(&vehicle).add_service(import::service(
                    "vehicles",
                    &vehicle,
                    &Sink::new(),
                )),
            ),
            data_quality: reach(
                RoleName::DataQuality,
                quality::routes(&quality).add_service(import::service(
                    "verifications",
                    &quality,
                    &Sink::new(),
                )),
            ),
            service_history: reach(
                RoleName::ServiceHistory,
                visits::routes(&visits).add_service(import::service(
                    "visits",
                    &visits,
                    &Sink::new(),
                )),
            ),
            scoring: reach(
                RoleName::Scoring,
                scoring::routes(&scoring).add_service(import::service(
                    "payments",
                    &scoring,
                    &Sink::new(),
                )),
            ),
            complaint: reach(
                RoleName::Complaint,
                complaint::routes(&complaint).add_service(import::service(
                    "complaints",
                    &complaint,
                    &Sink::new(),
                )),
            ),
        };
        let readiness = Readiness::of_peers(&peers, |role| role == RoleName::Customer);
        let deps = Deps {
            peers,
            verifier: tokens.verifier(),
            places: PlaceSeal::under(b"the same for every replica......"),
            settings,
            clock,
            readiness: readiness.clone(),
            backlog: marque_gateway::Backlog::NONE,
        };
        Self {
            gateway: build(deps),
            tokens,
            readiness,
            network,
            customer,
            vehicle,
            visits,
            scoring,
            complaint,
            sink,
        }
    }

    /// Sends a request straight into the router.
    pub(crate) async fn send(&self, request: http::Request<axum::body::Body>) -> Reply {
        client::send(self.gateway.router.clone(), request).await
    }

    /// A request of headquarters' administrator.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send(request(method, path, &self.tokens.of("hq_admin"), body))
            .await
    }
}
