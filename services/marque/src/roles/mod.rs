//! One file a role: what it needs, from what the process shares.

mod complaint;
mod customer;
mod data_quality;
mod network;
mod scoring;
mod service_history;
mod vehicle;

use marque_config::ServiceRole;
use marque_db::Migrator;
use marque_rpc::Built;

use crate::wiring::Shared;

/// Builds a role that has a service behind it.
///
/// # Errors
/// If its store or folders cannot be had.
pub async fn build(role: ServiceRole, shared: &Shared) -> anyhow::Result<Built> {
    match role {
        ServiceRole::Network => network::build(shared).await,
        ServiceRole::Customer => customer::build(shared).await,
        ServiceRole::Vehicle => vehicle::build(shared).await,
        ServiceRole::ServiceHistory => service_history::build(shared).await,
        ServiceRole::DataQuality => data_quality::build(shared).await,
        ServiceRole::Scoring => scoring::build(shared).await,
        ServiceRole::Complaint => complaint::build(shared).await,
        ServiceRole::Gateway => anyhow::bail!("the gateway is no service"),
    }
}

/// The schema of a role's store, if it has one.
pub fn migrator(role: ServiceRole) -> Option<Migrator> {
    match role {
        ServiceRole::Network => Some(marque_migrations::NETWORK),
        ServiceRole::Customer => Some(marque_migrations::CUSTOMER),
        ServiceRole::Vehicle => Some(marque_migrations::VEHICLE),
        ServiceRole::ServiceHistory => Some(marque_migrations::SERVICE_HISTORY),
        ServiceRole::DataQuality => Some(marque_migrations::DATA_QUALITY),
        ServiceRole::Scoring => Some(marque_migrations::SCORING),
        ServiceRole::Complaint => Some(marque_migrations::COMPLAINT),
        ServiceRole::Gateway => None,
    }
}
