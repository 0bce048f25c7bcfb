//! Calls between services.

use serde::Deserialize;

/// Deadlines and sizes of gRPC calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RpcConfig {
    /// Where the roles of this process answer other processes; `None`: at `listen` if the gateway is not among them,
    /// else nowhere.
    pub listen: Option<std::net::SocketAddr>,
    /// Deadline of a call that brings none, in milliseconds.
    pub deadline_ms: u64,
    /// Time to connect to a peer, in milliseconds.
    pub connect_timeout_ms: u64,
    /// Calls served at once; more are refused at once.
    pub max_in_flight: usize,
    /// Streams of events open at once, beside those calls; more are refused at once.
    pub max_streams: usize,
}

impl Default for RpcConfig {
    fn default() -> Self {
        Self {
            listen: None,
            deadline_ms: 10_000,
            connect_timeout_ms: 2_000,
            max_in_flight: 1_024,
            max_streams: 512,
        }
    }
}
