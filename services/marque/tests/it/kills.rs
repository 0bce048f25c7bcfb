//! kill -9 at random moments of an import (reliability.md R1): the state in the end is that of an undisturbed run.

use std::{collections::HashMap, path::Path, process::Command, time::Duration};

use serde_json::Value;

use crate::server::Server;

/// How often the server is killed; `MARQUE_KILLS` says otherwise.
const KILLS: usize = 50;
const ROWS: usize = 6_000;
const DEALER: &str = "D001";

#[test]
fn an_import_that_is_killed_again_and_again_ends_like_one_that_is_not() {
    let kills = kills();
    let folder = tempfile::tempdir().unwrap();
    let file = sample(&folder.path().join("sample"));
    let calm = {
        let server = Server::start(&folder.path().join("calm")).with_dealer(DEALER);
        let import = id_of(&server.send("customers", DEALER, file.clone()));
        assert_eq!(server.wait_for(&import)["state"], "succeeded");
        State::of(&server, &import)
    };
    assert!(calm.customers > ROWS / 2 && calm.rows.len() == ROWS);
    let data = folder.path().join("killed");
    let mut dice = Dice::new();
    let mut done = 0;
    while done < kills {
        // A file of its own each round, for a machine that imports it before it was killed often enough.
        let server = Server::start(&data).with_dealer(DEALER);
        let import = id_of(&server.send("customers", DEALER, file.clone()));
        server.kill();
        done += 1;
        let mut server = Server::start(&data);
        while done < kills && server.get(&format!("/v1/imports/{import}"))["state"] != "succeeded" {
            std::thread::sleep(dice.moment());
            server.kill();
            done += 1;
            server = Server::start(&data);
        }
        let seen = server.wait_for(&import);
        assert_eq!(seen["state"], "succeeded", "seed {}: {seen}", dice.seed);
        let killed = State::of(&server, &import);
        // The first time all is new; later all is there already.
        if killed.counts["unchanged"] == 0 {
            assert!(killed == calm, "seed {}: the state differs", dice.seed);
        } else {
            assert_eq!(killed.partition, calm.partition, "seed {}", dice.seed);
        }
        let same = server.get("/v1/customers/count");
        assert_eq!(same, calm.network, "seed {}", dice.seed);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a test runs is no setting of the program"
)]
fn kills() -> usize {
    let set = std::env::var("MARQUE_KILLS").ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// What an import came to, without what is made up anew each time.
#[derive(PartialEq)]
struct State {
    counts: HashMap<&'static str, u64>,
    /// Line, outcome and findings of each row.
    rows: Vec<(u64, String, Value)>,
    /// For each row the first line of its customer.
    partition: Vec<u64>,
    customers: usize,
    network: Value,
}

impl State {
    fn of(server: &Server, import: &str) -> Self {
        let seen = server.get(&format!("/v1/imports/{import}"));
        let counts = [
            "received",
            "accepted",
            "with_findings",
            "quarantined",
            "unchanged",
        ];
        let rows = server.rows(import);
        let mut first: HashMap<String, u64> = HashMap::new();
        let mut partition = Vec::with_capacity(rows.len());
        for row in &rows {
            let line = row["line"].as_u64().unwrap();
            let customer = row["customer_id"].as_str().unwrap_or_default().to_owned();
            partition.push(*first.entry(customer).or_insert(line));
        }
        Self {
            counts: counts
                .map(|count| (count, seen[count].as_u64().unwrap()))
                .into(),
            rows: rows
                .iter()
                .map(|row| {
                    let outcome = row["outcome"].as_str().unwrap().to_owned();
                    (
                        row["line"].as_u64().unwrap(),
                        outcome,
                        row["findings"].clone(),
                    )
                })
                .collect(),
            customers: first.len(),
            partition,
            network: server.get("/v1/customers/count"),
        }
    }
}

fn id_of(import: &Value) -> String {
    import["id"].as_str().unwrap().to_owned()
}

/// A dealer's file with the usual dirt.
fn sample(folder: &Path) -> Vec<u8> {
    let made = Command::new(env!("CARGO_BIN_EXE_marque"))
        .args(["sample", "--dealers", "1", "--vehicles-per-customer", "0"])
        .args([
            "--visits-per-vehicle",
            "0",
            "--complaints-per-customer",
            "0",
        ])
        .args(["--customers", &ROWS.to_string(), "--out"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(made.status.success());
    std::fs::read(folder.join(DEALER).join("customers.csv")).unwrap()
}

/// Moments that nobody chose; the seed is told when something goes wrong.
struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    fn new() -> Self {
        let seed = u64::from(std::process::id());
        Self { seed, state: seed }
    }

    /// Between one and two hundred milliseconds after the start.
    fn moment(&mut self) -> Duration {
        // Knuth's MMIX generator; its high bits are random enough to choose a moment.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(1 + (self.state >> 33) % 200)
    }
}
