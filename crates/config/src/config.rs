//! The whole configuration.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use serde::Deserialize;

use crate::{
    AuthConfig, BusConfig, ComplaintConfig, CustomerConfig, ImportConfig, LimitsConfig, RpcConfig,
    ScoringConfig, ServiceRole, StoreConfig, TelemetryConfig, TlsConfig, VaultConfig, role,
};

/// Every setting. [`Config::default`] is the whole system in one process under `./data`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of databases, keys and uploads.
    pub data_dir: PathBuf,
    /// Where callers connect: REST and gRPC.
    pub listen: SocketAddr,
    /// Where operators connect: metrics, reflection. Never open to the outside.
    pub admin_listen: SocketAddr,
    /// Roles this process plays; all of them by default.
    #[serde(deserialize_with = "role::deserialize_list")]
    pub roles: Vec<ServiceRole>,
    /// Addresses (`https://host:port`) of the roles played elsewhere.
    pub peers: BTreeMap<ServiceRole, String>,
    /// Databases.
    pub store: StoreConfig,
    /// Events between services.
    pub bus: BusConfig,
    /// Tokens.
    pub auth: AuthConfig,
    /// Keys of personal data.
    pub vault: VaultConfig,
    /// Certificates of calls between processes.
    pub tls: TlsConfig,
    /// Calls between services.
    pub rpc: RpcConfig,
    /// What one caller may use.
    pub limits: LimitsConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// Imports of files.
    pub import: ImportConfig,
    /// The golden customer.
    pub customer: CustomerConfig,
    /// The pyramid.
    pub scoring: ScoringConfig,
    /// Complaint cases.
    pub complaint: ComplaintConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            roles: ServiceRole::ALL.to_vec(),
            peers: BTreeMap::new(),
            store: StoreConfig::default(),
            bus: BusConfig::default(),
            auth: AuthConfig::default(),
            vault: VaultConfig::default(),
            tls: TlsConfig::default(),
            rpc: RpcConfig::default(),
            limits: LimitsConfig::default(),
            telemetry: TelemetryConfig::default(),
            import: ImportConfig::default(),
            customer: CustomerConfig::default(),
            scoring: ScoringConfig::default(),
            complaint: ComplaintConfig::default(),
        }
    }
}

impl Config {
    /// Whether this process plays the role.
    pub fn plays(&self, role: ServiceRole) -> bool {
        self.roles.contains(&role)
    }

    /// Whether every role runs in this process, so that no call leaves it.
    pub fn is_all_in_one(&self) -> bool {
        ServiceRole::ALL.into_iter().all(|role| self.plays(role))
    }

    /// The folder of generated keys, under the data folder.
    pub fn keys_dir(&self) -> PathBuf {
        self.data_dir.join("keys")
    }
}
