//! `marque outbox`: what could not be applied is shown with its reason and tried again, and an outbox fills a broker.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use marque_core::SystemClock;
use marque_db::{Database, Settings, StoreError};
use marque_events::{NewEvent, publish};
use marque_testkit::{TestNats, block_on};

use crate::server::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_marque");
/// A follower of another process' commits looks every ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the command; what it printed and whether it succeeded.
fn outbox(data: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new(BINARY)
        .arg("outbox")
        .args(args)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// Runs the command until it prints that.
fn until(data: &Path, args: &[&str], wanted: &str) -> String {
    let began = Instant::now();
    loop {
        let (_, text) = outbox(data, args);
        if text.contains(wanted) {
            return text;
        }
        assert!(began.elapsed() < PATIENCE, "{wanted} never comes: {text}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Publishes news of dealers that nobody can read.
fn publish_nonsense(data: &Path) {
    let path = data.join("network.db");
    assert!(path.is_file(), "the store is where it is thought to be");
    let db = Database::open(&Settings::Sqlite { path }).unwrap();
    let written = db.write(|conn| {
        let event = NewEvent {
            kind: "marque.network.dealers.put",
            subject: "D001".to_owned(),
            dealer: None,
            data: vec![0xff],
            traceparent: "",
        };
        publish(conn, &SystemClock, &event)?;
        Ok::<_, StoreError>(())
    });
    block_on(written).unwrap();
}

#[test]
fn an_event_set_aside_is_shown_with_its_reason_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let _server = Server::start(folder.path()).with_dealer("D001");
    let list = ["dead-letters", "--service", "vehicle"];
    assert_eq!(outbox(folder.path(), &list), (true, "none\n".to_owned()));

    publish_nonsense(folder.path());
    let text = until(folder.path(), &list, "tried 1");
    assert!(text.contains("marque.network.dealers.put D001"), "{text}");
    assert!(text.contains("payload cannot be decoded"), "{text}");
    let id = text.split_whitespace().next().unwrap();
    let ask = ["retry", "--service", "vehicle", "--id", id];
    let (asked, answer) = outbox(folder.path(), &ask);
    assert!(asked && answer.starts_with("1 events will be"), "{answer}");
    until(folder.path(), &list, "tried 2");

    let unknown = "0190f5a0-0000-7000-8000-000000000001";
    let ask = ["retry", "--service", "vehicle", "--id", unknown];
    let (asked, answer) = outbox(folder.path(), &ask);
    assert!(!asked && answer.contains("dead-letters"), "{answer}");
}

#[test]
fn an_outbox_is_sent_to_the_broker_again() {
    let Some(nats) = TestNats::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    Server::start(folder.path()).with_dealer("D001").kill();
    let (sent, answer) = outbox(folder.path(), &["replay", "--service", "network"]);
    assert!(!sent && answer.contains("the bus is embedded"), "{answer}");

    let config = folder.path().join("broker.toml");
    let url = nats.url();
    std::fs::write(
        &config,
        format!("[bus]\nkind = \"jetstream\"\nurl = \"{url}\"\n"),
    )
    .unwrap();
    let config = config.to_str().unwrap();
    let replay = |more: &[&str]| {
        let args = ["replay", "--service", "network", "--config", config];
        outbox(folder.path(), &[&args, more].concat())
    };
    let one = "1 events of network from position 1 on were sent again\n";
    assert_eq!(replay(&[]), (true, one.to_owned()));
    let (deleted, answer) = replay(&["--afresh"]);
    assert!(deleted && answer.contains("fills it anew"), "{answer}");
    assert_eq!(
        replay(&["--since", "2100-01-01T00:00:00Z"]),
        (true, "nothing happened since then\n".to_owned())
    );
    let (sent, answer) = replay(&["--since", "yesterday"]);
    assert!(!sent && answer.contains("2026-11-22T08:00:00Z"), "{answer}");
}
