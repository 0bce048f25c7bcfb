//! The role `data-quality`.

use std::sync::Arc;

use marque_config::ServiceRole;
use marque_data_quality::Deps;
use marque_rpc::Built;

use crate::wiring::Shared;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    let db = shared
        .database(ServiceRole::DataQuality, marque_migrations::DATA_QUALITY)
        .await?;
    let mut built = marque_data_quality::build(Deps {
        db: db.clone(),
        clock: Arc::clone(&shared.clock),
        vault: shared.vault.clone(),
        intake: shared.intake(ServiceRole::DataQuality),
        tokens: shared.tokens.clone(),
        network: shared.transport(ServiceRole::Network)?,
        customer: shared.transport(ServiceRole::Customer)?,
        vehicle: shared.transport(ServiceRole::Vehicle)?,
        service_history: shared.transport(ServiceRole::ServiceHistory)?,
        complaint: shared.transport(ServiceRole::Complaint)?,
        network_events: shared.events(ServiceRole::Network)?,
        customer_events: shared.events(ServiceRole::Customer)?,
        vehicle_events: shared.events(ServiceRole::Vehicle)?,
        service_history_events: shared.events(ServiceRole::ServiceHistory)?,
        complaint_events: shared.events(ServiceRole::Complaint)?,
    })?;
    built
        .tasks
        .extend(shared.upkeep(ServiceRole::DataQuality, db));
    Ok(built)
}
