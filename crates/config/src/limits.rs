//! What one caller may use at the gateway.

use serde::Deserialize;

/// Limits of the gateway.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Largest body of an ordinary request, in bytes. Imports stream and are not limited by it.
    pub max_body_bytes: usize,
    /// Requests a second of one caller, on average.
    pub requests_per_second: u32,
    /// Requests one caller may make at once above that.
    pub burst: u32,
    /// How often a minute one caller may have identifiers shown whole, take out everything about a person, or open locked records.
    pub reveals_per_minute: u32,
    /// Requests served at once; more are refused at once.
    pub max_in_flight: usize,
    /// How long a request may wait for a thread, and a write for its store, in milliseconds, before some are refused so that the others are
    /// served in time; 0 refuses none for that (ADR 29).
    pub queue_delay_ms: u64,
    /// Streams of events open at once, beside those requests; more are refused at once.
    pub max_streams: usize,
    /// Connections held open at once.
    pub max_connections: usize,
    /// Time a caller has to send the head of a request, in milliseconds.
    pub header_timeout_ms: u64,
    /// Between saying "not ready" and taking no more connections when the process stops, in milliseconds: what load balancers
    /// need to notice.
    pub drain_notice_ms: u64,
    /// Time running requests have to end after that, in seconds.
    pub drain_s: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 1 << 20,
            requests_per_second: 10_000,
            burst: 20_000,
            reveals_per_minute: 30,
            max_in_flight: 512,
            queue_delay_ms: 100,
            max_streams: 256,
            max_connections: 10_000,
            header_timeout_ms: 10_000,
            drain_notice_ms: 2_000,
            drain_s: 20,
        }
    }
}
