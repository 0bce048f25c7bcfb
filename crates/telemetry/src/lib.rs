//! Tracing, OTLP export and metrics.
