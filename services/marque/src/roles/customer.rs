//! The role `customer`.

use std::sync::Arc;

use marque_config::ServiceRole;
use marque_customer::Deps;
use marque_rpc::Built;

use crate::wiring::Shared;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    Ok(marque_customer::build(Deps {
        db: shared
            .database(ServiceRole::Customer, marque_migrations::CUSTOMER)
            .await?,
        vault: shared.vault.clone(),
        clock: Arc::clone(&shared.clock),
        network: shared.transport(ServiceRole::Network)?,
        network_events: shared.events(ServiceRole::Network)?,
        intake: shared.intake(ServiceRole::Customer),
    })?)
}
