//! What the operator decides about telemetry.

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people at a terminal.
    #[default]
    Text,
    /// One JSON object a line, for log collectors.
    Json,
}

/// Settings of [`init`](crate::init).
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// `service.name` of the resource: `marque`, or `marque-customer` where a role runs alone.
    pub service_name: String,
    /// `service.instance.id`: roles and the pod's or host's name, such as `customer@pod-7`; empty if there is but one.
    pub instance: String,
    /// Form of the log lines.
    pub log_format: LogFormat,
    /// An `EnvFilter` directive for the log, such as `info,marque_rpc=debug`. What is exported does not follow it; while nothing is, a span
    /// that it refuses costs nothing.
    pub filter: String,
    /// OTLP over gRPC, such as `http://collector:4317`; `None` exports nothing.
    pub otlp_endpoint: Option<String>,
    /// Share of new traces that are exported, 0.0 to 1.0. A caller's decision in `traceparent` is kept.
    pub sample_ratio: f64,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            service_name: "marque".to_owned(),
            instance: String::new(),
            log_format: LogFormat::Text,
            filter: "info".to_owned(),
            otlp_endpoint: None,
            sample_ratio: 1.0,
        }
    }
}
