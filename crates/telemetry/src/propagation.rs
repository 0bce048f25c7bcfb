//! W3C trace context on the wire: from a span into headers and back.
//!
//! Without an OTLP exporter spans have no trace id and nothing is written.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator as _},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Writes `traceparent` and `tracestate` of a span into headers or gRPC metadata.
pub fn inject(span: &Span, headers: &mut HeaderMap) {
    let context = span.context();
    if context.span().span_context().is_valid() {
        TraceContextPropagator::new().inject_context(&context, &mut HeaderSink(headers));
    }
}

/// Makes a span the child of the trace that the headers carry, if they carry one. To be called before the span is entered.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    if headers.contains_key(TRACEPARENT) {
        adopt(
            span,
            &TraceContextPropagator::new().extract(&HeaderSource(headers)),
        );
    }
}

/// The `traceparent` of a span, to be kept with an event; `None` if the span is not traced.
pub fn traceparent(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            ids.trace_id(),
            ids.span_id(),
            ids.trace_flags().to_u8()
        )
    })
}

/// Makes a span the child of a kept `traceparent`; a text that is none changes nothing.
pub fn continue_trace_from(span: &Span, traceparent: &str) {
    if let Ok(value) = HeaderValue::from_str(traceparent) {
        let headers = HeaderMap::from_iter([(TRACEPARENT, value)]);
        continue_trace(span, &headers);
    }
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

fn adopt(span: &Span, parent: &Context) {
    if parent.span().span_context().is_valid() {
        // Refused only where no span is traced (no exporter) or the span is entered already: then it stays a root.
        let _ = span.set_parent(parent.clone());
    }
}

struct HeaderSink<'a>(&'a mut HeaderMap);

impl Injector for HeaderSink<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

struct HeaderSource<'a>(&'a HeaderMap);

impl Extractor for HeaderSource<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
