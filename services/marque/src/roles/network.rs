//! The role `network`.

use std::sync::Arc;

use marque_config::ServiceRole;
use marque_network::Deps;
use marque_rpc::Built;

use crate::wiring::Shared;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    Ok(marque_network::build(Deps {
        db: shared
            .database(ServiceRole::Network, marque_migrations::NETWORK)
            .await?,
        vault: shared.vault.clone(),
        clock: Arc::clone(&shared.clock),
    }))
}
