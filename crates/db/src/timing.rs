//! How long units of work take: `db.client.operation.duration` of the OpenTelemetry conventions.

use std::time::Instant;

use metrics::{Unit, describe_histogram, histogram};

use crate::Backend;

const DURATION: &str = "db.client.operation.duration";

/// Gives the metric its unit and help text. To be called once after telemetry began.
pub fn describe_metrics() {
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Duration of units of work on the store, with their wait for a place."
    );
}

/// `db.system.name` of a database.
pub(crate) const fn system(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgresql",
    }
}

/// A unit of work being measured, until this is dropped.
#[derive(Debug)]
pub(crate) struct Timing {
    backend: Backend,
    operation: &'static str,
    begun: Instant,
}

impl Timing {
    /// Begins now.
    pub(crate) fn begin(backend: Backend, operation: &'static str) -> Self {
        Self {
            backend,
            operation,
            begun: Instant::now(),
        }
    }
}

impl Drop for Timing {
    fn drop(&mut self) {
        histogram!(
            DURATION,
            "db.system.name" => system(self.backend),
            "db.operation.name" => self.operation,
        )
        .record(self.begun.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use metrics::{
        Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString,
    };

    use super::*;
    use crate::{Conn, Database, Settings, StoreError};

    /// Keeps what histograms were recorded, with their labels.
    #[derive(Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    struct One(String, Arc<Mutex<Vec<String>>>);

    impl HistogramFn for One {
        fn record(&self, _: f64) {
            self.1.lock().unwrap().push(self.0.clone());
        }
    }

    impl Recorder for Kept {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            let labels: Vec<&str> = key.labels().map(metrics::Label::value).collect();
            let name = format!("{} {}", key.name(), labels.join(" "));
            Histogram::from_arc(Arc::new(One(name, Arc::clone(&self.0))))
        }
    }

    #[test]
    fn reads_and_writes_are_measured() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("timed.db");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let kept = Kept::default();
        metrics::with_local_recorder(&kept, || {
            runtime.block_on(async {
                let db = Database::open(&Settings::Sqlite { path }).unwrap();
                let nothing = |_: &mut Conn<'_>| Ok::<(), StoreError>(());
                db.write(nothing).await.unwrap();
                db.read(nothing).await.unwrap();
            });
        });
        let measured = kept.0.lock().unwrap().clone();
        assert_eq!(
            measured,
            [
                "db.client.operation.duration sqlite write",
                "db.client.operation.duration sqlite read"
            ]
        );
    }
}
