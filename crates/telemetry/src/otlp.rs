//! The exporter of spans: OTLP over gRPC, on a runtime of its own.

use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use tokio::runtime::{Builder, Runtime};

use crate::{TelemetryError, TelemetrySettings};

/// A running exporter; dropping it sends what it still holds.
///
/// The runtime is its own because a flush blocks its caller: on the caller's runtime, if that has one thread, the
/// connection to the collector could never make progress.
#[derive(Debug)]
pub(crate) struct Exporter {
    provider: SdkTracerProvider,
    runtime: Option<Runtime>,
}

impl Exporter {
    pub(crate) fn tracer(&self) -> SdkTracer {
        self.provider.tracer("marque")
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last spans were not exported");
        }
        // Not a plain drop: that would panic inside an async `main`.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Starts exporting to `endpoint`. The collector need not be up: spans are dropped while it is away.
pub(crate) fn start(
    endpoint: &str,
    settings: &TelemetrySettings,
) -> Result<Exporter, TelemetryError> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("marque-otlp")
        .enable_all()
        .build()?;
    let built = {
        let _inside = runtime.enter();
        SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()
    };
    let exporter = match built {
        Ok(exporter) => exporter,
        Err(source) => {
            // As when an exporter is dropped: the caller may be asynchronous.
            runtime.shutdown_background();
            return Err(TelemetryError::Otlp {
                endpoint: endpoint.to_owned(),
                source,
            });
        }
    };
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            settings.sample_ratio,
        ))))
        .with_resource(resource(settings))
        .build();
    Ok(Exporter {
        provider,
        runtime: Some(runtime),
    })
}

fn resource(settings: &TelemetrySettings) -> Resource {
    let mut resource = Resource::builder()
        .with_service_name(settings.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if !settings.instance.is_empty() {
        resource = resource.with_attribute(KeyValue::new(
            "service.instance.id",
            settings.instance.clone(),
        ));
    }
    resource.build()
}
