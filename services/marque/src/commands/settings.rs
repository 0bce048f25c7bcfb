//! Flags that every command with a configuration has.

use std::{net::SocketAddr, path::PathBuf};

use marque_config::Config;
use serde_json::{Map, Value, json};

/// Where the configuration comes from: defaults, file, environment (`MARQUE__SECTION__KEY`), then these flags.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Flags {
    /// Configuration file (TOML).
    #[arg(long, env = "MARQUE_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Folder of stores, keys and spool.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Address of REST, or of gRPC where no gateway runs.
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<SocketAddr>,
    /// Address of metrics.
    #[arg(long, value_name = "ADDR")]
    pub(super) admin_listen: Option<SocketAddr>,
    /// Roles, such as `customer,vehicle`; all by default.
    #[arg(long, value_name = "R,…")]
    pub(super) role: Option<String>,
}

impl Flags {
    /// Loads the configuration.
    pub(super) fn load(&self) -> anyhow::Result<Config> {
        let mut overrides = Map::new();
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                overrides.insert(key.to_owned(), value);
            }
        };
        set("data_dir", self.data.as_ref().map(|dir| json!(dir)));
        set(
            "listen",
            self.listen.map(|address| json!(address.to_string())),
        );
        set(
            "admin_listen",
            self.admin_listen.map(|address| json!(address.to_string())),
        );
        set("roles", self.role.as_ref().map(|roles| json!(roles)));
        Ok(Config::load(
            self.config.as_deref(),
            Value::Object(overrides),
        )?)
    }
}
