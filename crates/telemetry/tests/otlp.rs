//! Spans reach a real OTLP receiver, as one trace across a `traceparent`.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use http::HeaderMap;
use marque_telemetry::{
    TelemetrySettings, continue_trace, init, inject, prometheus_text, traceparent,
};
use marque_testkit::Collector;
use opentelemetry_proto::tonic::trace::v1::Span;

/// One test, since telemetry starts once a process.
#[tokio::test(flavor = "multi_thread")]
async fn a_trace_arrives_whole_with_its_resource_and_metrics_have_their_names() {
    let (collector, address) = Collector::start().await;
    let settings = TelemetrySettings {
        service_name: "marque-test".to_owned(),
        instance: "one".to_owned(),
        // What is logged is one thing, and what is exported another.
        filter: "warn".to_owned(),
        otlp_endpoint: Some(format!("http://{address}")),
        ..TelemetrySettings::default()
    };
    let guard = init(&settings).unwrap();
    assert!(init(&settings).is_err(), "once a process");

    let headers = caller();
    callee(&headers);
    drop(guard);

    let requests = collector.requests().await;
    let resource = requests[0].resource_spans[0].resource.as_ref().unwrap();
    let service = resource
        .attributes
        .iter()
        .find(|attribute| attribute.key == "service.name")
        .unwrap();
    assert!(format!("{service:?}").contains("marque-test"));
    let spans = collector.spans().await;
    let named = |name: &str| -> &Span { spans.iter().find(|span| span.name == name).expect(name) };
    let (caller, callee, inner) = (named("caller"), named("callee"), named("inner"));
    assert!(caller.parent_span_id.is_empty());
    assert_eq!(callee.parent_span_id, caller.span_id);
    assert_eq!(inner.parent_span_id, callee.span_id);
    assert_eq!(inner.trace_id, caller.trace_id);
    assert_eq!(spans.len(), 3, "of our own crates alone");
    metrics_have_the_names_prometheus_wants();
}

fn caller() -> HeaderMap {
    let span = tracing::info_span!(target: "marque_test", "caller");
    let mut headers = HeaderMap::new();
    inject(&span, &mut headers);
    assert_eq!(
        headers["traceparent"].to_str().unwrap(),
        traceparent(&span).unwrap()
    );
    headers
}

fn callee(headers: &HeaderMap) {
    let span = tracing::info_span!(target: "marque_test", parent: None, "callee");
    continue_trace(&span, headers);
    span.in_scope(|| {
        let inner = tracing::info_span!(target: "marque_test", "inner");
        inner.in_scope(|| {
            tracing::info_span!(target: "h2", "not ours").in_scope(|| tracing::info!("at work"))
        });
    });
}

fn metrics_have_the_names_prometheus_wants() {
    let seconds = metrics::Unit::Seconds;
    metrics::describe_histogram!(
        "rpc.server.call.duration",
        seconds,
        "Duration of calls answered."
    );
    metrics::histogram!("rpc.server.call.duration", "rpc.method" => "a.B/C").record(0.006);
    metrics::histogram!("import.batch.size").record(600.0);
    metrics::counter!("events.delivered").increment(3);
    let text = prometheus_text();
    for line in [
        "# TYPE rpc_server_call_duration_seconds histogram",
        "rpc_server_call_duration_seconds_bucket{rpc_method=\"a.B/C\",le=\"0.005\"} 0",
        "rpc_server_call_duration_seconds_bucket{rpc_method=\"a.B/C\",le=\"0.01\"} 1",
        "rpc_server_call_duration_seconds_bucket{rpc_method=\"a.B/C\",le=\"10\"} 1",
        "import_batch_size_bucket{le=\"100\"} 0",
        "import_batch_size_bucket{le=\"1000\"} 1",
        "events_delivered_total 3",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
    for name in [
        "process_memory_usage_bytes ",
        "process_thread_count ",
        "process_unix_file_descriptor_count ",
        "process_cpu_time_seconds_total ",
    ] {
        assert!(
            cfg!(not(target_os = "linux")) || text.contains(name),
            "no `{name}` in\n{text}"
        );
    }
}
