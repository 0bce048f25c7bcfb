//! Logs and traces.

use serde::Deserialize;

/// What is told to operators.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Filter of log lines, such as `info,marque_db=debug`.
    pub log: String,
    /// Form of log lines.
    pub log_format: LogFormat,
    /// OTLP receiver (gRPC), such as `http://127.0.0.1:4317`; no traces are sent without one.
    pub otlp_endpoint: Option<String>,
    /// Share of traces that are sent, 0 to 1.
    pub trace_ratio: f64,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            otlp_endpoint: None,
            trace_ratio: 0.1,
        }
    }
}
