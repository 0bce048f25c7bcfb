#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod init;
mod otlp;
mod panics;
mod process;
mod prometheus;
mod propagation;
mod settings;
#[cfg(test)]
mod tests;

pub use init::{Guard, TelemetryError, check_filter, init};
pub use prometheus::{DURATION_BUCKETS, prometheus_text};
pub use propagation::{continue_trace, continue_trace_from, inject, traceparent};
pub use settings::{LogFormat, TelemetrySettings};
