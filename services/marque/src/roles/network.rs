//! The role `network`.

use std::sync::Arc;

use marque_config::ServiceRole;
use marque_network::Deps;
use marque_rpc::Built;

use crate::wiring::Shared;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    let db = shared
        .database(ServiceRole::Network, marque_migrations::NETWORK)
        .await?;
    let mut built = marque_network::build(Deps {
        db: db.clone(),
        vault: shared.vault.clone(),
        clock: Arc::clone(&shared.clock),
    });
    built.tasks.extend(shared.upkeep(ServiceRole::Network, db));
    Ok(built)
}
