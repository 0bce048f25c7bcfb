//! The role `vehicle`.

use std::sync::Arc;

use marque_config::ServiceRole;
use marque_rpc::Built;
use marque_vehicle::Deps;

use crate::wiring::Shared;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    let db = shared
        .database(ServiceRole::Vehicle, marque_migrations::VEHICLE)
        .await?;
    let mut built = marque_vehicle::build(Deps {
        db: db.clone(),
        vault: shared.vault.clone(),
        clock: Arc::clone(&shared.clock),
        network: shared.transport(ServiceRole::Network)?,
        intake: shared.intake(ServiceRole::Vehicle),
        network_events: shared.events(ServiceRole::Network)?,
        customer_events: shared.events(ServiceRole::Customer)?,
        service_history_events: shared.events(ServiceRole::ServiceHistory)?,
    })?;
    built.tasks.extend(shared.upkeep(ServiceRole::Vehicle, db));
    Ok(built)
}
