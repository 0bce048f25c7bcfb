#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod answer;
mod case_feed;
mod docs;
mod edge;
mod export;
mod extract;
mod grpc;
mod intake;
mod numbers;
mod openapi;
mod peers;
mod probes;
mod problem;
mod readiness;
mod router;
mod routes;
mod serve;
mod settings;
mod state;
mod tasks;
mod unread;
mod values;
mod yuan;

use std::time::Duration;

use marque_auth::{PlaceSeal, Verifier};
use marque_core::SharedClock;

pub use openapi::openapi;
pub use peers::Peers;
pub use readiness::{Check, Readiness, peer_check};
pub use serve::{GatewayError, serve, serve_admin, serve_operators};
pub use settings::Settings;
pub use tasks::Tasks;

/// What the gateway needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The roles it speaks for.
    pub peers: Peers,
    /// Whose tokens are good. Tokens of peers are refused here whatever it says.
    pub verifier: Verifier,
    /// Seals the places in lists that callers carry; every replica's opens what another has sealed.
    pub places: PlaceSeal,
    /// Limits and times.
    pub settings: Settings,
    /// The time.
    pub clock: SharedClock,
    /// What must be well for `/readyz` to say so; draining begins here.
    pub readiness: Readiness,
    /// What waits in this process beside requests.
    pub backlog: Backlog,
}

/// What waits in the gateway's process beside requests.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    /// Told when requests begin to wait for a thread, and when they no longer do: work that can wait gives way to them.
    pub on_crowd: fn(bool),
    /// How long reads wait for a store.
    pub reads: fn() -> Duration,
    /// How long writes wait for a store.
    pub writes: fn() -> Duration,
}

impl Backlog {
    /// Of a process without stores.
    pub const NONE: Self = Self {
        on_crowd: |_| (),
        reads: || Duration::ZERO,
        writes: || Duration::ZERO,
    };
}

/// A built gateway.
#[derive(Debug)]
pub struct Gateway {
    /// REST, gRPC, docs and probes, for callers.
    pub router: axum::Router,
    /// Metrics and liveness, for operators alone.
    pub admin: axum::Router,
    /// Background work, to be taken and run.
    pub tasks: Tasks,
    /// What the end of serving needs.
    drain: serve::Drain,
}

/// Wires the gateway.
///
/// # Panics
/// If a route names a method that has no access rule in the contract: what nobody was allowed to call must not be served.
pub fn build(deps: Deps) -> Gateway {
    router::build(deps)
}
