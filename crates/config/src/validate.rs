//! What cannot work although every setting is well-formed.

use std::fmt;

use crate::{Config, IssuerConfig, ServiceRole};

/// One reason why a configuration would not work, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Dotted key to change.
    pub key: String,
    /// What is wrong and what to write instead.
    pub advice: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.advice)
    }
}

impl Config {
    /// Everything that would keep this configuration from working, for `marque doctor` and for the start.
    /// Looks at the settings alone: neither files nor peers are touched.
    pub fn validate(&self) -> Vec<ConfigProblem> {
        let mut found = Found(Vec::new());
        self.check_topology(&mut found);
        self.check_tls(&mut found);
        self.check_auth(&mut found);
        self.check_store(&mut found);
        self.check_sizes(&mut found);
        for (key, advice) in self.bus.problems() {
            found.when(true, key, advice);
        }
        found.0
    }

    fn check_topology(&self, found: &mut Found) {
        found.when(
            self.roles.is_empty(),
            "roles",
            "name at least one role, or all",
        );
        found.when(
            self.listen == self.admin_listen && self.listen.port() != 0,
            "admin_listen",
            "must differ from listen: metrics and reflection are not for callers",
        );
        for role in ServiceRole::ALL
            .into_iter()
            .filter(|role| !self.plays(*role))
        {
            // Nobody calls the gateway from inside.
            let needed = role != ServiceRole::Gateway && !self.roles.is_empty();
            found.when(
                needed && !self.peers.contains_key(&role),
                &format!("peers.{role}"),
                "this process does not play the role: give its address, https://host:port",
            );
        }
        for (role, address) in &self.peers {
            let secure = address
                .strip_prefix("https://")
                .is_some_and(|rest| rest.contains(':'));
            found.when(
                !secure,
                &format!("peers.{role}"),
                "write https://host:port: calls between processes use mutual TLS",
            );
        }
    }

    fn check_tls(&self, found: &mut Found) {
        let incomplete = self.tls.is_mentioned() && self.tls.files().is_none();
        found.when(incomplete, "tls", "set ca, cert and key together");
        let needed = !self.is_all_in_one() && !self.tls.is_mentioned();
        found.when(needed, "tls", "roles in several processes need ca, cert and key; `marque doctor --make-ca` makes them for trying out");
    }

    fn check_auth(&self, found: &mut Found) {
        let auth = &self.auth;
        found.when(
            auth.audience.is_empty(),
            "auth.audience",
            "name the audience tokens carry, such as marque",
        );
        found.when(
            auth.leeway_s > 30,
            "auth.leeway_s",
            "at most 30 seconds: set the machines' clocks right instead",
        );
        found.when(
            auth.keys_refresh_s < 30,
            "auth.keys_refresh_s",
            "at least 30 seconds",
        );
        found.when(
            auth.token_types.is_empty(),
            "auth.token_types",
            "write [\"at+jwt\"]",
        );
        let lonely = !self.is_all_in_one() && auth.peer_secret_file.is_none();
        found.when(
            lonely,
            "auth.peer_secret_file",
            "roles in several processes share a secret: name the same file in each",
        );
        let keyless = !self.plays(ServiceRole::Gateway)
            && auth.issuer == IssuerConfig::Embedded
            && auth.issuer_keys_file.is_none();
        found.when(keyless, "auth.issuer_keys_file", "name the issuer.jwks.json that the process with the embedded issuer writes, or set auth.issuer to an OpenID Connect URL");
    }

    fn check_store(&self, found: &mut Found) {
        found.within("store.readers", self.store.readers, 1, 256);
        found.within("store.writers", self.store.writers, 1, 256);
        let shared = self
            .store
            .url
            .as_ref()
            .is_some_and(|url| !url.expose().contains("{role}"));
        found.when(
            shared,
            "store.url",
            "put {role} into the database's name: no two services share a database",
        );
        // The gateway has no store. An address that all share is told once, under its own key.
        let with_store = |role: &&ServiceRole| **role != ServiceRole::Gateway;
        let mut foreign: Vec<String> = Vec::new();
        for role in self.roles.iter().filter(with_store) {
            let key = if self.store.urls.contains_key(role) {
                format!("store.urls.{role}")
            } else {
                "store.url".to_owned()
            };
            let is_foreign = !self.store.target(*role, &self.data_dir).is_of_a_kind();
            if is_foreign && !foreign.contains(&key) {
                foreign.push(key);
            }
        }
        for key in foreign {
            let advice =
                "write postgres://user:password@host/database, or leave it away for SQLite";
            found.when(true, &key, advice);
        }
    }

