//! The role `scoring`.

use std::sync::Arc;

use marque_config::ServiceRole;
use marque_rpc::Built;
use marque_scoring::Deps;

use crate::wiring::Shared;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    let db = shared
        .database(ServiceRole::Scoring, marque_migrations::SCORING)
        .await?;
    let mut built = marque_scoring::build(Deps {
        db: db.clone(),
        vault: shared.vault.clone(),
        clock: Arc::clone(&shared.clock),
        intake: shared.intake(ServiceRole::Scoring),
        hysteresis: shared.hysteresis(),
        network: shared.transport(ServiceRole::Network)?,
        customer: shared.transport(ServiceRole::Customer)?,
        vehicle: shared.transport(ServiceRole::Vehicle)?,
        service_history: shared.transport(ServiceRole::ServiceHistory)?,
        tokens: shared.tokens.clone(),
        network_events: shared.events(ServiceRole::Network)?,
        customer_events: shared.events(ServiceRole::Customer)?,
        vehicle_events: shared.events(ServiceRole::Vehicle)?,
        service_history_events: shared.events(ServiceRole::ServiceHistory)?,
        complaint_events: shared.events(ServiceRole::Complaint)?,
    })?;
    built.tasks.extend(shared.upkeep(ServiceRole::Scoring, db));
    Ok(built)
}
