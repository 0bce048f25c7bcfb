//! Limits and times of the gateway.

use std::{num::NonZeroU32, time::Duration};

use marque_config::LimitsConfig;

/// Limits and times; [`Settings::default`] suits one process of two cores.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Largest body of an ordinary request, in bytes. Imports are streamed and have no limit here.
    pub max_body_bytes: usize,
    /// Requests a second of one caller, on average.
    pub requests_per_second: NonZeroU32,
    /// Requests one caller may make at once.
    pub burst: NonZeroU32,
    /// How often a minute one caller may have identifiers shown whole, take out everything about a person, or open locked records.
    pub reveals_per_minute: NonZeroU32,
    /// Interactive requests served at once; more are refused at once.
    pub max_in_flight: usize,
    /// How long a request may wait for a thread before some are refused; zero refuses none for that.
    pub queue_delay: Duration,
    /// Imports and downloads served at once, beside the interactive ones.
    pub max_imports_in_flight: usize,
    /// Streams of events open at once, beside both.
    pub max_streams: usize,
    /// Time of a request that states none; it may ask for less by `Request-Timeout`.
    pub deadline: Duration,
    /// Time of an import, from its first byte to its answer.
    pub import_deadline: Duration,
    /// Longest silence in the middle of a body.
    pub body_stall: Duration,
    /// Time that one part of a profile may take before it is left out.
    pub part_deadline: Duration,
    /// Connections held open at once; more wait to be accepted.
    pub max_connections: usize,
    /// Time a caller has to send the head of a request.
    pub header_timeout: Duration,
    /// Largest head of a request, in bytes.
    pub max_header_bytes: usize,
    /// Between `/readyz` saying no and taking no more connections: what load balancers need to notice.
    pub drain_notice: Duration,
    /// How long requests in progress may take to end after that.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from(&LimitsConfig::default())
    }
}

impl From<&LimitsConfig> for Settings {
    fn from(config: &LimitsConfig) -> Self {
        let at_least_one = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        Self {
            max_body_bytes: config.max_body_bytes,
            requests_per_second: at_least_one(config.requests_per_second),
            burst: at_least_one(config.burst),
            reveals_per_minute: at_least_one(config.reveals_per_minute),
            max_in_flight: config.max_in_flight,
            queue_delay: Duration::from_millis(config.queue_delay_ms),
            max_imports_in_flight: 16,
            max_streams: config.max_streams,
            deadline: Duration::from_secs(10),
            import_deadline: Duration::from_hours(1),
            body_stall: Duration::from_secs(30),
            part_deadline: Duration::from_secs(2),
            max_connections: config.max_connections,
            header_timeout: Duration::from_millis(config.header_timeout_ms),
            // A token of 64 KiB is answered as any other bad one is, though the verifier reads 8 KiB at most; more would be memory that
            // each connection of anybody can have.
            max_header_bytes: 80 * 1024,
            drain_notice: Duration::from_millis(config.drain_notice_ms),
            drain_timeout: Duration::from_secs(config.drain_s),
        }
    }
}
