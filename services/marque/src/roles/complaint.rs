//! The role `complaint`.

use std::sync::Arc;

use marque_complaint::{Deps, FileStore, Rules};
use marque_config::ServiceRole;
use marque_rpc::Built;

use crate::wiring::Shared;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    let db = shared
        .database(ServiceRole::Complaint, marque_migrations::COMPLAINT)
        .await?;
    let config = &shared.config;
    let files = FileStore::open(&config.complaint.attachments, &config.data_dir)?;
    let mut built = marque_complaint::build(Deps {
        db: db.clone(),
        vault: shared.vault.clone(),
        clock: Arc::clone(&shared.clock),
        network: shared.transport(ServiceRole::Network)?,
        customer: shared.transport(ServiceRole::Customer)?,
        service_history: shared.transport(ServiceRole::ServiceHistory)?,
        intake: shared.intake(ServiceRole::Complaint),
        rules: Rules::read(&config.complaint)?,
        files: files.clone(),
        network_events: shared.events(ServiceRole::Network)?,
        customer_events: shared.events(ServiceRole::Customer)?,
        vehicle_events: shared.events(ServiceRole::Vehicle)?,
        scoring_events: shared.events(ServiceRole::Scoring)?,
    })?;
    built.tasks.push(marque_complaint::reseal_files(
        db.clone(),
        shared.vault.clone(),
        files,
        shared.rounds(),
    ));
    built
        .tasks
        .extend(shared.upkeep(ServiceRole::Complaint, db));
    Ok(built)
}
