//! The `metrics` facade's recorder and its text for Prometheus.

use std::{
    io,
    sync::{
        OnceLock,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{TelemetryError, process};

/// Upper bounds of duration histograms in seconds, as the OpenTelemetry semantic conventions advise for HTTP and RPC.
pub const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Upper bounds of histograms that count things, such as rows of a batch: metrics whose name ends in `.size`.
const SIZE_BUCKETS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];

/// How often samples are folded into the buckets; else they would pile up while nobody scrapes.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// All metrics of this process in the Prometheus text format; empty before [`init`](crate::init).
pub fn prometheus_text() -> String {
    let Some(handle) = HANDLE.get() else {
        return String::new();
    };
    process::record();
    handle.render()
}

/// Stops the upkeep thread when dropped: the thread waits on the other end.
#[derive(Debug)]
pub(crate) struct Upkeep {
    _alive: Sender<()>,
}

/// Makes our recorder that of the process.
pub(crate) fn install() -> Result<Upkeep, TelemetryError> {
    let recorder = builder().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| TelemetryError::Twice)?;
    process::describe();
    HANDLE.get_or_init(|| handle.clone());
    Ok(start_upkeep(handle)?)
}

fn builder() -> PrometheusBuilder {
    PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets(&DURATION_BUCKETS)
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Suffix(".size".to_owned()), &SIZE_BUCKETS)
        })
        .expect("the lists of buckets are not empty")
}

fn start_upkeep(handle: PrometheusHandle) -> io::Result<Upkeep> {
    let (alive, stop) = mpsc::channel();
    thread::Builder::new()
        .name("marque-metrics".to_owned())
        .spawn(move || {
            while stop.recv_timeout(UPKEEP_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                handle.run_upkeep();
            }
        })?;
    Ok(Upkeep { _alive: alive })
}
