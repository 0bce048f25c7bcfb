//! NATS servers for tests.

use std::{fs, process::Command};

use tempfile::TempDir;

use crate::stores::{note, variable};

const HINT: &str = "export MARQUE_TEST_NATS=$(tests/nats.sh start /tmp/marque-nats)";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/nats.sh");

/// A server that one test has for itself, to be killed and wiped; gone when the test ends.
#[derive(Debug)]
pub struct TestNats {
    folder: TempDir,
    url: String,
}

impl TestNats {
    /// The address of the server in `MARQUE_TEST_NATS`, which all tests share; `None`, with a notice, if that is not set.
    ///
    /// # Panics
    /// If it is not set and `MARQUE_REQUIRE_NATS=1`.
    pub fn shared() -> Option<String> {
        let url = variable("MARQUE_TEST_NATS");
        if url.is_none() {
            assert!(
                variable("MARQUE_REQUIRE_NATS").is_none_or(|value| value == "0"),
                "no NATS: {HINT}"
            );
            note(&format!("skipped, for there is no NATS: {HINT}"));
        }
        url
    }

    /// Starts a server of the test's own, wherever tests with NATS are run at all.
    ///
    /// # Panics
    /// If `tests/nats.sh` cannot start one.
    pub fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same with more lines of its configuration.
    ///
    /// # Panics
    /// If `tests/nats.sh` cannot start one.
    pub fn start_with(configuration: &str) -> Option<Self> {
        Self::shared()?;
        let folder = tempfile::tempdir().expect("a folder for the server");
        fs::write(folder.path().join("extra.conf"), configuration).expect("its configuration");
        let mut nats = Self {
            folder,
            url: String::new(),
        };
        nats.url = nats.run("start");
        Some(nats)
    }

    /// Its address; it stays the same.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        self.run("kill");
    }

    /// Ends it and loses everything it kept.
    pub fn wipe(&self) {
        self.run("wipe");
    }

    /// Starts it again.
    pub fn start_again(&self) {
        self.run("start");
    }

    fn run(&self, what: &str) -> String {
        let output = Command::new(SCRIPT)
            .arg(what)
            .arg(self.folder.path())
            .output()
            .expect("tests/nats.sh can be run");
        assert!(
            output.status.success(),
            "{what}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for TestNats {
    fn drop(&mut self) {
        if !self.url.is_empty() {
            self.kill();
        }
    }
}
