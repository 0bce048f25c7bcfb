#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod auth;
mod bus;
mod complaint;
mod config;
mod customer;
mod error;
mod import;
mod limits;
mod load;
mod role;
mod rpc;
mod scoring;
mod secret;
pub mod secret_file;
mod store;
mod telemetry;
mod tls;
mod validate;
mod vault;

pub use auth::{AuthConfig, IssuerConfig, TokenAlgorithm};
pub use bus::{BusConfig, BusKind};
pub use complaint::{AttachmentsConfig, ClustersConfig, ComplaintConfig};
pub use config::Config;
pub use customer::CustomerConfig;
pub use error::ConfigError;
pub use import::ImportConfig;
pub use limits::LimitsConfig;
pub use role::{ServiceRole, UnknownServiceRole};
pub use rpc::RpcConfig;
pub use scoring::ScoringConfig;
pub use secret::Secret;
pub use store::{StoreConfig, StoreTarget};
pub use telemetry::{LogFormat, TelemetryConfig};
pub use tls::{TlsConfig, TlsFiles};
pub use validate::ConfigProblem;
pub use vault::VaultConfig;
