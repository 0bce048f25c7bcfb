//! What Prometheus reads of a process that has just been started.

use std::time::{Duration, Instant};

use crate::server::Server;

/// Counters whose first step wakes somebody up or is drawn: an increase of what was not there before is none to Prometheus.
const AT_ZERO: [&str; 9] = [
    r#"marque_dead_letters_total{consumer="complaint"} 0"#,
    r#"marque_dead_letters_total{consumer="customer"} 0"#,
    r#"marque_dead_letters_total{consumer="data-quality"} 0"#,
    r#"marque_dead_letters_total{consumer="scoring"} 0"#,
    r#"marque_dead_letters_total{consumer="service-history"} 0"#,
    r#"marque_dead_letters_total{consumer="vehicle"} 0"#,
    "marque_complaint_escalations_total 0",
    r#"marque_customer_reconciled_total{act="joined"} 0"#,
    "marque_customer_reconciliation_left_out_total 0",
];

#[test]
fn what_is_counted_is_there_before_it_happens() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    let began = Instant::now();
    loop {
        let text = server.metrics();
        let missing = AT_ZERO
            .iter()
            .find(|wanted| !text.lines().any(|line| line == **wanted));
        let Some(missing) = missing else {
            return;
        };
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{missing} is not there:\n{text}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
