//! Puts logs, traces and metrics together, once a process.

use tracing::Dispatch;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
};

use crate::{
    LogFormat, TelemetrySettings,
    otlp::{self, Exporter},
    panics,
    prometheus::{self, Upkeep},
};

/// Telemetry cannot start as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter directive does not parse.
    #[error(
        "the log filter `{filter}` is not understood; write something like `info,marque_rpc=debug`"
    )]
    Filter {
        /// The directive as configured.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// The sampling ratio is no share.
    #[error("the trace sampling ratio is {0}; it must be from 0.0 to 1.0")]
    SampleRatio(f64),
    /// The OTLP exporter cannot be built.
    #[error(
        "traces cannot be exported to `{endpoint}`; it must be an address such as http://collector:4317"
    )]
    Otlp {
        /// The endpoint as configured.
        endpoint: String,
        /// What is wrong with it.
        source: opentelemetry_otlp::ExporterBuildError,
    },
    /// The exporter's or the metrics' thread cannot start.
    #[error("a telemetry thread cannot start")]
    Thread(#[from] std::io::Error),
    /// `init` ran before in this process.
    #[error("telemetry was started twice in one process")]
    Twice,
}

/// Keeps telemetry running. Dropping it sends the spans not sent yet and stops the threads.
#[must_use = "dropping the guard stops the export of traces"]
#[derive(Debug)]
pub struct Guard {
    _exporter: Option<Exporter>,
    _upkeep: Upkeep,
}

/// Starts logs, traces and metrics for the whole process.
///
/// # Errors
/// See [`TelemetryError`]; nothing is started then, or it was started before.
pub fn init(settings: &TelemetrySettings) -> Result<Guard, TelemetryError> {
    let (dispatch, exporter) = build(settings, std::io::stderr)?;
    let upkeep = prometheus::install()?;
    tracing::dispatcher::set_global_default(dispatch).map_err(|_| TelemetryError::Twice)?;
    panics::log_without_payload();
    Ok(Guard {
        _exporter: exporter,
        _upkeep: upkeep,
    })
}

/// Whether `filter` says which log lines are written.
///
/// # Errors
/// [`TelemetryError::Filter`].
pub fn check_filter(filter: &str) -> Result<(), TelemetryError> {
    read_filter(filter).map(drop)
}

fn read_filter(filter: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(filter).map_err(|source| TelemetryError::Filter {
        filter: filter.to_owned(),
        source,
    })
}

/// The spans of exported traces, whatever is logged: our own, and of stores the units of work, for which nobody else asks. Those of the
/// exporter's own calls would make more of themselves.
const TRACES: &str = "off,marque=info,marque_db::spans=debug";

/// The subscriber that the settings describe, writing logs to `writer`; installs nothing.
pub(crate) fn build<W>(
    settings: &TelemetrySettings,
    writer: W,
) -> Result<(Dispatch, Option<Exporter>), TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = read_filter(&settings.filter)?;
    if !(0.0..=1.0).contains(&settings.sample_ratio) {
        return Err(TelemetryError::SampleRatio(settings.sample_ratio));
    }
    let Some(endpoint) = &settings.otlp_endpoint else {
        // A span that is not logged is not made either, and costs nothing.
        let subscriber = Registry::default()
            .with(filter)
            .with(log_layer(settings.log_format, writer));
        return Ok((Dispatch::new(subscriber), None));
    };
    let exporter = otlp::start(endpoint, settings)?;
    let logs: Box<dyn Layer<Registry> + Send + Sync> = log_layer(settings.log_format, writer);
    let traces = tracing_opentelemetry::layer()
        .with_tracer(exporter.tracer())
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(EnvFilter::new(TRACES));
    let subscriber = Registry::default()
        .with(logs.with_filter(filter))
        .with(traces);
    Ok((Dispatch::new(subscriber), Some(exporter)))
}

/// The fmt layer; generic over what is under it, since the filter is part of the type.
fn log_layer<S, W>(format: LogFormat, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    match format {
        LogFormat::Text => fmt::layer().with_ansi(false).with_writer(writer).boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(true)
            .with_current_span(false)
            .with_writer(writer)
            .boxed(),
    }
}
