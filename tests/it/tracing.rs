//! One trace from HTTP through gRPC to the store, whatever lies between.

use std::time::Duration;

use marque_auth::Role;
use marque_system_tests::{Sandbox, Topology};
use marque_telemetry::TelemetrySettings;
use marque_testkit::Collector;
use opentelemetry_proto::tonic::{common::v1::any_value::Value, trace::v1::Span};
use serde_json::json;

use crate::scenarios::two_dealers;

const CALLER: &str = "b7ad6b7169203331";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The spans of the trace that a test's own request began, once a whole chain of them has come.
async fn spans_of(collector: &Collector, trace: &str) -> Vec<Span> {
    for _ in 0..300 {
        let spans = collector.spans().await;
        let own: Vec<Span> = spans
            .into_iter()
            .filter(|span| hex(&span.trace_id) == trace)
            .collect();
        let has = |name: &str| own.iter().any(|span| span.name == name);
        if own.iter().any(is_http) && has("write") {
            return own;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Vec::new()
}

fn is_http(span: &Span) -> bool {
    span.name.starts_with("PUT /v1/source-records")
}

async fn a_write_is_one_trace(
    collector: &Collector,
    topology: Topology,
    trace: &str,
) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(topology).await?;
    two_dealers(&sandbox).await?;
    let traceparent = format!("00-{trace}-{CALLER}-01");
    let body = json!({"name": "王小明", "phone": "13800138001"}).to_string();
    let answer = sandbox
        .dealer(Role::Dms, "D1")
        .call(
            reqwest::Method::PUT,
            "/v1/source-records/D1/dms/c1",
            Some(body),
            &[("traceparent", &traceparent)],
        )
        .await?;
    anyhow::ensure!(answer.status.is_success(), "{}", answer.body);
    let spans = spans_of(collector, trace).await;
    let http = spans.iter().find(|span| is_http(span)).expect("HTTP");
    assert_eq!(hex(&http.parent_span_id), CALLER);
    let attribute = |key: &str| {
        let found = http.attributes.iter().find(|each| each.key == key);
        found.and_then(|each| each.value.as_ref()?.value.clone())
    };
    let status = i64::from(answer.status.as_u16());
    assert_eq!(
        attribute("http.response.status_code"),
        Some(Value::IntValue(status))
    );
    assert_eq!(attribute("error.type"), None, "it went well");
    let write = spans
        .iter()
        .find(|span| span.name == "write")
        .expect("the store");
    // From the store up to HTTP, span by span.
    let mut chain = vec![write];
    while let Some(parent) = spans
        .iter()
        .find(|span| span.span_id == chain[chain.len() - 1].parent_span_id)
    {
        chain.push(parent);
    }
    let names: Vec<&str> = chain.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "write",
            "marque.customer.v1.CustomerService/PutSourceRecord",
            &http.name
        ]
    );
    sandbox.stop().await
}

/// One test, since telemetry starts once a process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_one_trace_in_one_process_and_over_the_network() -> anyhow::Result<()> {
    let (collector, address) = Collector::start().await;
    let settings = TelemetrySettings {
        otlp_endpoint: Some(format!("http://{address}")),
        sample_ratio: 1.0,
        // A trace is whole however little is logged.
        filter: "warn".to_owned(),
        ..TelemetrySettings::default()
    };
    let telemetry = marque_telemetry::init(&settings)?;
    let local = "0af7651916cd43dd8448eb211c80319c";
    a_write_is_one_trace(&collector, Topology::AllInOne, local).await?;
    let remote = "1bf7651916cd43dd8448eb211c80319d";
    a_write_is_one_trace(&collector, Topology::OneRoleEach, remote).await?;
    drop(telemetry);
    Ok(())
}
