//! The role `service-history`.

use std::sync::Arc;

use marque_config::ServiceRole;
use marque_rpc::Built;
use marque_service_history::Deps;

use crate::wiring::Shared;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    let db = shared
        .database(
            ServiceRole::ServiceHistory,
            marque_migrations::SERVICE_HISTORY,
        )
        .await?;
    let mut built = marque_service_history::build(Deps {
        db: db.clone(),
        vault: shared.vault.clone(),
        clock: Arc::clone(&shared.clock),
        network: shared.transport(ServiceRole::Network)?,
        intake: shared.intake(ServiceRole::ServiceHistory),
        network_events: shared.events(ServiceRole::Network)?,
        customer_events: shared.events(ServiceRole::Customer)?,
        vehicle_events: shared.events(ServiceRole::Vehicle)?,
    })?;
    built
        .tasks
        .extend(shared.upkeep(ServiceRole::ServiceHistory, db));
    Ok(built)
}
