//! One trace goes through both kinds of hop.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use marque_rpc::{CallMeta, RequestId, RoleName};
use opentelemetry::trace::{SpanId, TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::Instrument as _;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _};

use crate::common::{World, ask, feed};

/// Keeps finished spans.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Kept {
    /// The three spans of a trace; the server's may end a moment after the answer.
    async fn three_of(&self, traceparent: &str) -> Vec<SpanData> {
        let in_trace =
            |span: &&SpanData| traceparent.contains(&span.span_context.trace_id().to_string());
        for _ in 0..200 {
            let spans: Vec<_> = self
                .0
                .lock()
                .unwrap()
                .iter()
                .filter(in_trace)
                .cloned()
                .collect();
            if spans.len() >= 3 {
                return spans;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the trace never was whole");
    }
}

#[tokio::test]
async fn caller_relay_and_role_are_parent_child_and_grandchild() {
    let kept = Kept::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(kept.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    // As in production without the spans of h2 and hyper. For the whole process: the other tests' spans come here
    // too and are told apart by their trace.
    let subscriber = tracing_subscriber::registry()
        .with(EnvFilter::new("info"))
        .with(layer);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let world = World::start().await;
    for transport in world.both_to(RoleName::Customer) {
        let caller = tracing::info_span!("caller");
        let traceparent = marque_telemetry::traceparent(&caller).unwrap();
        let request = CallMeta::new(RequestId::random()).outgoing(ask("relay"));
        feed(&transport)
            .pull(request)
            .instrument(caller)
            .await
            .unwrap();
        let spans = kept.three_of(&traceparent).await;
        let caller = spans.iter().find(|span| span.name == "caller").unwrap();
        assert_eq!(caller.parent_span_id, SpanId::INVALID);
        let relay = child_of(&spans, caller);
        let role = child_of(&spans, relay);
        assert_eq!(relay.name, "marque.events.v1.EventFeed/Pull");
        assert_eq!(role.span_context.trace_id(), caller.span_context.trace_id());
        assert_eq!(attribute(relay, "marque.role"), "customer");
        assert_eq!(attribute(role, "marque.role"), "vehicle");
        assert_eq!(attribute(role, "rpc.response.status_code"), "OK");
        assert_eq!(
            attribute(role, "request_id"),
            attribute(relay, "request_id")
        );
    }
}

fn child_of<'a>(spans: &'a [SpanData], parent: &SpanData) -> &'a SpanData {
    let id = parent.span_context.span_id();
    spans
        .iter()
        .find(|span| span.parent_span_id == id)
        .expect("a child")
}

fn attribute(span: &SpanData, key: &str) -> String {
    span.attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key)
        .map(|attribute| attribute.value.to_string())
        .unwrap_or_default()
}
