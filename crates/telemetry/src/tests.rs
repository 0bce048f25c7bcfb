//! What the subscriber writes, without installing it.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use http::HeaderMap;
use tracing_subscriber::fmt::MakeWriter;

use crate::{LogFormat, TelemetryError, TelemetrySettings, init::build, inject, traceparent};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).unwrap()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn logged(settings: &TelemetrySettings, act: impl FnOnce()) -> String {
    let written = Written::default();
    let (dispatch, _exporter) = build(settings, written.clone()).unwrap();
    tracing::dispatcher::with_default(&dispatch, act);
    written.text()
}

fn with_format(log_format: LogFormat) -> TelemetrySettings {
    TelemetrySettings {
        log_format,
        ..TelemetrySettings::default()
    }
}

fn log_in_a_call() {
    let span = tracing::info_span!("rpc", request_id = "order-66");
    span.in_scope(|| tracing::info!(rows = 3, "imported"));
}

#[test]
fn a_log_line_carries_the_request_id_in_both_forms() {
    let text = logged(&with_format(LogFormat::Text), log_in_a_call);
    assert!(
        text.contains("request_id=\"order-66\"") && text.contains("imported"),
        "{text}"
    );
    let json = logged(&with_format(LogFormat::Json), log_in_a_call);
    let line: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(line["spans"][0]["request_id"], "order-66");
    assert_eq!(
        (&line["message"], &line["rows"]),
        (&"imported".into(), &3.into())
    );
}

#[test]
fn the_filter_decides_what_is_written() {
    let settings = TelemetrySettings {
        filter: "warn,marque_telemetry=debug".to_owned(),
        ..TelemetrySettings::default()
    };
    let text = logged(&settings, || {
        tracing::debug!("ours");
        tracing::info!(target: "hyper", "theirs");
    });
    assert!(text.contains("ours") && !text.contains("theirs"), "{text}");
}

#[test]
fn a_panic_is_logged_with_its_place_and_without_its_words() {
    let text = logged(&TelemetrySettings::default(), || {
        let before = std::panic::take_hook();
        crate::panics::log_without_payload();
        let caught = std::panic::catch_unwind(|| panic!("phone 13800000000 is wrong"));
        std::panic::set_hook(before);
        assert!(caught.is_err());
    });
    assert!(
        text.contains("panic") && text.contains("tests.rs:"),
        "{text}"
    );
    assert!(!text.contains("138"), "{text}");
}

#[test]
fn without_an_exporter_no_trace_is_invented() {
    logged(&TelemetrySettings::default(), || {
        let span = tracing::info_span!("rpc");
        let mut headers = HeaderMap::new();
        inject(&span, &mut headers);
        assert!(headers.is_empty());
        assert_eq!(traceparent(&span), None);
    });
}

fn refused(settings: TelemetrySettings) -> TelemetryError {
    build(&settings, io::sink).unwrap_err()
}

#[test]
fn settings_that_do_not_work_are_refused_with_words() {
    let filter = TelemetrySettings {
        filter: "info,=loud".to_owned(),
        ..TelemetrySettings::default()
    };
    assert!(matches!(refused(filter), TelemetryError::Filter { .. }));
    let ratio = TelemetrySettings {
        sample_ratio: 1.5,
        ..TelemetrySettings::default()
    };
    assert!(refused(ratio).to_string().contains("0.0 to 1.0"));
}

/// As the program starts telemetry: inside the runtime of its work.
#[tokio::test]
async fn an_exporter_without_an_address_is_an_error_and_no_panic() {
    let endpoint = TelemetrySettings {
        otlp_endpoint: Some("not an address".to_owned()),
        ..TelemetrySettings::default()
    };
    assert!(
        refused(endpoint)
            .to_string()
            .contains("http://collector:4317")
    );
}