    fn check_sizes(&self, found: &mut Found) {
        found.when(
            self.scoring.tier_margin_permille > 500,
            "scoring.tier_margin_permille",
            "at most 500: half of a tier's share",
        );
        found.within("rpc.max_in_flight", self.rpc.max_in_flight, 1, 1 << 20);
        found.within("rpc.max_streams", self.rpc.max_streams, 1, 1 << 20);
        found.when(
            self.rpc.connect_timeout_ms == 0,
            "rpc.connect_timeout_ms",
            "at least 1",
        );
        found.when(
            !(50..=600_000).contains(&self.vault.reload_ms),
            "vault.reload_ms",
            "50 to 600000: how often the keyring file is read again",
        );
        found.when(self.rpc.deadline_ms == 0, "rpc.deadline_ms", "at least 1");
        found.within(
            "limits.max_body_bytes",
            self.limits.max_body_bytes,
            1 << 10,
            64 << 20,
        );
        found.within(
            "limits.max_in_flight",
            self.limits.max_in_flight,
            1,
            1 << 20,
        );
        found.within("limits.max_streams", self.limits.max_streams, 1, 1 << 20);
        found.within(
            "limits.max_connections",
            self.limits.max_connections,
            1,
            1 << 20,
        );
        found.when(
            self.limits.header_timeout_ms == 0,
            "limits.header_timeout_ms",
            "at least 1",
        );
        found.when(
            self.limits.requests_per_second == 0,
            "limits.requests_per_second",
            "at least 1",
        );
        found.when(self.limits.burst == 0, "limits.burst", "at least 1");
        found.within("import.batch_rows", self.import.batch_rows, 1, 100_000);
        found.within("import.max_columns", self.import.max_columns, 1, 100_000);
        found.within("import.parallel", self.import.parallel, 1, 64);
        found.within(
            "import.max_row_bytes",
            self.import.max_row_bytes,
            1 << 10,
            64 << 20,
        );
        for (key, bytes) in [
            ("import.max_file_bytes", self.import.max_file_bytes),
            ("import.max_unpacked_bytes", self.import.max_unpacked_bytes),
        ] {
            found.when(bytes < 1 << 10, key, "write 1024 or more");
        }
        found.within(
            "complaint.attachments.max_bytes",
            self.complaint.attachments.max_bytes,
            1,
            256 << 20,
        );
        let ratio = (0.0..=1.0).contains(&self.telemetry.trace_ratio);
        found.when(!ratio, "telemetry.trace_ratio", "a share from 0 to 1");
        let endpoint = self.telemetry.otlp_endpoint.as_deref();
        found.when(
            endpoint.is_some_and(|endpoint| !is_http_address(endpoint)),
            "telemetry.otlp_endpoint",
            "write an address with its scheme, such as http://collector:4317",
        );
    }
}

/// Whether a text begins as `http://host` or `https://host` and has no gaps.
fn is_http_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with([':', '/']) && !rest.contains(char::is_whitespace)
    })
}

/// Problems as they are found.
struct Found(Vec<ConfigProblem>);

impl Found {
    fn when(&mut self, wrong: bool, key: &str, advice: &str) {
        if wrong {
            self.0.push(ConfigProblem {
                key: key.to_owned(),
                advice: advice.to_owned(),
            });
        }
    }

    fn within(&mut self, key: &str, value: usize, least: usize, most: usize) {
        self.when(
            !(least..=most).contains(&value),
            key,
            &format!("write {least} to {most}"),
        );
    }
}
